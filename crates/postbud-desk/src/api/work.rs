//! The rest of a clerk's work for programs: taking back, notes, documents.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use postbud_pipeline::ports::{NOTE_CHARS, Note, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ApiProblem, Caller, json, letters, moment, read_json, seen, visible};
use crate::Room;
use crate::pages::documents::download;

/// Whose decision is taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakeBack {
    /// The person who decided, as the decision named them.
    by: String,
}

/// A decision that was taken back.
#[derive(Serialize, ToSchema)]
pub(crate) struct TakenBack {
    /// The letter, which waits again.
    letter: String,
    /// By whom, and through which program.
    by: String,
}

/// Takes a decision back while the letter has not left: it waits again, and its label is withdrawn.
#[utoipa::path(post, path = "/api/v1/letters/{id}/undo", operation_id = "undoDecision", tag = "letters",
    params(("id" = String, Path, description = "The letter's id")), request_body = TakeBack,
    responses((status = 200, body = TakenBack), (status = 400, body = ApiProblem, content_type = "application/problem+json"),
        (status = 401, body = ApiProblem, content_type = "application/problem+json"), (status = 404, body = ApiProblem, content_type = "application/problem+json"),
        (status = 409, body = ApiProblem, content_type = "application/problem+json", description = "Too late, or somebody else's decision")))]
pub(crate) async fn undo(
    State(room): State<Arc<Room>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiProblem> {
    let id = visible(&room, &caller, &id).await?;
    let asked: TakeBack = read_json(&body)?;
    let by = caller.for_person(&asked.by)?;
    room.store.undo(&id, &by, Timestamp::now()).await?;
    json(&TakenBack { letter: id.to_string(), by })
}

/// A note on a letter.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneNote {
    /// When, RFC 3339.
    at: String,
    /// By whom.
    by: String,
    /// What it says.
    text: String,
}

/// The notes on a letter, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Notes {
    /// The letter.
    letter: String,
    /// Its notes.
    notes: Vec<OneNote>,
}

/// The notes on a letter. That they were read stands in the access log.
#[utoipa::path(get, path = "/api/v1/letters/{id}/notes", operation_id = "listNotes", tag = "letters",
    params(("id" = String, Path, description = "The letter's id")),
    responses((status = 200, body = Notes), (status = 401, body = ApiProblem, content_type = "application/problem+json"),
        (status = 404, body = ApiProblem, content_type = "application/problem+json")))]
pub(crate) async fn notes(
    State(room): State<Arc<Room>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, ApiProblem> {
    let id = visible(&room, &caller, &id).await?;
    seen(&room, &caller, &id).await?;
    let found = room.store.notes(&id).await?;
    let notes =
        found.into_iter().map(|note| OneNote { at: moment(note.at), by: note.by, text: note.text });
    json(&Notes { letter: id.to_string(), notes: notes.collect() })
}

/// A note to be written on a letter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNote {
    /// What it says, in at most 2,000 characters.
    text: String,
    /// The person who writes it.
    by: String,
}

/// Writes a note on a letter.
#[utoipa::path(post, path = "/api/v1/letters/{id}/notes", operation_id = "addNote", tag = "letters",
    params(("id" = String, Path, description = "The letter's id")), request_body = NewNote,
    responses((status = 200, body = OneNote), (status = 400, body = ApiProblem, content_type = "application/problem+json"),
        (status = 401, body = ApiProblem, content_type = "application/problem+json"), (status = 404, body = ApiProblem, content_type = "application/problem+json")))]
pub(crate) async fn add_note(
    State(room): State<Arc<Room>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiProblem> {
    let id = visible(&room, &caller, &id).await?;
    let asked: NewNote = read_json(&body)?;
    let by = caller.for_person(&asked.by)?;
    let text = asked.text.trim();
    if text.is_empty() || text.chars().nth(NOTE_CHARS).is_some() {
        return Err(ApiProblem::bad(&format!("text takes 1 to {NOTE_CHARS} characters")));
    }
    let note = Note { at: Timestamp::now(), by, text: text.to_owned() };
    room.store.add_note(&id, &note).await?;
    json(&OneNote { at: moment(note.at), by: note.by, text: note.text })
}

/// A document of a letter, as it was sent. That it was read stands in the access log.
#[utoipa::path(get, path = "/api/v1/letters/{id}/documents/{n}", operation_id = "readDocument", tag = "letters",
    params(("id" = String, Path, description = "The letter's id"),
        ("n" = u32, Path, description = "Its place among the letter's documents, from 0")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 401, body = ApiProblem, content_type = "application/problem+json"),
        (status = 404, body = ApiProblem, content_type = "application/problem+json")))]
pub(crate) async fn document(
    State(room): State<Arc<Room>>,
    Extension(caller): Extension<Caller>,
    Path((id, n)): Path<(String, String)>,
) -> Result<Response, ApiProblem> {
    let id = visible(&room, &caller, &id).await?;
    let detail = room.store.letter(&id).await?.ok_or_else(ApiProblem::missing)?;
    let mut letter = letters::load(&room, &detail).await?;
    let place = n.parse().ok().filter(|&n: &usize| n < letter.documents.len());
    let place = place.ok_or_else(ApiProblem::missing)?;
    seen(&room, &caller, &id).await?;
    Ok(download(letter.documents.swap_remove(place)))
}
