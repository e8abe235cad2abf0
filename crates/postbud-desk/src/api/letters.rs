//! Letters for programs: the list, one letter, and the decision about it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use postbud_decide::{Lang, MailboxId, describe};
use postbud_letter::{Letter, read};
use postbud_pipeline::ports::{Filter, LetterDetail, LetterRow, State as LetterState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ApiProblem, Caller, json, log, moment, moment_of, page, seen, visible};
use crate::Room;
use crate::restricted::may_see;
use crate::search::named;

/// More text than this is for the mail program.
const TEXT_CHARS: usize = 100_000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Only letters in this state: `routed`, `delivered`, `review` or `quarantined`.
    state: Option<String>,
    /// Only letters for this mailbox; of waiting letters, those with this first suggestion.
    mailbox: Option<String>,
    /// Only letters received from this moment on, RFC 3339.
    from: Option<String>,
    /// Only letters received before this moment.
    until: Option<String>,
    /// At most so many, oldest first: 1 to 200.
    limit: Option<u32>,
    /// Leave out so many of the oldest.
    offset: Option<u32>,
}

/// A letter in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListedLetter {
    /// The letter's id.
    letter: String,
    /// `routed`, `delivered`, `review` or `quarantined`.
    state: &'static str,
    /// `digital_post`, `email` or `unknown`.
    channel: &'static str,
    /// Its subject.
    subject: String,
    /// When it was received, RFC 3339.
    received_at: String,
    /// Where it went; of a waiting letter, the first suggestion.
    mailbox: Option<String>,
    /// The probability of the first suggestion, 0 to 1.
    probability: Option<f64>,
    /// When it must be answered, RFC 3339, for a request for access to documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<String>,
}

/// Letters, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct LetterList {
    /// The letters that this program may see.
    letters: Vec<ListedLetter>,
    /// The offset of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_offset: Option<u32>,
}

/// A mailbox that the model would name.
#[derive(Serialize, ToSchema)]
pub(crate) struct Suggested {
    /// The mailbox.
    mailbox: String,
    /// Its probability, 0 to 1.
    probability: f64,
}

/// A document of a letter.
#[derive(Serialize, ToSchema)]
pub(crate) struct Document {
    /// The name that the sender gave it.
    name: String,
    /// Its size in bytes.
    bytes: usize,
}

/// One letter.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneLetter {
    #[serde(flatten)]
    row: ListedLetter,
    /// Who sent it, as far as the letter says.
    sender: String,
    /// What is new in it, as text.
    text: String,
    /// What it quotes of earlier letters.
    quoted: String,
    /// Is the text longer than what is shown here?
    cut: bool,
    /// Its documents.
    documents: Vec<Document>,
    /// Mailboxes, the most probable first.
    suggestions: Vec<Suggested>,
    /// Why it was decided as it was, in Danish.
    why: String,
}

fn listed(row: LetterRow) -> ListedLetter {
    ListedLetter {
        letter: row.letter.to_string(),
        state: row.state.as_str(),
        channel: row.channel.as_str(),
        subject: row.subject,
        received_at: moment(row.received_at),
        mailbox: row.mailbox.map(|mailbox| mailbox.to_string()),
        probability: row.probability,
        due_at: row.due_at.map(moment),
    }
}

/// Letters, oldest first.
#[utoipa::path(get, path = "/api/v1/letters", operation_id = "listLetters", tag = "letters", params(ListParams),
    responses((status = 200, body = LetterList), (status = 400, body = ApiProblem, content_type = "application/problem+json"),
        (status = 401, body = ApiProblem, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(room): State<Arc<Room>>,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<ListParams>,
) -> Result<Response, ApiProblem> {
    let state = match asked.state.as_deref() {
        None => None,
        Some(text) => {
            let unknown =
                || ApiProblem::bad("state is one of routed, delivered, review and quarantined");
            Some(LetterState::parse(text).ok_or_else(unknown)?)
        }
    };
    let mailbox = asked.mailbox.as_deref().map(|text| mailbox_of(&room, text)).transpose()?;
    let (limit, offset) = (page(asked.limit), asked.offset.unwrap_or(0));
    let from = asked.from.as_deref().map(moment_of).transpose()?;
    let until = asked.until.as_deref().map(moment_of).transpose()?;
    let filter = Filter { state, mailbox, from, until, limit, offset, newest_first: false };
    let found = room.store.letters(&filter).await?;
    // A program asks again and again; that nothing was there is nothing that somebody saw.
    if !found.is_empty() {
        log(&room, &caller, named(&filter), "search").await?;
    }
    let next_offset = (found.len() == limit as usize).then(|| offset.saturating_add(limit));
    let mut letters = Vec::with_capacity(found.len());
    for row in found {
        if may_see(&room, &caller.0, &row.letter).await? {
            letters.push(listed(row));
        }
    }
    json(&LetterList { letters, next_offset })
}

pub(super) fn mailbox_of(room: &Room, text: &str) -> Result<MailboxId, ApiProblem> {
    let id = MailboxId::parse(text.trim()).ok();
    let id = id.filter(|id| room.options.settings.mailbox(id).is_some());
    id.ok_or_else(|| ApiProblem::bad("there is no mailbox of this id in the configuration"))
}

pub(super) async fn load(room: &Room, detail: &LetterDetail) -> Result<Letter, ApiProblem> {
    let raw = room.store.raw(&detail.raw_id).await?.ok_or_else(ApiProblem::missing)?;
    let limits = room.options.limits.clone();
    // A letter that makes reading panic must not take the desk with it.
    let letter = tokio::task::spawn_blocking(move || read(&raw, &limits)).await;
    letter.map_err(|_| ApiProblem::missing())
}

fn first_chars(text: &str) -> String {
    text.trim().chars().take(TEXT_CHARS).collect()
}

/// One letter with its text. That it was read stands in the access log.
#[utoipa::path(get, path = "/api/v1/letters/{id}", operation_id = "readLetter", tag = "letters",
    params(("id" = String, Path, description = "The letter's id")),
    responses((status = 200, body = OneLetter), (status = 401, body = ApiProblem, content_type = "application/problem+json"),
        (status = 404, body = ApiProblem, content_type = "application/problem+json")))]
pub(crate) async fn letter(
    State(room): State<Arc<Room>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, ApiProblem> {
    let id = visible(&room, &caller, &id).await?;
    let detail = room.store.letter(&id).await?.ok_or_else(ApiProblem::missing)?;
    let letter = load(&room, &detail).await?;
    seen(&room, &caller, &id).await?;
    let decision = detail.decisions.last();
    let why = decision.map(|d| describe::long(d, &room.options.settings.mailboxes, Lang::Danish));
    let suggestions = decision.map(|d| d.suggestions.as_slice()).unwrap_or_default();
    let suggested = suggestions
        .iter()
        .map(|s| Suggested { mailbox: s.mailbox.to_string(), probability: s.probability });
    let sender = [&letter.sender.label, &letter.sender.address];
    let sender: Vec<String> = sender.into_iter().flatten().cloned().collect();
    json(&OneLetter {
        sender: sender.join(", "),
        text: first_chars(&letter.text.new),
        quoted: first_chars(&letter.text.quoted),
        cut: letter.text.new.trim().chars().nth(TEXT_CHARS).is_some(),
        documents: letter
            .documents
            .iter()
            .map(|d| Document { name: d.filename.clone(), bytes: d.bytes.len() })
            .collect(),
        suggestions: suggested.collect(),
        why: why.unwrap_or_default(),
        row: listed(detail.row),
    })
}
