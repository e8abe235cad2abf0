//! What happened to a letter, for programs.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiProblem, Caller, json, moment, seen, visible};
use crate::Room;

/// Something that happened to a letter.
#[derive(Serialize, ToSchema)]
pub(crate) struct Happened {
    /// When, RFC 3339.
    at: String,
    /// What: `received`, `decided`, `assigned`, `delivered`, `delivery-failed`, `quarantined`,
    /// `undone`.
    what: String,
    /// By whom: `postbud`, or a person.
    by: String,
    /// More: a mailbox, an error.
    detail: String,
}

/// Everything that happened to a letter, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct History {
    /// The letter.
    letter: String,
    /// What happened.
    events: Vec<Happened>,
}

/// What happened to a letter, oldest first.
#[utoipa::path(get, path = "/api/v1/letters/{id}/history", operation_id = "readHistory", tag = "letters",
    params(("id" = String, Path, description = "The letter's id")),
    responses((status = 200, body = History), (status = 401, body = ApiProblem, content_type = "application/problem+json"),
        (status = 404, body = ApiProblem, content_type = "application/problem+json")))]
pub(crate) async fn history(
    State(room): State<Arc<Room>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, ApiProblem> {
    let id = visible(&room, &caller, &id).await?;
    let detail = room.store.letter(&id).await?.ok_or_else(ApiProblem::missing)?;
    seen(&room, &caller, &id).await?;
    let events = detail.events.into_iter().map(|event| Happened {
        at: moment(event.at),
        what: event.what,
        by: event.by,
        detail: event.detail,
    });
    json(&History { letter: id.to_string(), events: events.collect() })
}
