//! A person's decision about a letter, by a program: for a mailbox, for several, or for another
//! authority.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use postbud_decide::Mailbox;
use postbud_pipeline::ports::{Along, NOTE_CHARS, Note, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ApiProblem, Caller, json, letters, moment, read_json, visible};
use crate::Room;
use crate::pages::authority::{kept, sent_on};
use crate::pages::decide::assignment;
use crate::pages::several::ALSO;

/// A decision about a letter: exactly one of `mailbox` and `authority`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDecision {
    /// The mailbox that it belongs to.
    mailbox: Option<String>,
    /// The authority that it belongs to, by its name in the directory. Postbud sends it nothing: the
    /// letter is kept, and the program or a person sends it on.
    authority: Option<String>,
    /// Mailboxes that get the letter as well, at most 20. They are no labels: a letter has one.
    #[serde(default)]
    also: Vec<String>,
    /// Written on the letter; for an authority, the text that goes with it.
    note: Option<String>,
    /// The person who decided: their name stands on the label, with that of the program.
    by: String,
}

/// A decision that was stored.
#[derive(Serialize, ToSchema)]
pub(crate) struct Decided {
    /// The letter.
    letter: String,
    /// Where it goes.
    mailbox: String,
    /// Who decided, and through which program.
    by: String,
    /// The letter does not leave before this moment, RFC 3339.
    leaves_at: String,
}

/// Where the letter goes first, and what is written on it.
fn main<'r>(
    room: &'r Room,
    asked: &NewDecision,
    by: &str,
) -> Result<(&'r Mailbox, Option<Note>), ApiProblem> {
    let text = asked.note.as_deref().map(str::trim).filter(|text| !text.is_empty());
    match (&asked.mailbox, &asked.authority) {
        (Some(mailbox), None) => {
            let note = text.map(|text| {
                let text = text.chars().take(NOTE_CHARS).collect();
                Note { at: Timestamp::now(), by: by.to_owned(), text }
            });
            Ok((mailbox_of(room, mailbox)?, note))
        }
        (None, Some(name)) => {
            let authority = room.options.authorities.iter().find(|one| one.name == name.trim());
            let unknown = "there is no authority of this name in the directory";
            let authority = authority.ok_or_else(|| ApiProblem::bad(unknown))?;
            let nowhere = "no mailbox is set for letters to other authorities \
                           (authority_mailbox in [desk])";
            let mailbox = kept(room).ok_or_else(|| ApiProblem::bad(nowhere))?;
            Ok((mailbox, Some(sent_on(authority, text.unwrap_or_default(), by))))
        }
        _ => Err(ApiProblem::bad("name either mailbox or authority")),
    }
}

fn mailbox_of<'r>(room: &'r Room, text: &str) -> Result<&'r Mailbox, ApiProblem> {
    let id = letters::mailbox_of(room, text)?;
    room.options.settings.mailbox(&id).ok_or_else(ApiProblem::missing)
}

/// Sends a waiting letter to where it belongs. The decision is a label: the next model learns from it.
#[utoipa::path(post, path = "/api/v1/letters/{id}/decision", operation_id = "decideLetter", tag = "letters",
    params(("id" = String, Path, description = "The letter's id")), request_body = NewDecision,
    responses((status = 200, body = Decided), (status = 400, body = ApiProblem, content_type = "application/problem+json"),
        (status = 401, body = ApiProblem, content_type = "application/problem+json"), (status = 404, body = ApiProblem, content_type = "application/problem+json"),
        (status = 409, body = ApiProblem, content_type = "application/problem+json", description = "Somebody has decided already")))]
pub(crate) async fn decide(
    State(room): State<Arc<Room>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiProblem> {
    let id = visible(&room, &caller, &id).await?;
    let asked: NewDecision = read_json(&body)?;
    let by = caller.for_person(&asked.by)?;
    let (mailbox, note) = main(&room, &asked, &by)?;
    if asked.also.len() > ALSO {
        return Err(ApiProblem::bad("also takes at most 20 mailboxes"));
    }
    let mut others: Vec<&Mailbox> = Vec::new();
    for text in &asked.also {
        let other = mailbox_of(&room, text)?;
        if other.id != mailbox.id && !others.contains(&other) {
            others.push(other);
        }
    }
    let detail = room.store.letter(&id).await?.ok_or_else(ApiProblem::missing)?;
    let also = others.into_iter().map(|other| assignment(&detail, other, &by)).collect();
    let assignment = assignment(&detail, mailbox, &by);
    let along = Along { also, note };
    room.store.decide_along(&assignment, &along, room.options.grace_ms).await?;
    let leaves_at = moment(assignment.at.plus_ms(room.options.grace_ms));
    json(&Decided { letter: id.to_string(), mailbox: mailbox.id.to_string(), by, leaves_at })
}
