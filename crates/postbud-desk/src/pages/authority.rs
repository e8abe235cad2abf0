//! Letters for another authority: the text that goes with them, and the record that they went.
//!
//! Postbud keeps the letter and the text and sends nothing to the authority itself: what a citizen
//! writes to a municipality goes on by Digital Post or another secure way, which people have.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Redirect, Response};
use axum::{Extension, Form};
use postbud_decide::Mailbox;
use postbud_letter::LetterId;
use postbud_pipeline::ports::{Along, LetterDetail, NOTE_CHARS, Note, Timestamp};
use serde::Deserialize;

use super::decide::{assignment, done};
use super::letter::stored;
use super::{Person, html};
use crate::calendar::moment;
use crate::error::Problem;
use crate::language::Words;
use crate::{Authority, Room};

#[derive(Template)]
#[template(path = "authority.html")]
struct Page<'a> {
    w: Words,
    person: Option<Person>,
    id: &'a str,
    authorities: &'a [Authority],
    /// The one that was chosen, with its number and the text for it.
    chosen: Option<(usize, &'a Authority, String)>,
    /// Where the letter is kept; nothing where no mailbox is for that.
    kept: &'a str,
    sends: bool,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    to: Option<usize>,
}

/// The text, always in Danish: it is from one Danish authority to another. Forvaltningsloven § 7,
/// stk. 2, has an authority send on what it has nothing to do with.
fn text(authority: &Authority, detail: &LetterDetail) -> String {
    let received = moment(detail.row.received_at);
    let day: Vec<_> = received.split(' ').next().unwrap_or_default().rsplit('-').collect();
    let day = day.join(".");
    format!(
        "Til {}\n\nVi har den {day} modtaget vedlagte henvendelse. Den vedrører ikke vores \
         sagsområde, og vi sender den derfor videre til jer efter forvaltningslovens § 7, stk. 2.\n\n\
         Henvendelsen har nummeret {} hos os.",
        authority.name, detail.row.letter
    )
}

/// The mailbox for letters that belong in no mailbox.
pub(crate) fn kept(room: &Room) -> Option<&Mailbox> {
    let settings = &room.options.settings;
    match &room.options.authority_mailbox {
        Some(id) => settings.mailbox(id),
        None => settings.mailboxes.iter().find(|mailbox| mailbox.target.is_none()),
    }
}

/// The note that a letter went to another authority, with the text that went with it.
pub(crate) fn sent_on(authority: &Authority, text: &str, by: &str) -> Note {
    let whole = format!("Videresendt til {}. {}", authority.name, text.trim());
    let text = whole.chars().take(NOTE_CHARS).collect();
    Note { at: Timestamp::now(), by: by.to_owned(), text }
}

async fn waiting(room: &Room, w: Words, id: &str) -> Result<LetterDetail, Problem> {
    let id = LetterId::parse(id).map_err(|_| Problem::missing(w))?;
    stored(room, w, &id).await
}

pub(crate) async fn page(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let detail = waiting(&room, w, &id).await?;
    let authorities = &room.options.authorities;
    let chosen = asked.to.and_then(|n| Some((n, authorities.get(n.checked_sub(1)?)?)));
    let kept = kept(&room);
    Ok(html(&Page {
        w,
        person: Some(person),
        id: detail.row.letter.as_str(),
        authorities,
        chosen: chosen.map(|(n, authority)| (n, authority, text(authority, &detail))),
        kept: kept.map_or("", |mailbox| mailbox.name.as_str()),
        sends: kept.is_some_and(|mailbox| mailbox.target.is_some()),
    }))
}

#[derive(Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    to: usize,
    #[serde(default)]
    text: String,
}

pub(crate) async fn decide(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Redirect, Problem> {
    let w = Words::of(&headers);
    let chosen = sent.to.checked_sub(1).and_then(|n| room.options.authorities.get(n));
    let (Some(authority), Some(mailbox)) = (chosen, kept(&room)) else {
        let message = w.t(
            "Den myndighed står ikke i adressebogen længere, eller ingen postkasse er sat til breve for andre myndigheder. Gå tilbage og vælg igen.",
            "That authority is not in the address book any more, or no mailbox is set for letters to other authorities. Go back and choose again.",
        );
        let title = ("Det gik ikke", "That did not work");
        return Err(Problem::new(w, StatusCode::BAD_REQUEST, title, message.to_owned()));
    };
    let detail = waiting(&room, w, &id).await?;
    let note = sent_on(authority, &sent.text, &person.name);
    let along = Along { also: Vec::new(), note: Some(note) };
    let assignment = assignment(&detail, mailbox, &person.name);
    let decided = room.store.decide_along(&assignment, &along, room.options.grace_ms).await;
    done(&room, w, &assignment, decided)
}
