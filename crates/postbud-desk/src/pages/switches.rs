//! Automatic routing off at once, and on again by two people.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::{Extension, Form};
use postbud_decide::MailboxId;
use postbud_pipeline::ports::{Switch, SwitchState, Timestamp};
use serde::Deserialize;

use super::{Person, name_of};
use crate::Room;
use crate::calendar::moment;
use crate::error::Problem;
use crate::language::Words;

/// A row of the evidence page: a mailbox, or everything.
pub(crate) struct Line {
    /// Empty: everything.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) says: String,
    /// What the button does: `off`, `on`, or nothing.
    pub(crate) can: &'static str,
    pub(crate) button: &'static str,
}

/// The rows: everything first, then the mailboxes that the configuration routes automatically or
/// that somebody has switched.
pub(crate) fn lines(room: &Room, w: Words, person: &Person, switches: &[Switch]) -> Vec<Line> {
    let everything = w.t("Al automatisk fordeling", "All automatic routing").to_owned();
    let first = line(w, person, String::new(), everything, true, find(switches, None));
    let mailboxes = room.options.settings.mailboxes.iter().map(|mailbox| {
        let switch = find(switches, Some(&mailbox.id));
        let name = name_of(&room.options.settings, &mailbox.id);
        line(w, person, mailbox.id.to_string(), name, mailbox.automatic, switch)
    });
    std::iter::once(first).chain(mailboxes).collect()
}

fn find<'s>(switches: &'s [Switch], mailbox: Option<&MailboxId>) -> Option<&'s Switch> {
    switches.iter().find(|switch| switch.mailbox.as_ref() == mailbox)
}

fn line(
    w: Words,
    person: &Person,
    id: String,
    name: String,
    configured: bool,
    switch: Option<&Switch>,
) -> Line {
    let state = switch.map_or(SwitchState::On, |switch| switch.state);
    let who = switch.map(|switch| format!(" ({}, {})", switch.by, moment(switch.at)));
    let who = who.unwrap_or_default();
    let on = match (configured, id.is_empty()) {
        (_, true) => w.t("tændt", "on"),
        (true, false) => w.t("automatisk", "automatic"),
        (false, false) => w.t("kun mennesker", "people only"),
    };
    let (says, can, button) = match state {
        SwitchState::On if configured => (on.to_owned(), "off", w.t("Sluk", "Switch off")),
        SwitchState::On => (on.to_owned(), "", ""),
        SwitchState::Off => {
            (w.t("slukket", "off").to_owned() + &who, "on", w.t("Bed om at tænde", "Ask for on"))
        }
        SwitchState::Asked => {
            let waits = w.t("slukket; en anden skal bekræfte", "off; somebody else has to confirm");
            let other = switch.is_some_and(|switch| switch.by != person.name);
            let can = if other { "on" } else { "" };
            (waits.to_owned() + &who, can, w.t("Bekræft og tænd", "Confirm and switch on"))
        }
    };
    Line { id, name, says, can, button }
}

#[derive(Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    mailbox: String,
}

/// The mailbox meant; `None` for everything.
fn which(room: &Room, w: Words, which: &Which) -> Result<Option<MailboxId>, Problem> {
    if which.mailbox.is_empty() {
        return Ok(None);
    }
    let id = MailboxId::parse(&which.mailbox).ok();
    match id.filter(|id| room.options.settings.mailbox(id).is_some()) {
        Some(id) => Ok(Some(id)),
        None => {
            let message = w.t("Den postkasse findes ikke.", "There is no such mailbox.").to_owned();
            let title = ("Ukendt postkasse", "Unknown mailbox");
            Err(Problem::new(w, StatusCode::BAD_REQUEST, title, message))
        }
    }
}

pub(crate) async fn off(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Form(form): Form<Which>,
) -> Result<Redirect, Problem> {
    let w = Words::of(&headers);
    let mailbox = which(&room, w, &form)?;
    let done = room.store.switch_off(mailbox.as_ref(), &person.name, Timestamp::now()).await;
    done.map_err(|error| Problem::desk(w, &error))?;
    Ok(Redirect::to("/evidence#switches"))
}

pub(crate) async fn on(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Form(form): Form<Which>,
) -> Result<Redirect, Problem> {
    let w = Words::of(&headers);
    let mailbox = which(&room, w, &form)?;
    let done = room.store.switch_on(mailbox.as_ref(), &person.name, Timestamp::now()).await;
    done.map_err(|error| Problem::desk(w, &error))?;
    Ok(Redirect::to("/evidence#switches"))
}
