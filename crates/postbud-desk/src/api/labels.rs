//! What people said about letters, for programs.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use postbud_decide::MailboxId;
use postbud_pipeline::ports::{LabelFilter, LabelRow, LabelSource};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ApiProblem, Caller, json, moment, page};
use crate::Room;
use crate::restricted::may_see;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LabelParams {
    /// Only labels for this mailbox.
    mailbox: Option<String>,
    /// Only labels that came about like this: `desk`, `terminal`, `blind-sample`, `returned` or
    /// `imported`.
    source: Option<String>,
    /// Only labels of this person.
    by: Option<String>,
    /// Only letters about which people disagree.
    disputed: Option<bool>,
    /// At most so many, latest first: 1 to 200.
    limit: Option<u32>,
    /// Leave out so many of the latest.
    offset: Option<u32>,
}

/// What a person said about a letter.
#[derive(Serialize, ToSchema)]
pub(crate) struct Label {
    /// The letter.
    letter: String,
    /// Which of the letter's labels, counted from 1.
    number: u32,
    /// Where it belongs.
    mailbox: String,
    /// Who said so.
    by: String,
    /// When, RFC 3339.
    at: String,
    /// How they came to say so.
    source: &'static str,
    /// Was it withdrawn?
    withdrawn: bool,
    /// Does it hold? Of a letter's labels that are not withdrawn, the newest does.
    holds: bool,
}

/// Labels, latest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct LabelList {
    /// The labels of letters that this program may see.
    labels: Vec<Label>,
    /// The offset of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_offset: Option<u32>,
}

fn label(row: LabelRow) -> Label {
    Label {
        letter: row.letter.to_string(),
        number: row.number,
        mailbox: row.mailbox.to_string(),
        by: row.by,
        at: moment(row.at),
        source: row.source.as_str(),
        withdrawn: row.withdrawn.is_some(),
        holds: row.holds,
    }
}

fn source_of(text: &str) -> Result<LabelSource, ApiProblem> {
    let what = "source is one of desk, terminal, blind-sample, returned and imported";
    LabelSource::parse(text).ok_or_else(|| ApiProblem::bad(what))
}

/// What people said about letters, latest first.
#[utoipa::path(get, path = "/api/v1/labels", operation_id = "listLabels", tag = "labels", params(LabelParams),
    responses((status = 200, body = LabelList), (status = 400, body = ApiProblem, content_type = "application/problem+json"),
        (status = 401, body = ApiProblem, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(room): State<Arc<Room>>,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<LabelParams>,
) -> Result<Response, ApiProblem> {
    let no_mailbox = |_| ApiProblem::bad("mailbox is the id of a mailbox");
    let filter = LabelFilter {
        letter: None,
        mailbox: asked.mailbox.as_deref().map(MailboxId::parse).transpose().map_err(no_mailbox)?,
        source: asked.source.as_deref().map(source_of).transpose()?,
        disputed: asked.disputed.unwrap_or(false),
        limit: page(asked.limit),
        offset: asked.offset.unwrap_or(0),
    };
    let found = room.store.latest_labels(&filter, asked.by.as_deref()).await?;
    let full = found.len() == filter.limit as usize;
    let mut labels = Vec::with_capacity(found.len());
    for row in found {
        if may_see(&room, &caller.0, &row.letter).await? {
            labels.push(label(row));
        }
    }
    let next_offset = full.then(|| filter.offset.saturating_add(filter.limit));
    json(&LabelList { labels, next_offset })
}
