//! The two ends of signing in elsewhere: sending a browser there, and taking it back.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use postbud_pipeline::ports::{DeskError, Identity, Timestamp};
use serde::Deserialize;
use tracing::warn;
use uuid::Uuid;

use super::provider::Question;
use super::{OidcError, Provider};
use crate::Room;
use crate::error::Problem;
use crate::guard::session_id;
use crate::language::{Words, cookie};
use crate::pages::sign_in::{cookie_of, safe};
use crate::pages::{Person, html};

/// The cookie that carries a question.
const QUESTION: &str = "postbud-elsewhere";
/// So long an answer may take, in seconds.
const PATIENCE_S: u32 = 600;

#[derive(Template)]
#[template(path = "signed_in.html")]
struct SignedIn {
    w: Words,
    person: Option<Person>,
    next: String,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    next: String,
}

/// What comes back.
#[derive(Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    error: String,
}

impl Problem {
    fn oidc(w: Words, error: &OidcError) -> Self {
        let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        warn!(%error, cause, "somebody could not sign in elsewhere");
        let message = match error {
            OidcError::Away(..) => w.t(
                "Den, der siger hvem du er, svarer ikke. Prøv igen om lidt.",
                "The service that says who you are does not answer. Try again in a moment.",
            ),
            OidcError::NoRole => w.t(
                "Du er kendt, men har ingen rolle i Postbud. Bed om en.",
                "You are known, but have no role in Postbud. Ask for one.",
            ),
            OidcError::NoName(_) => w.t(
                "Du er kendt, men uden et navn, som Postbud kan bruge. Bed IT om at se i loggen.",
                "You are known, but without a name for Postbud. Ask IT to look at the log.",
            ),
            _ => w.t(
                "Det kunne ikke bekræftes, hvem du er. Prøv igen; hjælper det ikke, står der \
                 hvorfor i loggen.",
                "It could not be confirmed who you are. Try again; if that does not help, the log \
                 says why.",
            ),
        };
        let status = match error {
            OidcError::Away(..) => StatusCode::BAD_GATEWAY,
            _ => StatusCode::FORBIDDEN,
        };
        Self::new(w, status, ("Du er ikke logget ind", "Not signed in"), message.to_owned())
    }

    fn nobody(w: Words, danish: &str, english: &str) -> Self {
        let title = ("Du er ikke logget ind", "Not signed in");
        Self::new(w, StatusCode::FORBIDDEN, title, w.t(danish, english).to_owned())
    }
}

fn provider(room: &Room, w: Words) -> Result<&Provider, Problem> {
    room.elsewhere.as_ref().ok_or_else(|| Problem::missing(w))
}

fn random() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// A cookie for the two addresses of this module. It has to come along when another site sends the
/// browser back, so it is `Lax`; the session's own cookie is not.
fn question_cookie(room: &Room, value: &str, age: u32) -> String {
    let secure = if room.options.secure { "; Secure" } else { "" };
    format!(
        "{QUESTION}={value}; Path=/sign-in/elsewhere; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"
    )
}

/// The question of a cookie and the page to come back to.
fn question_of(headers: &HeaderMap) -> Option<(Question, String)> {
    let mut parts = cookie(headers, QUESTION)?.splitn(4, '.');
    let mut part = || {
        let part = parts.next()?;
        let hex = part.len() == 64 && part.bytes().all(|b| b.is_ascii_hexdigit());
        hex.then(|| part.to_owned())
    };
    let question = Question { state: part()?, nonce: part()?, verifier: part()? };
    let next = parts.next().unwrap_or_default();
    Some((question, safe(&format!("/letters/{next}"))))
}

pub(crate) async fn start(
    State(room): State<Arc<Room>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let question = Question { state: random(), nonce: random(), verifier: random() };
    let there = provider(&room, w)?.ask_at(&question).await;
    let there = there.map_err(|error| Problem::oidc(w, &error))?;
    let next = safe(&asked.next);
    let letter = next.strip_prefix("/letters/").unwrap_or_default();
    let value = format!("{}.{}.{}.{letter}", question.state, question.nonce, question.verifier);
    let cookie = question_cookie(&room, &value, PATIENCE_S);
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(&there)).into_response())
}

