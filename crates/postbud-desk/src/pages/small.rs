//! Assets, the language switch, live counts, and what is not there.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::response::sse::{Event, Sse};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use futures::stream::{self, Stream};
use serde::Deserialize;

use crate::Room;
use crate::error::Problem;
use crate::language::Words;
use crate::routes::{ROUTES, Route};

/// How often counts are told.
const EVERY: Duration = Duration::from_secs(5);
/// A stream of counts ends after so many; the browser begins another, with its session checked.
const TIMES: u32 = 60;

pub(crate) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../assets/desk.css"))
}

pub(crate) async fn script() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../../assets/desk.js"))
}

#[derive(Deserialize)]
pub(crate) struct Language {
    lang: String,
    /// The page to go back to; without the script, the list.
    #[serde(default)]
    back: String,
}

/// A page of ours that can be opened again, and no address of somebody else's; else the list.
fn page_of_ours(text: &str) -> &str {
    let path = text.split('?').next().unwrap_or_default();
    let fits = |route: &Route| {
        let same = |(ours, theirs): (&str, &str)| ours == theirs || ours.starts_with('{');
        let (ours, theirs) = (route.path.split('/'), path.split('/'));
        route.method == "GET"
            && ours.clone().count() == theirs.clone().count()
            && ours.zip(theirs).all(same)
    };
    let safe = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if safe && ROUTES.iter().any(fits) { text } else { "/" }
}

pub(crate) async fn language(Form(asked): Form<Language>) -> Response {
    let lang = if asked.lang == "en" { "en" } else { "da" };
    let cookie = format!("lang={lang}; Path=/; Max-Age=31536000; SameSite=Lax");
    (AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(page_of_ours(&asked.back))).into_response()
}

pub(crate) async fn nothing(headers: HeaderMap) -> Problem {
    Problem::missing(Words::of(&headers))
}

pub(crate) async fn counts(
    State(room): State<Arc<Room>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let stream = stream::unfold((room, 0_u32), |(room, told)| async move {
        if told >= TIMES || (told > 0 && room.stop.sleep(EVERY).await) {
            return None;
        }
        let event = match room.store.waiting_count().await {
            Ok(count) => Event::default().data(count.all.to_string()),
            Err(_) => Event::default().comment("away"),
        };
        Some((Ok(event), (room, told + 1)))
    });
    Sse::new(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_leads_to_a_page_of_ours() {
        for path in ["/", "/letters/abc?from=1", "/find?mailbox=%C3%A5"] {
            assert_eq!(page_of_ours(path), path);
        }
        let others = ["", "//a.example", "/\\a.example", "https://a.example", "/find\r\nb", "x/y"];
        // What only takes a form cannot be opened.
        for path in others.into_iter().chain(["/letters/abc/decide", "/switch-off"]) {
            assert_eq!(page_of_ours(path), "/", "{path:?}");
        }
    }
}
