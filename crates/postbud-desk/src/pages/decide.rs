//! What a person does to a letter: decides, takes back, takes over, writes a note.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::{Extension, Form};
use postbud_decide::{Mailbox, MailboxId, assigned};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{Assignment, DeskError, LetterDetail, NOTE_CHARS, Note, Timestamp};
use serde::Deserialize;

use super::letter::{CLAIM_MS, stored};
use super::{Person, name_of};
use crate::Room;
use crate::error::Problem;
use crate::language::Words;

/// The mailbox of this id, if it is still configured.
pub(super) fn known<'r>(room: &'r Room, w: Words, text: &str) -> Result<&'r Mailbox, Problem> {
    let known = MailboxId::parse(text.trim()).ok();
    known.and_then(|id| room.options.settings.mailbox(&id)).ok_or_else(|| {
        let message = w.t(
            "Den postkasse findes ikke længere. Brevet er ikke sendt. Gå tilbage til det, og vælg en anden.",
            "There is no such mailbox any more. The letter has not been sent. Go back to it and choose another.",
        );
        let title = ("Ukendt postkasse", "Unknown mailbox");
        Problem::new(w, StatusCode::BAD_REQUEST, title, message.to_owned())
    })
}

/// That this person sends the letter to this mailbox, now.
pub(crate) fn assignment(detail: &LetterDetail, mailbox: &Mailbox, by: &str) -> Assignment {
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
) -> Result<Redirect, Problem> {
    let w = Words::of(&headers);
    let id = LetterId::parse(&id).map_err(|_| Problem::missing(w))?;
    let mailbox = known(&room, w, &choice.mailbox).map_err(|problem| problem.back_to(&id))?;
    let detail = stored(&room, w, &id).await?;
    let assignment = assignment(&detail, mailbox, &person.name);
    let decided = room.store.decide(&assignment, room.options.grace_ms).await;
    done(&room, w, &assignment, decided)
}

/// On to the next letter, or what stood in the way. The same decision again, by the same person
/// (a second click, the page from before), is done already and no conflict.
pub(super) fn done(
    room: &Room,
    w: Words,
    asked: &Assignment,
    decided: Result<(), DeskError>,
) -> Result<Redirect, Problem> {
    let id = &asked.letter;
    let next = Redirect::to(&format!("/next?done={id}&from={id}"));
    let (by, mailbox) = match decided {
        Ok(()) => return Ok(next),
        Err(DeskError::Decided { by, mailbox, .. }) => (by, mailbox),
        Err(error) => return Err(Problem::desk(w, &error).back_to(id)),
    };
    if by == asked.by && mailbox == asked.mailbox.as_str() {
        return Ok(next);
    }
    Err(refused(room, w, asked, &by, mailbox))
}

/// That the letter was decided already, by the same person or another.
pub(super) fn refused(
    room: &Room,
    w: Words,
    asked: &Assignment,
    by: &str,
    mailbox: String,
) -> Problem {
    let named = MailboxId::parse(&mailbox).map(|id| name_of(&room.options.settings, &id));
    let named = named.unwrap_or(mailbox);
    Problem::decided(w, by, by == asked.by, &named).back_to(&asked.letter)
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
    undone.map_err(|error| Problem::desk(w, &error).back_to(&id))?;
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
