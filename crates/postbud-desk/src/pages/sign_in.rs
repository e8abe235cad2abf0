//! Signing in and out.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use postbud_letter::LetterId;
use postbud_pipeline::ports::Timestamp;
use serde::Deserialize;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{Person, html};
use crate::attempts::address_of;
use crate::error::Problem;
use crate::guard::{SESSION, session_id};
use crate::language::{Words, cookie};
use crate::{Room, password};

/// After so many wrong passwords in a row an account rests.
const FAILURES: u32 = 5;
/// So long, in milliseconds.
const REST_MS: i64 = 15 * 60 * 1000;
/// So many passwords are checked at once: hashing takes 19 MiB and a core each.
static CHECKS: Semaphore = Semaphore::const_new(2);

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    w: Words,
    person: Option<Person>,
    next: String,
    /// Name or password did not fit.
    refused: bool,
    /// This address has tried too often.
    resting: bool,
    /// Can one sign in elsewhere?
    elsewhere: bool,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(crate) struct Entry {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// The page to come back to: a letter, or the list. Nothing else, so that no link leads away.
pub(crate) fn safe(next: &str) -> String {
    let id = next.strip_prefix("/letters/").and_then(|id| LetterId::parse(id).ok());
    id.map_or_else(String::new, |id| format!("/letters/{id}"))
}

impl SignIn {
    fn new(room: &Room, w: Words, next: &str) -> Self {
        let elsewhere = room.elsewhere.is_some();
        Self { w, person: None, next: safe(next), refused: false, resting: false, elsewhere }
    }
}

pub(crate) async fn page(
    State(room): State<Arc<Room>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    html(&SignIn::new(&room, Words::of(&headers), &asked.next))
}

pub(crate) async fn enter(
    State(room): State<Arc<Room>>,
    headers: HeaderMap,
    extensions: Extensions,
    Form(entry): Form<Entry>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let problem = |error| Problem::desk(w, &error);
    let now = Timestamp::now();
    let address = address_of(&headers, &extensions, room.options.secure);
    if !room.attempts.may(address, now) {
        let page = SignIn { resting: true, ..SignIn::new(&room, w, &entry.next) };
        return Ok((StatusCode::TOO_MANY_REQUESTS, html(&page)).into_response());
    }
    let name = entry.name.trim().to_owned();
    let user = room.store.user(&name).await.map_err(problem)?;
    let open = user.as_ref().filter(|user| !user.disabled && user.locked_until <= now);
    let hash = open.map_or_else(|| password::NOBODY.to_owned(), |user| user.password.clone());
    let given = entry.password;
    let permit = CHECKS.acquire().await;
    let fits = tokio::task::spawn_blocking(move || password::fits(&given, &hash)).await;
    drop(permit);
    let Some(user) = open.filter(|_| fits.unwrap_or(false)) else {
        room.attempts.wrong(address, now);
        let until = now.plus_ms(REST_MS);
        room.store.failed_sign_in(&name, FAILURES, until).await.map_err(problem)?;
        let page = SignIn { refused: true, ..SignIn::new(&room, w, &entry.next) };
        return Ok((StatusCode::UNAUTHORIZED, html(&page)).into_response());
    };
    let value = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let csrf = Uuid::new_v4().simple().to_string();
    let until = now.plus_ms(room.options.session_ms);
    room.store
        .begin_session(&session_id(&value), &user.name, &csrf, now, until)
        .await
        .map_err(problem)?;
    let next = match safe(&entry.next) {
        next if !next.is_empty() && user.role.reads_letters() => next,
        _ if user.role.reads_letters() => "/".to_owned(),
        _ => "/evidence".to_owned(),
    };
    let age = room.options.session_ms / 1000;
    Ok((AppendHeaders([(SET_COOKIE, cookie_of(&room, &value, age))]), Redirect::to(&next))
        .into_response())
}

pub(crate) fn cookie_of(room: &Room, value: &str, age: i64) -> String {
    let secure = if room.options.secure { "; Secure" } else { "" };
    format!("{SESSION}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}")
}

pub(crate) async fn leave(
    State(room): State<Arc<Room>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(value) = cookie(&headers, SESSION) {
        let ended = room.store.end_session(&session_id(value)).await;
        ended.map_err(|error| Problem::desk(Words::of(&headers), &error))?;
    }
    let cookie = cookie_of(&room, "", 0);
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to("/sign-in")).into_response())
}
