//! Figures for the system owner, and who saw what.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use postbud_pipeline::ports::{Access, Figures, Role, Tally, Timestamp};

use super::switches::{Line, lines};
use super::{Person, html};
use crate::Room;
use crate::error::Problem;
use crate::language::{Words, moment};

/// So many rows of the access log are shown.
const ACCESSES: u32 = 100;

#[derive(Template)]
#[template(path = "evidence.html")]
struct Evidence {
    w: Words,
    person: Option<Person>,
    tally: Tally,
    figures: Figures,
    automatic: String,
    corrected: String,
    oldest: String,
    accesses: Vec<(String, Access)>,
    switches: Vec<Line>,
    owner: bool,
}

fn share(w: Words, part: u64, whole: u64) -> String {
    if whole == 0 { "–".to_owned() } else { w.percent(part as f64 / whole as f64) }
}

pub(crate) async fn page(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let problem = |error| Problem::desk(w, &error);
    let tally = room.store.tally().await.map_err(|error| Problem::store(w, &error))?;
    let figures = room.store.figures().await.map_err(problem)?;
    let accesses = room.store.accesses(None, ACCESSES).await.map_err(problem)?;
    let now = Timestamp::now();
    let oldest = figures.oldest_waiting.map(|at| w.age(now.0.saturating_sub(at.0)));
    let states = room.store.switch_states().await.map_err(problem)?;
    let switches = lines(&room, w, &person, &states);
    Ok(html(&Evidence {
        w,
        owner: person.role == Role::Owner,
        person: Some(person),
        switches,
        automatic: share(w, figures.automatic, tally.received),
        corrected: share(w, figures.corrected, figures.decided),
        oldest: oldest.unwrap_or_else(|| "–".to_owned()),
        tally,
        figures,
        accesses: accesses.into_iter().map(|access| (moment(access.at), access)).collect(),
    }))
}
