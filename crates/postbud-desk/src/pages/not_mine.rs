//! "Not mine": a mailbox sends a letter back, by the link that came with it.
//!
//! Nobody signs in here. The link is the permission: it is for one delivery, ends, and works once.
//! The page shows nothing of the letter, so that a link that went astray tells nothing.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use postbud_pipeline::ports::{
    Access, Delivered, Delivery, DeskError, PERSON_CHARS, SentBack, Timestamp, is_person,
};
use serde::Deserialize;

use super::decide::{assignment, known};
use super::letter::stored;
use super::{Person, html, name_of};
use crate::Room;
use crate::calendar::moment;
use crate::error::Problem;
use crate::language::Words;

#[derive(Template)]
#[template(path = "not_mine.html")]
struct Page {
    w: Words,
    person: Option<Person>,
    /// Where the form goes.
    action: String,
    from: String,
    at: String,
    mailboxes: Vec<(String, String)>,
    /// The link has ended or was used.
    closed: bool,
    /// It is done.
    done: bool,
    /// Where the letter went; empty: to the desk.
    went: String,
    /// The name was missing or not one of a person.
    nameless: bool,
}

/// A link that is one of ours: the delivery, and what is known of it.
async fn opened(
    room: &Room,
    w: Words,
    key: &str,
    mark: &str,
) -> Result<(Delivery, Delivered), Problem> {
    let links = room.options.not_mine.as_ref().ok_or_else(|| Problem::missing(w))?;
    let delivery = Delivery::parse(key).filter(|_| links.fits(key, mark));
    let delivery = delivery.ok_or_else(|| Problem::missing(w))?;
    let found = room.store.delivered(&delivery).await;
    let found = found.map_err(|error| Problem::desk(w, &error))?;
    let mut found = found.ok_or_else(|| Problem::missing(w))?;
    found.open &= Timestamp::now() < found.at.plus_ms(room.options.link_ms);
    Ok((delivery, found))
}

fn shown(room: &Room, w: Words, link: &(String, String), found: &Delivered) -> Page {
    let mailboxes = room.options.settings.mailboxes.iter().filter(|m| m.id != found.mailbox);
    Page {
        w,
        person: None,
        action: format!("/not-mine/{}/{}", link.0, link.1),
        from: name_of(&room.options.settings, &found.mailbox),
        at: moment(found.at),
        mailboxes: mailboxes.map(|m| (m.id.to_string(), m.name.clone())).collect(),
        closed: !found.open,
        done: false,
        went: String::new(),
        nameless: false,
    }
}

/// Only looks: programs that open links in mails do no harm.
pub(crate) async fn page(
    State(room): State<Arc<Room>>,
    headers: HeaderMap,
    Path(link): Path<(String, String)>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let (_, found) = opened(&room, w, &link.0, &link.1).await?;
    let page = html(&shown(&room, w, &link, &found));
    Ok(if found.open { page } else { (StatusCode::GONE, page).into_response() })
}

#[derive(Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    name: String,
    #[serde(default)]
    mailbox: String,
}

/// Who says so: the name that somebody gives, and where they sit. Nobody can pass for a person with
/// an account here.
fn by(name: &str, mailbox: &str) -> Option<String> {
    let name = name.trim();
    let place: String = mailbox.chars().take(PERSON_CHARS / 2 - 3).collect();
    let short: String = name.chars().take(PERSON_CHARS / 2).collect();
    let whole = format!("{} ({})", short.trim(), place.trim());
    (is_person(name) && is_person(&whole)).then_some(whole)
}

pub(crate) async fn send(
    State(room): State<Arc<Room>>,
    headers: HeaderMap,
    Path(link): Path<(String, String)>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let problem = |error: DeskError| Problem::desk(w, &error);
    let (delivery, found) = opened(&room, w, &link.0, &link.1).await?;
    let mut page = shown(&room, w, &link, &found);
    if !found.open {
        return Ok((StatusCode::GONE, html(&page)).into_response());
    }
    let Some(by) = by(&sent.name, found.mailbox.as_str()) else {
        page.nameless = true;
        return Ok((StatusCode::BAD_REQUEST, html(&page)).into_response());
    };
    let letter = delivery.letter.clone();
    let mailbox = match sent.mailbox.trim() {
        "" => None,
        text => Some(known(&room, w, text)?).filter(|mailbox| mailbox.id != found.mailbox),
    };
    let to = match mailbox {
        None => None,
        Some(mailbox) => {
            let detail = stored(&room, w, &letter).await?;
            Some(assignment(&detail, mailbox, &by))
        }
    };
    let at = Timestamp::now();
    let back = SentBack { delivery, to, by: by.clone(), at, returned: true };
    match room.store.send_back(&back).await {
        Ok(()) => {}
        Err(DeskError::TooLate(_)) => {
            page.closed = true;
            return Ok((StatusCode::GONE, html(&page)).into_response());
        }
        Err(error) => return Err(problem(error)),
    }
    let access = Access { at, by, letter: letter.to_string(), why: "not-mine".to_owned() };
    room.store.log_access(&access).await.map_err(problem)?;
    page.done = true;
    page.went = mailbox.map(|mailbox| mailbox.name.clone()).unwrap_or_default();
    Ok(html(&page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sends_back_is_a_person_in_a_mailbox() {
        assert_eq!(by(" Bente ", "vej-park").unwrap(), "Bente (vej-park)");
        assert_eq!(by("", "vej-park"), None);
        assert_eq!(by("postbud", "vej-park"), None);
        assert_eq!(by("a\nb", "vej-park"), None);
        let long = by(&"å".repeat(PERSON_CHARS), &"ø".repeat(64)).unwrap();
        assert!(long.chars().count() <= PERSON_CHARS && long.ends_with(')'));
    }
}
