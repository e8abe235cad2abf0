//! What a program is told when something cannot be done (RFC 9457).

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use postbud_pipeline::ports::{DeskError, StoreError};
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;

use crate::attempts::WINDOW_MS;

/// Why something was not done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiProblem {
    /// The status of the answer.
    status: u16,
    /// What kind of problem it is: `bad-request`, `unauthorized`, `not-found`, `conflict`, `resting`,
    /// `away`.
    title: &'static str,
    /// What is wrong and what to do.
    detail: String,
}

impl ApiProblem {
    fn new(status: StatusCode, title: &'static str, detail: &str) -> Self {
        Self { status: status.as_u16(), title, detail: detail.to_owned() }
    }

    pub(crate) fn bad(detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    pub(crate) fn missing() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "there is nothing here for this program")
    }

    pub(crate) fn unauthorized() -> Self {
        let detail = "send the header Authorization: Bearer, and a token that \
                      `postbud user token` made";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
    }

    pub(crate) fn resting() -> Self {
        let detail = "too many wrong tokens came from this address; try again in 15 minutes";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "resting", detail)
    }

    pub(crate) fn away() -> Self {
        let detail = "the database does not answer; try again later";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "away", detail)
    }
}

impl From<StoreError> for ApiProblem {
    fn from(problem: StoreError) -> Self {
        match problem {
            StoreError::UnknownLetter(_) => Self::missing(),
            other => {
                error!(error = %other, "a program cannot use the store");
                Self::away()
            }
        }
    }
}

impl From<DeskError> for ApiProblem {
    fn from(problem: DeskError) -> Self {
        let conflict = |detail: String| Self::new(StatusCode::CONFLICT, "conflict", &detail);
        match problem {
            DeskError::Store(error) => error.into(),
            DeskError::Decided { .. } | DeskError::TooLate(_) => conflict(problem.to_string()),
            other => Self::bad(&other.to_string()),
        }
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let text = serde_json::to_vec(&self).unwrap_or_default();
        let kind = [(CONTENT_TYPE, "application/problem+json")];
        match status {
            StatusCode::UNAUTHORIZED => {
                (status, kind, [(WWW_AUTHENTICATE, "Bearer")], text).into_response()
            }
            StatusCode::TOO_MANY_REQUESTS => {
                (status, kind, [(RETRY_AFTER, (WINDOW_MS / 1000).to_string())], text)
                    .into_response()
            }
            _ => (status, kind, text).into_response(),
        }
    }
}
