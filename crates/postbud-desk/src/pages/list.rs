//! The waiting list, and the way to the next letter.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{
    DeskError, Timestamp, WAITS_FOR, Waiting, WaitingCount, WaitingFilter, WaitingKey,
};
use serde::Deserialize;

use super::just_done::{Done, just_done};
use super::{Person, html, name_of};
use crate::Room;
use crate::calendar::{day_of, moment};
use crate::error::Problem;
use crate::filter::{LANGUAGES, Shown};
use crate::language::Words;
use crate::restricted::may_see;

/// So many letters are on a page.
const PAGE: u32 = 50;
/// More second looks than this are not counted.
const LOOKS: u32 = 1_000;

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    mailbox: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    done: String,
}

pub(crate) struct Line {
    id: String,
    subject: String,
    age: String,
    at: String,
    late: bool,
    urgent: bool,
    channel: &'static str,
    mailbox: String,
    probability: String,
    /// The day on which it must be answered, or nothing.
    due: String,
    /// Has that day passed?
    overdue: bool,
    claimed_by: String,
}

#[derive(Template)]
#[template(path = "list.html")]
struct List {
    w: Words,
    person: Option<Person>,
    count: WaitingCount,
    lines: Vec<Line>,
    mailboxes: Vec<(String, String)>,
    whys: Vec<(&'static str, &'static str)>,
    languages: Vec<(&'static str, &'static str)>,
    shown: Shown,
    /// The filter as a query, for the next page.
    query: String,
    after: String,
    done: Option<Done>,
    /// Letters that wait for a second look.
    looks: usize,
}

fn line(waiting: Waiting, room: &Room, w: Words, now: Timestamp) -> Line {
    let waited = now.0.saturating_sub(waiting.row.received_at.0);
    let mailbox = waiting.row.mailbox.as_ref();
    Line {
        id: waiting.row.letter.to_string(),
        age: w.age(waited),
        at: moment(waiting.row.received_at),
        late: waited > room.options.deadline_ms,
        urgent: waiting.urgent,
        channel: w.channel(waiting.row.channel),
        mailbox: mailbox.map(|id| name_of(&room.options.settings, id)).unwrap_or_default(),
        probability: waiting.row.probability.map(|p| w.percent(p)).unwrap_or_default(),
        due: waiting.row.due_at.map(day_of).unwrap_or_default(),
        overdue: waiting.row.due_at.is_some_and(|due| due < now),
        claimed_by: waiting.claimed_by.unwrap_or_default(),
        subject: match waiting.row.subject.trim() {
            "" => w.t("(uden emne)", "(no subject)").to_owned(),
            subject => subject.to_owned(),
        },
    }
}

fn key_of(text: &str) -> Option<WaitingKey> {
    let mut parts = text.splitn(3, '.');
    Some(WaitingKey {
        urgent: parts.next()? == "1",
        received_at: Timestamp(parts.next()?.parse().ok()?),
        letter: LetterId::parse(parts.next()?).ok()?,
    })
}

pub(crate) async fn page(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let problem = |error| Problem::desk(w, &error);
    let Asked { mailbox, channel, why, language, after, done } = asked;
    let shown = Shown { mailbox, channel, why, language }.checked();
    let filter = WaitingFilter { after: key_of(&after), ..shown.filter(PAGE) };
    let now = Timestamp::now();
    let waiting = room.store.waiting(&filter, now).await.map_err(problem)?;
    let count = room.store.waiting_count().await.map_err(problem)?;
    let looks = room.store.second_looks(LOOKS).await.map_err(problem)?.len();
    let full = waiting.len() == PAGE as usize;
    let after = waiting.last().filter(|_| full).map_or_else(String::new, |last| {
        let urgent = u8::from(last.urgent);
        format!("{urgent}.{}.{}", last.row.received_at.0, last.row.letter)
    });
    let mut open = Vec::with_capacity(waiting.len());
    for found in waiting {
        let may = may_see(&room, &person.name, &found.row.letter).await;
        if may.map_err(|error| Problem::store(w, &error))? {
            open.push(found);
        }
    }
    let done = just_done(&room, w, &person, &done).await?;
    let mailboxes = room.options.settings.mailboxes.iter();
    let cookie = shown.cookie(room.options.secure);
    let page = html(&List {
        w,
        person: Some(person),
        count,
        lines: open.into_iter().map(|waiting| line(waiting, &room, w, now)).collect(),
        mailboxes: mailboxes.map(|m| (m.id.to_string(), m.name.clone())).collect(),
        whys: WAITS_FOR.iter().map(|why| (*why, w.waits_for(why))).collect(),
        languages: LANGUAGES.iter().map(|known| (known.0, w.t(known.1, known.2))).collect(),
        query: shown.query(),
        shown,
        after,
        done,
        looks,
    });
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), page).into_response())
}

#[derive(Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    done: String,
    #[serde(default)]
    from: String,
}

/// So many pages of letters are searched for the next one.
const NEXT_PAGES: usize = 50;

/// To the first waiting letter that nobody else has open: after `from` when there is one.
pub(crate) async fn next(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Query(asked): Query<Next>,
) -> Result<Redirect, Problem> {
    let w = Words::of(&headers);
    let shown = Shown::kept(&headers);
    let found = find_next(&room, &person, &shown, &asked.from).await;
    let found = found.map_err(|error| Problem::desk(w, &error))?;
    let done = LetterId::parse(&asked.done).map(|id| format!("done={id}")).unwrap_or_default();
    let to = match found {
        Some(letter) => format!("/letters/{letter}?{done}"),
        // What was filtered away is not what there is nothing of: the list shows both.
        None => format!("/?{}&{done}", shown.query()),
    };
    Ok(Redirect::to(to.trim_end_matches(['?', '&'])))
}

async fn find_next(
    room: &Room,
    person: &Person,
    shown: &Shown,
    from: &str,
) -> Result<Option<LetterId>, DeskError> {
    let mut filter = shown.filter(200);
    for _ in 0..NEXT_PAGES {
        let waiting = room.store.waiting(&filter, Timestamp::now()).await?;
        let place = waiting.iter().position(|found| found.row.letter.as_str() == from);
        let (before, after) = waiting.split_at(place.map_or(0, |place| place + 1));
        for found in after.iter().chain(before) {
            let id = &found.row.letter;
            let free = id.as_str() != from
                && found.claimed_by.as_ref().is_none_or(|by| *by == person.name);
            if free && may_see(room, &person.name, id).await? {
                return Ok(Some(id.clone()));
            }
        }
        let Some(last) = waiting.last().filter(|_| waiting.len() == 200) else { break };
        filter.after = Some(WaitingKey {
            urgent: last.urgent,
            received_at: last.row.received_at,
            letter: last.row.letter.clone(),
        });
    }
    Ok(None)
}
