//! One letter: what it says, what is suggested and why, and the decision.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postbud_decide::{Contribution, Decision, Reason, describe};
use postbud_letter::{Letter, LetterId, read};
use postbud_pipeline::ports::{Access, LetterDetail, Note, State as LetterState, Timestamp};
use serde::Deserialize;

use super::documents::{Listed, listed};
use super::just_done::{Done, just_done};
use super::{Person, html, name_of};
use crate::Room;
use crate::calendar::{day_of, moment};
use crate::error::Problem;
use crate::language::Words;
use crate::marks::{Piece, pieces};
use crate::score::{Score, score};

/// How long a letter belongs to who opened it.
pub(super) const CLAIM_MS: i64 = 10 * 60 * 1000;
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
    done: Option<Done>,
    facts: Vec<(&'static str, String)>,
    subject: Vec<Piece<'a>>,
    new: Vec<Piece<'a>>,
    quoted: &'a str,
    cut: bool,
    documents: Vec<Listed>,
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
    let due = detail.row.due_at.map(day_of).unwrap_or_default();
    let facts = [
        (w.t("Fra", "From"), sender.join(", ")),
        (w.t("Kontaktpunkt", "Contact point"), point.unwrap_or_default()),
        (w.t("Modtaget", "Received"), moment(detail.row.received_at)),
        (w.t("Aktindsigt, svarfrist", "Access, answer by"), due),
        (w.t("Kanal", "Channel"), w.channel(detail.row.channel).to_owned()),
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
        done: just_done(&room, w, &person, &asked.done).await?,
        facts: facts(&detail, &letter, w),
        subject: pieces(&letter.subject, words),
        new: pieces(cut(letter.text.new.trim()), words),
        quoted: cut(letter.text.quoted.trim()),
        cut: cut(&letter.text.new).len() < letter.text.new.len(),
        documents: listed(&letter, decision, w),
        defects: letter.defects.iter().map(|d| describe::defect(d.kind, w.0)).collect(),
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
