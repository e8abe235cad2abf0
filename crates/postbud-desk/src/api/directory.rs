//! Where letters can go, for programs.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiProblem, json};
use crate::Room;
use crate::pages::name_of;

/// A mailbox of the configuration.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListedMailbox {
    /// Its id, as decisions name it.
    id: String,
    /// What people call it.
    name: String,
    /// What belongs there.
    description: String,
}

/// Another authority of the address book.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListedAuthority {
    /// Its name, as decisions name it.
    name: String,
    /// How letters reach it.
    reach: String,
}

/// Where letters can go.
#[derive(Serialize, ToSchema)]
pub(crate) struct Directory {
    /// The mailboxes.
    mailboxes: Vec<ListedMailbox>,
    /// The other authorities.
    authorities: Vec<ListedAuthority>,
}

/// Where letters can go.
#[utoipa::path(get, path = "/api/v1/directory", operation_id = "readDirectory", tag = "letters",
    responses((status = 200, body = Directory), (status = 401, body = ApiProblem, content_type = "application/problem+json")))]
pub(crate) async fn directory(State(room): State<Arc<Room>>) -> Result<Response, ApiProblem> {
    let settings = &room.options.settings;
    let mailboxes = settings.mailboxes.iter().map(|mailbox| ListedMailbox {
        id: mailbox.id.to_string(),
        name: name_of(settings, &mailbox.id),
        description: mailbox.description.clone(),
    });
    let authorities = room.options.authorities.iter().map(|authority| ListedAuthority {
        name: authority.name.clone(),
        reach: authority.reach.clone(),
    });
    json(&Directory { mailboxes: mailboxes.collect(), authorities: authorities.collect() })
}
