//! Who looked at letters in a month, and some of the looks to ask about: what a supervisor goes
//! through. The sample is the same whenever it is opened, and nobody chooses it.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postbud_pipeline::ports::{Access, LookCount, Timestamp};
use serde::Deserialize;

use super::{Person, html};
use crate::Room;
use crate::calendar::{Month, moment};
use crate::error::Problem;
use crate::language::Words;

/// So many looks are in a sample.
const LOOKS: u32 = 25;
/// So many months can be chosen.
const MONTHS: usize = 12;

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    month: String,
}

#[derive(Template)]
#[template(path = "looks.html")]
struct Looks {
    w: Words,
    person: Option<Person>,
    months: Vec<(String, bool)>,
    people: Vec<LookCount>,
    looks: Vec<(String, Access)>,
}

pub(crate) async fn page(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let this = Month::of(Timestamp::now());
    let months: Vec<Month> =
        std::iter::successors(this, |month| month.before()).take(MONTHS).collect();
    // The last month that is over, unless another one is asked for.
    let chosen = Month::parse(&asked.month).or_else(|| this?.before());
    let stretch = chosen.and_then(Month::stretch).ok_or_else(|| Problem::missing(w))?;
    let sample = room.store.look_sample(stretch.0, stretch.1, LOOKS).await;
    let sample = sample.map_err(|error| Problem::desk(w, &error))?;
    let listed = |month: &Month| (month.to_string(), Some(*month) == chosen);
    let mut months: Vec<_> = months.iter().map(listed).collect();
    if let Some(chosen) = chosen.filter(|_| !months.iter().any(|(_, chosen)| *chosen)) {
        months.push((chosen.to_string(), true));
    }
    Ok(html(&Looks {
        w,
        person: Some(person),
        months,
        people: sample.people,
        looks: sample.looks.into_iter().map(|look| (moment(look.at), look)).collect(),
    }))
}
