//! One letter to several mailboxes: it belongs in one of them, and the others get it as well.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Redirect;
use axum::{Extension, Form};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{Along, DeskError};

use super::Person;
use super::decide::{assignment, done, known, refused};
use super::letter::stored;
use crate::Room;
use crate::error::Problem;
use crate::language::Words;

/// So many further mailboxes at most.
pub(crate) const ALSO: usize = 20;

pub(crate) async fn decide(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Redirect, Problem> {
    let w = Words::of(&headers);
    let id = LetterId::parse(&id).map_err(|_| Problem::missing(w))?;
    let named = |name: &'static str| {
        fields.iter().filter(move |field| field.0 == name).map(|field| field.1.as_str())
    };
    let known = |text: &str| known(&room, w, text).map_err(|problem| problem.back_to(&id));
    let main = known(named("mailbox").next().unwrap_or_default())?;
    let mut also = Vec::new();
    for mailbox in named("also").take(ALSO) {
        let mailbox = known(mailbox)?;
        if mailbox.id != main.id && !also.contains(&mailbox) {
            also.push(mailbox);
        }
    }
    let detail = stored(&room, w, &id).await?;
    let along = Along {
        also: also.into_iter().map(|mailbox| assignment(&detail, mailbox, &person.name)).collect(),
        note: None,
    };
    let main = assignment(&detail, main, &person.name);
    let decided = room.store.decide_along(&main, &along, room.options.grace_ms).await;
    // Also when the person's own decision is meant: which others got it may have been different.
    if let Err(DeskError::Decided { by, mailbox, .. }) = decided {
        return Err(refused(&room, w, &main, &by, mailbox));
    }
    done(&room, w, &main, decided)
}
