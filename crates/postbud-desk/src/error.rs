//! What a page says when something cannot be done.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{DeskError, StoreError};
use tracing::error;

use crate::language::Words;
use crate::pages::Person;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    w: Words,
    person: Option<&'a Person>,
    title: &'a str,
    message: String,
    /// The letter that it is about.
    letter: Option<&'a LetterId>,
}

/// A page that says what is wrong and what to do.
pub(crate) struct Problem {
    status: StatusCode,
    words: Words,
    title: (&'static str, &'static str),
    message: String,
    letter: Option<LetterId>,
}

impl Problem {
    pub(crate) fn new(
        words: Words,
        status: StatusCode,
        title: (&'static str, &'static str),
        message: String,
    ) -> Self {
        Self { status, words, title, message, letter: None }
    }

    /// The same, with a way back to the letter that it is about.
    pub(crate) fn back_to(self, letter: &LetterId) -> Self {
        Self { letter: Some(letter.clone()), ..self }
    }

    /// That a letter is decided already: by the person themselves, or by somebody else.
    pub(crate) fn decided(words: Words, by: &str, own: bool, mailbox: &str) -> Self {
        let message = match (words.code(), own) {
            ("da", true) => format!("Du har selv valgt {mailbox}. Fortryd det først på brevet."),
            ("da", false) => format!("{by} var først og valgte {mailbox}. Dit valg er ikke gemt."),
            (_, true) => {
                format!("You chose {mailbox} yourself. Take that back on the letter first.")
            }
            (_, false) => {
                format!("{by} was first and chose {mailbox}. Your choice was not stored.")
            }
        };
        let title = ("Allerede afgjort", "Decided already");
        Self::new(words, StatusCode::CONFLICT, title, message)
    }

    pub(crate) fn missing(words: Words) -> Self {
        let message = words.t(
            "Her er ikke noget. Gå tilbage til listen.",
            "There is nothing here. Go back to the list.",
        );
        let title = ("Findes ikke", "Not found");
        Self::new(words, StatusCode::NOT_FOUND, title, message.to_owned())
    }

    pub(crate) fn forbidden(words: Words) -> Self {
        let message =
            words.t("Din rolle giver ikke adgang hertil.", "Your role gives no access to this.");
        Self::new(words, StatusCode::FORBIDDEN, ("Ingen adgang", "No access"), message.to_owned())
    }

    pub(crate) fn stale(words: Words) -> Self {
        let message = words.t(
            "Formularen er for gammel. Gå tilbage, genindlæs siden og prøv igen.",
            "The form is too old. Go back, reload the page and try again.",
        );
        let title = ("Prøv igen", "Try again");
        Self::new(words, StatusCode::FORBIDDEN, title, message.to_owned())
    }

    pub(crate) fn store(words: Words, error: &StoreError) -> Self {
        if let StoreError::UnknownLetter(_) = error {
            return Self::missing(words);
        }
        error!(%error, "the desk cannot use the store");
        let message = words.t(
            "Databasen svarer ikke. Intet er gået tabt; siden prøver selv igen.",
            "The database does not answer. Nothing is lost; the page tries again by itself.",
        );
        let title = ("Databasen svarer ikke", "The database does not answer");
        Self::new(words, StatusCode::SERVICE_UNAVAILABLE, title, message.to_owned())
    }

    pub(crate) fn desk(words: Words, error: &DeskError) -> Self {
        let conflict = |title, message| Self::new(words, StatusCode::CONFLICT, title, message);
        match error {
            DeskError::Store(error) => Self::store(words, error),
            DeskError::Decided { by, mailbox, .. } => Self::decided(words, by, false, mailbox),
            DeskError::TooLate(_) => {
                let message = words.t(
                    "Det kan ikke fortrydes længere: brevet er sendt.",
                    "It cannot be taken back any more: the letter has been sent.",
                );
                conflict(("For sent", "Too late"), message.to_owned())
            }
            other => {
                error!(error = %other, "the desk cannot do this");
                let title = ("Det gik ikke", "That did not work");
                Self::new(words, StatusCode::BAD_REQUEST, title, String::new())
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let page = ErrorPage {
            w: self.words,
            person: None,
            title: self.words.t(self.title.0, self.title.1),
            message: self.message,
            letter: self.letter.as_ref(),
        };
        (self.status, Html(page.render().unwrap_or_default())).into_response()
    }
}
