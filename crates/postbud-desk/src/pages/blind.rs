//! Second looks: a letter that is out, without what the machine thought of it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{Delivery, LabelFilter, LabelSource, NewLabel, SentBack, Timestamp};
use serde::Deserialize;

use super::decide::{assignment, known};
use super::documents::{Listed, listed};
use super::letter::{cut, facts, load, seen, stored};
use super::{Person, html, name_of};
use crate::Room;
use crate::error::Problem;
use crate::language::Words;
use crate::restricted::may_see;

/// So many letters are searched for the next one.
const SEARCHED: u32 = 1_000;

#[derive(Template)]
#[template(path = "blind.html")]
struct Blind<'a> {
    w: Words,
    person: Option<Person>,
    id: &'a str,
    thanks: bool,
    facts: Vec<(&'static str, String)>,
    subject: &'a str,
    new: &'a str,
    cut: bool,
    quoted: &'a str,
    documents: Vec<Listed>,
    mailboxes: Vec<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "blind_other.html")]
struct Other<'a> {
    w: Words,
    person: Option<Person>,
    id: &'a str,
    said: (String, String),
    sent_to: String,
}

#[derive(Deserialize)]
pub(crate) struct From {
    #[serde(default)]
    from: String,
    #[serde(default)]
    done: String,
}

/// To the next letter that waits for a second look, after `from`; to the list when there is none.
pub(crate) async fn next(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Query(asked): Query<From>,
) -> Result<Redirect, Problem> {
    let w = Words::of(&headers);
    let looks = room.store.second_looks(SEARCHED).await;
    let looks = looks.map_err(|error| Problem::desk(w, &error))?;
    let place = looks.iter().position(|row| row.letter.as_str() == asked.from);
    let (before, after) = looks.split_at(place.map_or(0, |place| place + 1));
    let done = if asked.done.is_empty() { "" } else { "?done=1" };
    for row in after.iter().chain(before).filter(|row| row.letter.as_str() != asked.from) {
        let may = may_see(&room, &person.name, &row.letter).await;
        if may.map_err(|error| Problem::store(w, &error))? {
            return Ok(Redirect::to(&format!("/letters/{}/second-look{done}", row.letter)));
        }
    }
    Ok(Redirect::to("/"))
}

pub(crate) async fn page(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(asked): Query<From>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let parsed = LetterId::parse(&id).map_err(|_| Problem::missing(w))?;
    if !room.store.is_drawn(&parsed).await.map_err(|error| Problem::desk(w, &error))? {
        // Answered by somebody else meanwhile, or never drawn.
        return Err(Problem::missing(w));
    }
    let (detail, letter) = load(&room, w, &id).await?;
    seen(&room, w, &person, parsed.as_str(), "second-look").await?;
    let mailboxes = room.options.settings.mailboxes.iter();
    Ok(html(&Blind {
        w,
        person: Some(person),
        id: parsed.as_str(),
        thanks: !asked.done.is_empty(),
        facts: facts(&detail, &letter, w),
        subject: letter.subject.trim(),
        new: cut(letter.text.new.trim()),
        cut: cut(&letter.text.new).len() < letter.text.new.len(),
        quoted: cut(letter.text.quoted.trim()),
        documents: listed(&letter, detail.decisions.last(), w),
        mailboxes: mailboxes
            .map(|m| (m.id.to_string(), m.name.clone(), m.description.clone()))
            .collect(),
    }))
}

#[derive(Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    mailbox: String,
}

pub(crate) async fn answer(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(answer): Form<Answer>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let id = LetterId::parse(&id).map_err(|_| Problem::missing(w))?;
    let mailbox = known(&room, w, &answer.mailbox)?;
    let label = NewLabel {
        letter: id.clone(),
        mailbox: mailbox.id.clone(),
        by: person.name.clone(),
        at: Timestamp::now(),
        source: LabelSource::BlindSample,
    };
    let answered = room.store.answer_blind(&label).await;
    let answered = answered.map_err(|error| Problem::desk(w, &error))?;
    if answered.sent_to == mailbox.id {
        return Ok(Redirect::to(&format!("/second-look?from={id}&done=1")).into_response());
    }
    Ok(html(&Other {
        w,
        person: Some(person),
        id: id.as_str(),
        said: (mailbox.id.to_string(), mailbox.name.clone()),
        sent_to: name_of(&room.options.settings, &answered.sent_to),
    }))
}

/// Sends a letter on to where the person has said in a second look that it belongs.
pub(crate) async fn send_on(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(answer): Form<Answer>,
) -> Result<Redirect, Problem> {
    let w = Words::of(&headers);
    let id = LetterId::parse(&id).map_err(|_| Problem::missing(w))?;
    let mailbox = known(&room, w, &answer.mailbox)?;
    let detail = stored(&room, w, &id).await?;
    let filter = LabelFilter {
        letter: Some(id.clone()),
        source: Some(LabelSource::BlindSample),
        limit: 100,
        ..LabelFilter::default()
    };
    let labels = room.store.label_rows(&filter).await;
    let labels = labels.map_err(|error| Problem::desk(w, &error.into()))?;
    let said = |label: &postbud_pipeline::ports::LabelRow| {
        label.holds && label.by == person.name && label.mailbox == mailbox.id
    };
    if !labels.iter().any(said) {
        let message = w.t(
            "Du har ikke svaret, at brevet hører til der.",
            "You have not answered that the letter belongs there.",
        );
        let title = ("Det gik ikke", "That did not work");
        return Err(Problem::new(w, StatusCode::CONFLICT, title, message.to_owned()));
    }
    let back = SentBack {
        // What the machine sends out is always the first delivery.
        delivery: Delivery { letter: id.clone(), number: 1 },
        to: Some(assignment(&detail, mailbox, &person.name)),
        by: person.name,
        at: Timestamp::now(),
        returned: false,
    };
    room.store.send_back(&back).await.map_err(|error| Problem::desk(w, &error))?;
    Ok(Redirect::to(&format!("/second-look?from={id}&done=1")))
}
