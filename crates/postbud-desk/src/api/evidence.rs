//! Figures for programs.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use postbud_pipeline::ports::Timestamp;

use super::{ApiProblem, json, moment};
use crate::Room;
use crate::pages::evidence::{DAY_MS, DAYS};

/// How many letters are where, and what people changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Evidence {
    /// All letters: always the sum of the four that follow.
    received: u64,
    /// On their way.
    routed: u64,
    /// In their mailbox.
    delivered: u64,
    /// With a person.
    review: u64,
    /// Set aside.
    quarantined: u64,
    /// Delivered without a person.
    automatic: u64,
    /// Decided at the desk and not taken back.
    decided: u64,
    /// Of those, against the first suggestion.
    corrected: u64,
    /// When the oldest waiting letter was received, RFC 3339.
    oldest_waiting: Option<String>,
    /// Half of the letters decided in the last 90 days waited at most so many seconds.
    waited_median_seconds: Option<i64>,
    /// Nine of ten waited at most so many seconds.
    waited_ninety_seconds: Option<i64>,
}

/// How many letters are where, and what people changed.
#[utoipa::path(get, path = "/api/v1/evidence", operation_id = "readEvidence", tag = "evidence",
    responses((status = 200, body = Evidence), (status = 401, body = ApiProblem, content_type = "application/problem+json")))]
pub(crate) async fn evidence(State(room): State<Arc<Room>>) -> Result<Response, ApiProblem> {
    let tally = room.store.tally().await?;
    let figures = room.store.figures().await?;
    let times = room.store.waiting_times(Timestamp::now().plus_ms(-DAYS * DAY_MS)).await?;
    let waited = |ms: i64| (times.letters > 0).then_some(ms / 1000);
    json(&Evidence {
        received: tally.received,
        routed: tally.routed,
        delivered: tally.delivered,
        review: tally.review,
        quarantined: tally.quarantined,
        automatic: figures.automatic,
        decided: figures.decided,
        corrected: figures.corrected,
        waited_median_seconds: waited(times.median_ms),
        waited_ninety_seconds: waited(times.ninety_ms),
        oldest_waiting: figures.oldest_waiting.map(moment),
    })
}
