//! Finding any letter: by id, state, mailbox and day. Never by what it says. Every search is written
//! down, as looking at a letter is.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use postbud_decide::MailboxId;
use postbud_letter::LetterId;
use postbud_pipeline::ports::{Filter, State as LetterState};
use serde::Deserialize;

use super::letter::seen;
use super::{Person, html, name_of};
use crate::Room;
use crate::calendar::{day, moment};
use crate::error::Problem;
use crate::language::Words;
use crate::restricted::may_see;
use crate::search::named;

/// So many letters are on a page.
const PAGE: u32 = 50;

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    id: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    mailbox: String,
    /// The first day, `YYYY-MM-DD`.
    #[serde(default)]
    from: String,
    /// The last day.
    #[serde(default)]
    to: String,
    #[serde(default)]
    offset: u32,
}

impl Asked {
    /// What is searched for. What does not exist, like a state of another version, restricts nothing.
    fn filter(&self) -> Filter {
        Filter {
            state: LetterState::parse(&self.state),
            mailbox: MailboxId::parse(&self.mailbox).ok(),
            from: day(&self.from).map(|(begin, _)| begin),
            until: day(&self.to).map(|(_, end)| end),
            newest_first: true,
            limit: PAGE,
            offset: self.offset,
        }
    }
}

#[derive(Template)]
#[template(path = "find.html")]
struct Find {
    w: Words,
    person: Option<Person>,
    rows: Vec<(String, String, String, &'static str, String)>,
    states: Vec<(&'static str, &'static str)>,
    mailboxes: Vec<(String, String)>,
    id: String,
    state: String,
    mailbox: String,
    from: String,
    to: String,
    /// Where the next page begins; 0: there is none.
    next: u32,
    unknown: bool,
}

pub(crate) async fn page(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let problem = |error| Problem::store(w, &error);
    let mut unknown = false;
    let wanted = asked.id.trim().to_lowercase();
    if !wanted.is_empty() {
        unknown = true;
        if let Ok(id) = LetterId::parse(&wanted)
            && room.store.letter(&id).await.map_err(problem)?.is_some()
            && may_see(&room, &person.name, &id).await.map_err(problem)?
        {
            return Ok(Redirect::to(&format!("/letters/{id}")).into_response());
        }
    }
    let filter = asked.filter();
    seen(&room, w, &person, &named(&filter), "search").await?;
    let found = room.store.letters(&filter).await.map_err(problem)?;
    let next = if found.len() == PAGE as usize { asked.offset.saturating_add(PAGE) } else { 0 };
    let mut open = Vec::with_capacity(found.len());
    for row in found {
        if may_see(&room, &person.name, &row.letter).await.map_err(problem)? {
            open.push(row);
        }
    }
    let settings = &room.options.settings;
    let rows = open.into_iter().map(|row| {
        let mailbox = row.mailbox.as_ref().map(|id| name_of(settings, id)).unwrap_or_default();
        let at = moment(row.received_at);
        (row.letter.to_string(), row.subject, at, w.state(row.state), mailbox)
    });
    let all = [
        LetterState::Review,
        LetterState::Routed,
        LetterState::Delivered,
        LetterState::Quarantined,
    ];
    Ok(html(&Find {
        w,
        person: Some(person),
        rows: rows.collect(),
        states: all.into_iter().map(|state| (state.as_str(), w.state(state))).collect(),
        mailboxes: settings.mailboxes.iter().map(|m| (m.id.to_string(), m.name.clone())).collect(),
        id: wanted,
        state: asked.state,
        mailbox: asked.mailbox,
        from: asked.from,
        to: asked.to,
        next,
        unknown,
    }))
}
