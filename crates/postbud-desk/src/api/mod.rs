//! The interface for programs: what a person does at the desk, as JSON, with a token.
//!
//! A program acts on behalf of a person and says of whom: a label has a person behind it. What is
//! stored names both, `Klara Holm (esdh)`.

pub(crate) mod decision;
pub(crate) mod directory;
pub(crate) mod evidence;
pub(crate) mod history;
pub(crate) mod labels;
pub(crate) mod letters;
pub(crate) mod openapi;
mod problem;
pub(crate) mod work;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{Access, Timestamp, is_person};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Room;
use crate::restricted::may_see;
pub(crate) use problem::ApiProblem;

/// So many rows are in an answer at most.
const PAGE: u32 = 200;
/// So many unless another number is asked for.
const USUAL: u32 = 50;

/// The program that asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) String);

impl Caller {
    /// The name that is stored when this program acts on behalf of `by`.
    fn for_person(&self, by: &str) -> Result<String, ApiProblem> {
        let both = format!("{} ({})", by.trim(), self.0);
        if is_person(by) && is_person(&both) {
            return Ok(both);
        }
        Err(ApiProblem::bad(
            "by takes the name of the person who decided, at most 80 characters \
                             together with the name of the program",
        ))
    }
}

/// An answer as JSON.
fn json(value: &impl Serialize) -> Result<Response, ApiProblem> {
    let text = serde_json::to_vec(value).map_err(|_| ApiProblem::away())?;
    Ok(([(CONTENT_TYPE, "application/json")], text).into_response())
}

/// What a program sends.
fn read_json<T: DeserializeOwned>(body: &Bytes) -> Result<T, ApiProblem> {
    // The library's message names fields and types, and could repeat a value.
    serde_json::from_slice(body).map_err(|error| {
        ApiProblem::bad(&format!(
            "the body is not the JSON that belongs here \
            (line {}, column {})",
            error.line(),
            error.column()
        ))
    })
}

/// A moment as RFC 3339 in UTC.
fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map(|at| at.to_string()).unwrap_or_default()
}

/// The moment of an RFC 3339 text.
fn moment_of(text: &str) -> Result<Timestamp, ApiProblem> {
    let at = text.trim().parse::<jiff::Timestamp>();
    at.map(|at| Timestamp(at.as_millisecond()))
        .map_err(|_| ApiProblem::bad("a moment looks like this: 2026-11-25T08:00:00Z"))
}

fn page(limit: Option<u32>) -> u32 {
    limit.unwrap_or(USUAL).clamp(1, PAGE)
}

/// The letter of this id, if this program may see it.
async fn visible(room: &Room, caller: &Caller, id: &str) -> Result<LetterId, ApiProblem> {
    let id = LetterId::parse(id).map_err(|_| ApiProblem::missing())?;
    match may_see(room, &caller.0, &id).await? {
        true => Ok(id),
        false => Err(ApiProblem::missing()),
    }
}

/// Writes down that a program saw a letter.
async fn seen(room: &Room, caller: &Caller, id: &LetterId) -> Result<(), ApiProblem> {
    log(room, caller, id.to_string(), "api").await
}

async fn log(room: &Room, caller: &Caller, letter: String, why: &str) -> Result<(), ApiProblem> {
    let by = caller.0.clone();
    let access = Access { at: Timestamp::now(), by, letter, why: why.to_owned() };
    Ok(room.store.log_access(&access).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_acts_for_a_person_and_both_are_named() {
        let caller = Caller("esdh".to_owned());
        assert_eq!(caller.for_person(" Klara Holm ").unwrap(), "Klara Holm (esdh)");
        for nobody in ["", "  ", "postbud", "a\nb", &"a".repeat(80)] {
            assert!(caller.for_person(nobody).is_err(), "{nobody:?}");
        }
    }

    #[test]
    fn moments_are_utc() {
        let at = Timestamp(1_764_115_200_000);
        assert_eq!(moment(at), "2025-11-26T00:00:00Z");
        for same in [" 2025-11-26T00:00:00Z", "2025-11-26T01:00:00+01:00"] {
            assert_eq!(moment_of(same).unwrap(), at);
        }
        assert!(moment_of("2025-11-26").is_err() && moment_of("i går").is_err());
    }
}
