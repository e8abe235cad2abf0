//! The pages.

pub(crate) mod authority;
pub(crate) mod blind;
pub(crate) mod card;
pub(crate) mod decide;
pub(crate) mod documents;
pub(crate) mod evidence;
pub(crate) mod find;
mod just_done;
pub(crate) mod label_work;
pub(crate) mod labels;
pub(crate) mod letter;
pub(crate) mod list;
pub(crate) mod looks;
pub(crate) mod models;
pub(crate) mod not_mine;
pub(crate) mod person;
pub(crate) mod several;
pub(crate) mod sign_in;
pub(crate) mod small;
pub(crate) mod switches;
pub(crate) mod threshold;

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use postbud_decide::{MailboxId, Settings};
use postbud_pipeline::ports::Role;

/// Who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) csrf: String,
}

impl Person {
    /// May they read letters?
    pub(crate) fn reads_letters(&self) -> bool {
        self.role.reads_letters()
    }

    /// May they see evidence and logs?
    pub(crate) fn sees_evidence(&self) -> bool {
        matches!(self.role, Role::Owner | Role::Auditor)
    }

    /// May they answer what a citizen asks for?
    pub(crate) fn answers_people(&self) -> bool {
        self.role == Role::Auditor
    }
}

/// A rendered page. Rendering writes to memory and cannot fail.
pub(crate) fn html(page: &impl Template) -> Response {
    Html(page.render().unwrap_or_default()).into_response()
}

/// What people call a mailbox.
pub(crate) fn name_of(settings: &Settings, id: &MailboxId) -> String {
    let name = settings.mailbox(id).map(|mailbox| mailbox.name.trim());
    name.filter(|name| !name.is_empty()).unwrap_or(id.as_str()).to_owned()
}