pub(crate) async fn back(
    State(room): State<Arc<Room>>,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let provider = provider(&room, w)?;
    let stale = || {
        Problem::nobody(
            w,
            "Svaret hører ikke til et spørgsmål herfra, eller det kom for sent. Log ind igen.",
            "The answer belongs to no question from here, or it came too late. Sign in again.",
        )
    };
    let (question, next) = question_of(&headers).ok_or_else(stale)?;
    if question.state != answer.state {
        return Err(stale());
    }
    if answer.code.is_empty() || !answer.error.is_empty() {
        let danish = "Login blev afbrudt. Prøv igen.";
        return Err(Problem::nobody(w, danish, "Signing in was broken off. Try again."));
    }
    let identity = provider.answer(&question, &answer.code).await;
    let identity = identity.map_err(|error| Problem::oidc(w, &error))?;
    enter(&room, w, &identity, next).await
}

/// Begins a session. The browser was sent here by another site and would leave a strict cookie out
/// of a redirect, so a page of our own leads on.
async fn enter(
    room: &Room,
    w: Words,
    identity: &Identity,
    next: String,
) -> Result<Response, Problem> {
    let now = Timestamp::now();
    let found = match room.store.identified(identity, now).await {
        Ok(found) => found,
        Err(DeskError::UserExists(name)) => {
            warn!(name, "somebody from elsewhere has the name of an account here");
            return Err(Problem::nobody(
                w,
                "Der er en anden konto med dit navn i Postbud. Bed IT om hjælp.",
                "Another account in Postbud has your name. Ask IT for help.",
            ));
        }
        Err(error) => return Err(Problem::desk(w, &error)),
    };
    let Some(person) = found else {
        return Err(Problem::nobody(
            w,
            "Din konto i Postbud er slået fra.",
            "Your account in Postbud is switched off.",
        ));
    };
    let (value, csrf) = (random(), Uuid::new_v4().simple().to_string());
    let until = now.plus_ms(room.options.session_ms);
    let begun =
        room.store.begin_session(&session_id(&value), &person.name, &csrf, now, until).await;
    begun.map_err(|error| Problem::desk(w, &error))?;
    let next = match next {
        next if !next.is_empty() && person.role.reads_letters() => next,
        _ if person.role.reads_letters() => "/".to_owned(),
        _ => "/evidence".to_owned(),
    };
    let cookies = AppendHeaders([
        (SET_COOKIE, cookie_of(room, &value, room.options.session_ms / 1000)),
        (SET_COOKIE, question_cookie(room, "", 0)),
    ]);
    Ok((cookies, html(&SignedIn { w, person: None, next })).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", format!("{QUESTION}={value}").parse().unwrap());
        headers
    }

    #[test]
    fn a_question_comes_back_as_it_was_asked_and_leads_to_a_letter_only() {
        let (a, b, c) = ("a".repeat(64), "b".repeat(64), "c".repeat(64));
        let question = Question { state: a.clone(), nonce: b.clone(), verifier: c.clone() };
        let found = question_of(&headers(&format!("{a}.{b}.{c}.sha-12")));
        assert_eq!(found, Some((question.clone(), "/letters/sha-12".to_owned())));
        for elsewhere in ["", "//evil.example", "../../x"] {
            let found = question_of(&headers(&format!("{a}.{b}.{c}.{elsewhere}")));
            assert_eq!(found, Some((question.clone(), String::new())), "{elsewhere}");
        }
        for wrong in ["", "a.b.c.", &format!("{a}.{b}"), &format!("{a}.{b}.<b>.x")] {
            assert_eq!(question_of(&headers(wrong)), None, "{wrong}");
        }
    }
}
