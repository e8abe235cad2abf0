//! In front of every page: who is it, may they, and does the form come from us?

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::RequestExt as _;
use axum::body::{Body, to_bytes};
use axum::extract::{Form, FromRequest, Path, Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, REFRESH,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{Role, Timestamp};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::api::{ApiProblem, Caller};
use crate::attempts::address_of;
use crate::error::Problem;
use crate::language::{Words, cookie};
use crate::pages::Person;
use crate::restricted::may_see;
use crate::routes::{FORM_BYTES, ROUTES};
use crate::{Access, Room};

/// The name of the session's cookie.
pub(crate) const SESSION: &str = "postbud";

/// After so long a page asks again whether the database is back.
const RETRY_SECONDS: u32 = 5;

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    csrf: String,
}

/// The id under which a session is stored.
pub(crate) fn session_id(cookie: &str) -> String {
    Sha256::digest(cookie.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The hash under which the token of a program is stored.
#[must_use]
pub fn token_hash(token: &str) -> String {
    session_id(token)
}

/// Lets through who may use the route. A form of somebody signed in carries their token; a form
/// of anybody comes from a page of ours, as far as the browser says.
pub(crate) async fn guard(
    State((room, access)): State<(Arc<Room>, Access)>,
    mut request: Request,
    next: Next,
) -> Response {
    if access == Access::Program {
        return program(&room, request, next).await;
    }
    let words = Words::of(request.headers());
    let form = request.method() == Method::POST;
    if form && foreign(request.headers()) {
        return Problem::stale(words).into_response();
    }
    if access == Access::Public {
        return next.run(request).await;
    }
    let session = match cookie(request.headers(), SESSION) {
        None => None,
        Some(value) => match room.store.session(&session_id(value), Timestamp::now()).await {
            Ok(session) => session,
            Err(error) => return Problem::desk(words, &error).into_response(),
        },
    };
    let Some(session) = session else {
        return Redirect::to(&sign_in_for(request.uri().path())).into_response();
    };
    if !allowed(access, session.role) {
        return Problem::forbidden(words).into_response();
    }
    if !open_to(&room, &session.name, &mut request).await {
        return Problem::missing(words).into_response();
    }
    if form {
        let (parts, body) = request.into_parts();
        let Ok(bytes) = to_bytes(body, FORM_BYTES).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        let copy = Request::from_parts(parts.clone(), Body::from(bytes.clone()));
        match Form::<Token>::from_request(copy, &()).await {
            Ok(Form(token)) if token.csrf == session.csrf => {}
            _ => return Problem::stale(words).into_response(),
        }
        request = Request::from_parts(parts, Body::from(bytes));
    }
    request.extensions_mut().insert(Person {
        name: session.name,
        role: session.role,
        csrf: session.csrf,
    });
    next.run(request).await
}

/// Lets a program through by its token. Cookies count for nothing here, so that no page of another
/// site can make a browser act.
async fn program(room: &Room, mut request: Request, next: Next) -> Response {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer "));
    let Some(token) = token.map(str::trim).filter(|token| !token.is_empty()) else {
        return ApiProblem::unauthorized().into_response();
    };
    let now = Timestamp::now();
    let address = address_of(request.headers(), request.extensions(), room.options.secure);
    if !room.tokens.may(address, now) {
        return ApiProblem::resting().into_response();
    }
    match room.store.integration(&session_id(token), now).await {
        Ok(Some(name)) => {
            request.extensions_mut().insert(Caller(name));
            next.run(request).await
        }
        Ok(None) => {
            room.tokens.wrong(address, now);
            ApiProblem::unauthorized().into_response()
        }
        Err(error) => ApiProblem::from(error).into_response(),
    }
}

/// Is this not a letter, or one that this person may see? Looks at the id as the page will: decoded.
/// Taking back one's own decision is open to everybody; the store knows whose it is.
async fn open_to(room: &Room, who: &str, request: &mut Request) -> bool {
    let path = request.uri().path();
    if !path.starts_with("/letters/") || path.ends_with("/undo") {
        return true;
    }
    let Ok(Path(values)) = request.extract_parts::<Path<HashMap<String, String>>>().await else {
        return false;
    };
    let Some(Ok(id)) = values.get("id").map(|id| LetterId::parse(id)) else {
        return false;
    };
    match may_see(room, who, &id).await {
        Ok(may) => may,
        // The page will say that the store is away; it cannot show the letter either.
        Err(_) => room.options.restricted.is_empty(),
    }
}

fn allowed(access: Access, role: Role) -> bool {
    match access {
        Access::Public | Access::SignedIn => true,
        Access::Letters => role.reads_letters(),
        Access::Program => role == Role::Integration,
        Access::Owner => role == Role::Owner,
        Access::Auditor => role == Role::Auditor,
        Access::Evidence => matches!(role, Role::Owner | Role::Auditor),
    }
}

/// Does the browser say that another site sends this?
fn foreign(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

/// The sign-in page that comes back to the letter.
fn sign_in_for(path: &str) -> String {
    let mut parts = path.split('/').skip(1);
    match (parts.next(), parts.next()) {
        (Some("letters"), Some(id)) => format!("/sign-in?next=/letters/{id}"),
        _ => "/sign-in".to_owned(),
    }
}

/// What makes a browser try again when the database was away. A form is not sent a second time: it
/// comes back to the page that it was on.
fn refresh(form: bool, path: &str) -> String {
    if !form || ROUTES.iter().any(|route| route.method == "GET" && route.path == path) {
        return RETRY_SECONDS.to_string();
    }
    let mut parts = path.split('/').skip(1);
    let page = match (parts.next(), parts.next()) {
        (Some("letters"), Some(id)) if LetterId::parse(id).is_ok() => format!("/letters/{id}"),
        (Some(page @ ("labels" | "models")), _) => format!("/{page}"),
        (Some("switch-on" | "switch-off"), _) => "/evidence".to_owned(),
        (Some("not-mine"), _) => return RETRY_SECONDS.to_string(),
        _ => "/".to_owned(),
    };
    format!("{RETRY_SECONDS}; url={page}")
}

/// What every answer carries: nothing is stored, framed, guessed, or loaded from elsewhere.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
        connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
        frame-ancestors 'none'";
    let form = request.method() == Method::POST;
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    if response.status() == StatusCode::SERVICE_UNAVAILABLE && !path.starts_with("/api/") {
        let refresh = HeaderValue::from_str(&refresh(form, &path));
        if let Ok(refresh) = refresh {
            response.headers_mut().insert(REFRESH, refresh);
        }
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::refresh;

    #[test]
    fn a_page_tries_again_and_a_form_goes_back_to_its_page() {
        for (form, path, expected) in [
            (false, "/letters/abc", "5"),
            (false, "/", "5"),
            (true, "/sign-in", "5"),
            (true, "/letters/abc/decide", "5; url=/letters/abc"),
            (true, "/letters/a%0db/decide", "5; url=/"),
            (true, "/labels/withdraw", "5; url=/labels"),
            (true, "/models/promote", "5; url=/models"),
            (true, "/switch-off", "5; url=/evidence"),
            (true, "/not-mine/key/mark", "5"),
            (true, "/sign-out", "5; url=/"),
        ] {
            assert_eq!(refresh(form, path), expected, "{path}");
        }
    }
}
