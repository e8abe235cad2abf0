//! One letter: what it says, what is suggested and why, and the decision.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use postbud_decide::{Contribution, Decision, Mailbox, MailboxId, Reason, assigned, describe};
use postbud_letter::{Document, Letter, LetterId, read};
use postbud_pipeline::ports::{
    Access, Assignment, LetterDetail, NOTE_CHARS, Note, State as LetterState, Timestamp,
};
use serde::Deserialize;

use super::{Person, html, name_of};
use crate::Room;
use crate::error::Problem;
use crate::language::{Words, moment};
use crate::marks::{Piece, pieces};
use crate::score::{Score, score};

/// How long a letter belongs to who opened it.
const CLAIM_MS: i64 = 10 * 60 * 1000;
/// More text than this is for the mail program: the page says so.
const TEXT_CHARS: usize = 100_000;

struct Suggested {
    key: usize,
    id: String,
    name: String,
    percent: String,
    likely: &'static str,
}

struct Happened {
    at: String,
    what: String,
    by: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct LetterPage<'a> {
    w: Words,
    person: Option<Person>,
    id: &'a str,
    state: &'static str,
    waits: bool,
    holder: String,
    done: String,
    facts: Vec<(&'static str, String)>,
    subject: Vec<Piece<'a>>,
    new: Vec<Piece<'a>>,
    quoted: &'a str,
    cut: bool,
    documents: Vec<(usize, String, usize)>,
    defects: Vec<&'static str>,
    suggestions: Vec<Suggested>,
    /// The first suggestion, or nothing.
    first: String,
    score: Score,
    why: String,
    mailboxes: Vec<(String, String, String)>,
    notes: Vec<(String, &'a Note)>,
    events: Vec<Happened>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    done: String,
}

/// What the store has of a letter.
pub(super) async fn stored(room: &Room, w: Words, id: &LetterId) -> Result<LetterDetail, Problem> {
    let detail = room.store.letter(id).await.map_err(|error| Problem::store(w, &error))?;
    detail.ok_or_else(|| Problem::missing(w))
}

pub(super) async fn load(
    room: &Room,
    w: Words,
    id: &str,
) -> Result<(LetterDetail, Letter), Problem> {
    let id = LetterId::parse(id).map_err(|_| Problem::missing(w))?;
    let detail = stored(room, w, &id).await?;
    let raw = room.store.raw(&detail.raw_id).await;
    let raw = raw.map_err(|error| Problem::store(w, &error))?;
    let raw = raw.ok_or_else(|| Problem::missing(w))?;
    let limits = room.options.limits.clone();
    // A letter that makes reading panic must not take the desk with it.
    let letter = tokio::task::spawn_blocking(move || read(&raw, &limits)).await;
    Ok((detail, letter.map_err(|_| Problem::missing(w))?))
}

pub(super) async fn seen(
    room: &Room,
    w: Words,
    by: &Person,
    id: &str,
    why: &str,
) -> Result<(), Problem> {
    let access = Access {
        at: Timestamp::now(),
        by: by.name.clone(),
        letter: id.to_owned(),
        why: why.to_owned(),
    };
    room.store.log_access(&access).await.map_err(|error| Problem::desk(w, &error))
}

pub(super) fn cut(text: &str) -> &str {
    text.char_indices().nth(TEXT_CHARS).map_or(text, |(at, _)| text.get(..at).unwrap_or(text))
}

fn words_of(decision: Option<&Decision>) -> &[Contribution] {
    match decision.map(|decision| &decision.reason) {
        Some(Reason::Model { words, .. } | Reason::Person { words, .. }) => words,
        _ => &[],
    }
}

pub(super) fn facts(
    detail: &LetterDetail,
    letter: &Letter,
    w: Words,
) -> Vec<(&'static str, String)> {
    let sender = [&letter.sender.label, &letter.sender.address];
    let sender: Vec<_> = sender.into_iter().flatten().cloned().collect();
    let point = letter.recipient.contact_point.as_ref().and_then(|point| point.label.clone());
    let facts = [
        (w.t("Fra", "From"), sender.join(", ")),
        (w.t("Kontaktpunkt", "Contact point"), point.unwrap_or_default()),
        (w.t("Modtaget", "Received"), moment(detail.row.received_at)),
        (w.t("Kanal", "Channel"), detail.row.channel.as_str().replace('_', " ")),
    ];
    facts.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn suggested(room: &Room, w: Words, decision: Option<&Decision>) -> Vec<Suggested> {
    let suggestions = decision.map(|decision| decision.suggestions.as_slice()).unwrap_or_default();
    let shown = suggestions.iter().take(5).enumerate().map(|(n, suggestion)| Suggested {
        key: n + 1,
        id: suggestion.mailbox.to_string(),
        name: name_of(&room.options.settings, &suggestion.mailbox),
        percent: w.percent(suggestion.probability),
        likely: w.likely(suggestion.probability),
    });
    shown.collect()
}

fn happened(detail: &LetterDetail, w: Words) -> Vec<Happened> {
    let events = detail.events.iter().map(|event| Happened {
        at: moment(event.at),
        what: w.event(&event.what),
        by: event.by.clone(),
        detail: event.detail.clone(),
    });
    events.collect()
}

pub(crate) async fn page(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let problem = |error| Problem::desk(w, &error);
    let (detail, letter) = load(&room, w, &id).await?;
    let id = detail.row.letter.clone();
    let waits = matches!(detail.row.state, LetterState::Review | LetterState::Quarantined);
    let mut holder = String::new();
    if waits {
        let now = Timestamp::now();
        let until = now.plus_ms(CLAIM_MS);
        let claimed = room.store.claim(&id, &person.name, now, until, false).await;
        holder = claimed.map_err(problem)?;
    }
    seen(&room, w, &person, id.as_str(), if waits { "work" } else { "history" }).await?;
    let notes = room.store.notes(&id).await.map_err(problem)?;
    let decision = detail.decisions.last();
    let words = words_of(decision);
    let mailboxes = &room.options.settings.mailboxes;
    let page = LetterPage {
        w,
        id: id.as_str(),
        state: w.state(detail.row.state),
        waits,
        holder: if holder == person.name { String::new() } else { holder },
        done: LetterId::parse(&asked.done).map(|id| id.to_string()).unwrap_or_default(),
        facts: facts(&detail, &letter, w),
        subject: pieces(&letter.subject, words),
        new: pieces(cut(letter.text.new.trim()), words),
        quoted: cut(letter.text.quoted.trim()),
        cut: cut(&letter.text.new).len() < letter.text.new.len(),
        documents: letter
            .documents
            .iter()
            .enumerate()
            .map(|(n, document)| {
                (n, safe_name(&document.filename), document.bytes.len().div_ceil(1024))
            })
            .collect(),
        defects: letter.defects.iter().map(|defect| defect.kind.describe()).collect(),
        suggestions: suggested(&room, w, decision),
        first: decision
            .and_then(|decision| decision.suggestions.first())
            .map(|first| first.mailbox.to_string())
            .unwrap_or_default(),
        score: score(words, w),
        why: decision.map(|d| describe::long(d, mailboxes, w.0)).unwrap_or_default(),
        mailboxes: mailboxes
            .iter()
            .map(|m| (m.id.to_string(), m.name.clone(), m.description.clone()))
            .collect(),
        notes: notes.iter().map(|note| (moment(note.at), note)).collect(),
        events: happened(&detail, w),
        person: Some(person),
    };
    Ok(html(&page))
}

/// The mailbox of this id, if it is still configured.
pub(super) fn known<'r>(room: &'r Room, w: Words, text: &str) -> Result<&'r Mailbox, Problem> {
    let known = MailboxId::parse(text.trim()).ok();
    known.and_then(|id| room.options.settings.mailbox(&id)).ok_or_else(|| {
        let message = w.t(
            "Den postkasse findes ikke længere. Gå tilbage og vælg en anden.",
            "There is no such mailbox any more. Go back and choose another.",
        );
        let title = ("Ukendt postkasse", "Unknown mailbox");
        Problem::new(w, StatusCode::BAD_REQUEST, title, message.to_owned())
    })
}

/// That this person sends the letter to this mailbox, now.
pub(super) fn assignment(detail: &LetterDetail, mailbox: &Mailbox, by: &str) -> Assignment {
    let suggestions = detail.decisions.last().map(|d| d.suggestions.clone()).unwrap_or_default();
    Assignment {
        decision: assigned(&detail.row.letter, &mailbox.id, by, suggestions),
        mailbox: mailbox.id.clone(),
        by: by.to_owned(),
        at: Timestamp::now(),
        send: mailbox.target.is_some(),
        letter: detail.row.letter.clone(),
    }
}

#[derive(Deserialize)]
pub(crate) struct Choice {
    mailbox: String,
}

pub(crate) async fn decide(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(choice): Form<Choice>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let id = LetterId::parse(&id).map_err(|_| Problem::missing(w))?;
    let mailbox = known(&room, w, &choice.mailbox)?;
    let detail = stored(&room, w, &id).await?;
    let assignment = assignment(&detail, mailbox, &person.name);
    let decided = room.store.decide(&assignment, room.options.grace_ms).await;
    decided.map_err(|error| Problem::desk(w, &error))?;
    Ok(Redirect::to(&format!("/next?done={id}&from={id}")).into_response())
}

pub(crate) async fn undo(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Redirect, Problem> {
    let w = Words::of(&headers);
    let id = LetterId::parse(&id).map_err(|_| Problem::missing(w))?;
    let undone = room.store.undo(&id, &person.name, Timestamp::now()).await;
    undone.map_err(|error| Problem::desk(w, &error))?;
    Ok(Redirect::to(&format!("/letters/{id}")))
}

pub(crate) async fn take(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Redirect, Problem> {
    let w = Words::of(&headers);
    let id = LetterId::parse(&id).map_err(|_| Problem::missing(w))?;
    let now = Timestamp::now();
    let taken = room.store.claim(&id, &person.name, now, now.plus_ms(CLAIM_MS), true).await;
    taken.map_err(|error| Problem::desk(w, &error))?;
    Ok(Redirect::to(&format!("/letters/{id}")))
}

#[derive(Deserialize)]
pub(crate) struct NewNote {
    text: String,
}

pub(crate) async fn note(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(note): Form<NewNote>,
) -> Result<Redirect, Problem> {
    let w = Words::of(&headers);
    let id = LetterId::parse(&id).map_err(|_| Problem::missing(w))?;
    let text: String = note.text.trim().chars().take(NOTE_CHARS).collect();
    if !text.is_empty() {
        let note = Note { at: Timestamp::now(), by: person.name, text };
        let added = room.store.add_note(&id, &note).await;
        added.map_err(|error| Problem::desk(w, &error))?;
    }
    Ok(Redirect::to(&format!("/letters/{id}#notes")))
}

/// A file name for a header and a page: no path, no quotes, no control characters.
pub(super) fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let fits = |c: &char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ');
    let name: String = last.chars().filter(fits).take(100).collect();
    let name = name.trim().trim_start_matches('.').to_owned();
    if name.is_empty() { "dokument".to_owned() } else { name }
}

/// A document, always to be saved and never shown by the browser as a page of ours.
pub(crate) async fn document(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Path((id, n)): Path<(String, usize)>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let (detail, mut letter) = load(&room, w, &id).await?;
    if n >= letter.documents.len() {
        return Err(Problem::missing(w));
    }
    seen(&room, w, &person, detail.row.letter.as_str(), "document").await?;
    Ok(download(letter.documents.swap_remove(n)))
}

/// A document as an answer that is saved and never shown.
pub(crate) fn download(document: Document) -> Response {
    let plain: String =
        safe_name(&document.filename).chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    let disposition = format!("attachment; filename=\"{plain}\"");
    let kind = "application/octet-stream".to_owned();
    ([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, disposition)], document.bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::safe_name;

    #[test]
    fn file_names_lead_nowhere_and_break_no_header() {
        assert_eq!(safe_name("../../etc/passwd"), "passwd");
        assert_eq!(safe_name("C:\\temp\\ansøgning.pdf"), "ansøgning.pdf");
        assert_eq!(safe_name("a\"\r\nSet-Cookie: x.pdf"), "aSet-Cookie x.pdf");
        assert_eq!(safe_name(".htaccess"), "htaccess");
        assert_eq!(safe_name("/"), "dokument");
        assert_eq!(safe_name(&"a".repeat(5000)).len(), 100);
    }
}
