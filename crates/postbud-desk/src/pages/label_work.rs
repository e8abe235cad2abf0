//! What a system owner does with labels: withdraws one, has a model made from them, imports more.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::{Extension, Form};
use postbud_pipeline::ports::{LabelError, Timestamp, WHY_CHARS, Withdrawal};
use serde::Deserialize;

use super::Person;
use super::labels::letter_of;
use super::models::models;
use crate::Room;
use crate::error::Problem;
use crate::language::Words;
use crate::restricted::may_see;

#[derive(Deserialize)]
pub(crate) struct Withdrawn {
    #[serde(default)]
    letter: String,
    #[serde(default)]
    number: u32,
    #[serde(default)]
    why: String,
}

impl Problem {
    fn label(w: Words, error: &LabelError) -> Self {
        let title = ("Mærket er ikke trukket tilbage", "The label was not withdrawn");
        let refuse = |status, danish: &str, english: &str| {
            Self::new(w, status, title, w.t(danish, english).to_owned())
        };
        match error {
            LabelError::Store(error) => Self::store(w, error),
            LabelError::NoReason => refuse(
                StatusCode::BAD_REQUEST,
                "Skriv hvorfor, med højst 200 tegn og uden tekst fra brevet.",
                "Say why, in at most 200 characters and without any text of the letter.",
            ),
            _ => refuse(
                StatusCode::CONFLICT,
                "Det mærke findes ikke, eller det er trukket tilbage.",
                "There is no such label, or it is withdrawn.",
            ),
        }
    }
}

pub(crate) async fn withdraw(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Form(form): Form<Withdrawn>,
) -> Result<Redirect, Problem> {
    let w = Words::of(&headers);
    let letter = letter_of(w, &form.letter)?;
    let may = may_see(&room, &person.name, &letter).await;
    if !may.map_err(|error| Problem::store(w, &error))? {
        return Err(Problem::missing(w));
    }
    let why = form.why.trim().chars().take(WHY_CHARS).collect();
    let withdrawal = Withdrawal { at: Timestamp::now(), by: person.name, why };
    let done = room.store.withdraw_label(&letter, Some(form.number), &withdrawal).await;
    done.map_err(|error| Problem::label(w, &error))?;
    Ok(Redirect::to("/labels#labels"))
}

/// A button that begins something; without its value nothing begins.
#[derive(Deserialize)]
pub(crate) struct Start {
    #[serde(default)]
    start: String,
}

pub(crate) async fn retrain(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Form(form): Form<Start>,
) -> Result<Redirect, Problem> {
    let w = Words::of(&headers);
    if form.start == "yes" {
        let begun = models(&room, w)?.retrain(&person.name).await;
        begun.map_err(|error| Problem::models(w, &error))?;
    }
    Ok(Redirect::to("/labels"))
}

pub(crate) async fn import(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Form(form): Form<Start>,
) -> Result<Redirect, Problem> {
    let w = Words::of(&headers);
    if form.start == "yes" {
        let begun = models(&room, w)?.import(&person.name).await;
        begun.map_err(|error| Problem::models(w, &error))?;
    }
    Ok(Redirect::to("/labels"))
}
