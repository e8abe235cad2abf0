//! What is written about a version of the model, with its pictures.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use postbud_decide::Lang;
use postbud_pipeline::ports::Plot;

use super::models::models;
use super::{Person, html};
use crate::Room;
use crate::error::Problem;
use crate::language::Words;
use crate::markdown::{html_of, part};

#[derive(Template)]
#[template(path = "model_card.html")]
struct Card {
    w: Words,
    person: Option<Person>,
    version: u32,
    card: String,
    /// The file of each picture that is there, and what it shows.
    plots: Vec<(&'static str, &'static str)>,
}

fn file(plot: Plot) -> &'static str {
    match plot {
        Plot::RiskCoverage => "risk-coverage.svg",
        Plot::Reliability => "reliability.svg",
        Plot::Confusion => "confusion.svg",
    }
}

fn shows(w: Words, plot: Plot) -> &'static str {
    match plot {
        Plot::RiskCoverage => w.t(
            "Hvor stor en del af brevene der kan fordeles automatisk, og hvor mange fejl det giver",
            "How large a share of the letters can be routed automatically, and how many errors come of it",
        ),
        Plot::Reliability => w.t(
            "Hvor tit modellen har ret, når den siger en sandsynlighed",
            "How often the model is right when it states a probability",
        ),
        Plot::Confusion => w.t(
            "Hvilke postkasser modellen tager for hvilke",
            "Which mailboxes the model takes for which",
        ),
    }
}

pub(crate) async fn card(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Path(version): Path<u32>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let problem = |error| Problem::models(w, &error);
    let models = models(&room, w)?;
    let card = models.card(version).await.map_err(problem)?;
    let card = card.ok_or_else(|| Problem::missing(w))?;
    let mut plots = Vec::new();
    for plot in [Plot::RiskCoverage, Plot::Reliability, Plot::Confusion] {
        if models.plot(version, plot).await.map_err(problem)?.is_some() {
            plots.push((file(plot), shows(w, plot)));
        }
    }
    let card = html_of(&part(&card, w.0 == Lang::English));
    Ok(html(&Card { w, person: Some(person), version, card, plots }))
}

async fn plot(room: &Room, w: Words, version: u32, plot: Plot) -> Result<Response, Problem> {
    let svg = models(room, w)?.plot(version, plot).await;
    let svg =
        svg.map_err(|error| Problem::models(w, &error))?.ok_or_else(|| Problem::missing(w))?;
    Ok(([(CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}

pub(crate) async fn risk_coverage(
    State(room): State<Arc<Room>>,
    headers: HeaderMap,
    Path(version): Path<u32>,
) -> Result<Response, Problem> {
    plot(&room, Words::of(&headers), version, Plot::RiskCoverage).await
}

pub(crate) async fn reliability(
    State(room): State<Arc<Room>>,
    headers: HeaderMap,
    Path(version): Path<u32>,
) -> Result<Response, Problem> {
    plot(&room, Words::of(&headers), version, Plot::Reliability).await
}

pub(crate) async fn confusion(
    State(room): State<Arc<Room>>,
    headers: HeaderMap,
    Path(version): Path<u32>,
) -> Result<Response, Problem> {
    plot(&room, Words::of(&headers), version, Plot::Confusion).await
}
