//! Figures for the system owner, and who saw what.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use postbud_evaluate::clopper_pearson;
use postbud_pipeline::ports::{Access, CheckedMailbox, Figures, Role, Tally, Timestamp};

use super::switches::{Line, lines};
use super::{Person, html, name_of};
use crate::Room;
use crate::calendar::moment;
use crate::error::Problem;
use crate::language::Words;

/// So many rows of the access log are shown.
const ACCESSES: u32 = 100;

/// How sure the intervals are.
const CONFIDENCE: f64 = 0.95;
/// So far back the measurement reaches, in days.
pub(crate) const DAYS: i64 = 90;
pub(crate) const DAY_MS: i64 = 86_400_000;

/// The measured error of a mailbox, or of all.
struct Checked {
    name: String,
    letters: u64,
    answers: u64,
    errors: u64,
    share: String,
    /// From and to, or nothing without answers.
    interval: String,
    returned: u64,
    /// Is even the lower limit above the promise?
    broken: bool,
    whole: bool,
}

fn checked(room: &Room, w: Words, found: &[CheckedMailbox]) -> Vec<Checked> {
    let line = |name: String, of: &[&CheckedMailbox], whole: bool| {
        let sum = |what: fn(&CheckedMailbox) -> u64| of.iter().map(|one| what(one)).sum();
        let (answers, errors): (u64, u64) = (sum(|one| one.answers), sum(|one| one.errors));
        let interval = clopper_pearson(errors, answers, CONFIDENCE);
        let none = answers == 0;
        let (low, high) = (w.tenths(interval.low), w.tenths(interval.high));
        Checked {
            name,
            letters: sum(|one| one.letters),
            answers,
            errors,
            share: if none { "–".into() } else { w.tenths(errors as f64 / answers as f64) },
            interval: if none { "–".into() } else { format!("{low} – {high}") },
            returned: sum(|one| one.returned),
            broken: !none && interval.low > room.options.target_error,
            whole,
        }
    };
    let (model, rules): (Vec<_>, Vec<_>) = found.iter().partition(|one| one.by_model);
    let mut lines = vec![line(w.t("Modellen i alt", "The model in all").to_owned(), &model, true)];
    lines.extend(
        model.iter().map(|one| line(name_of(&room.options.settings, &one.mailbox), &[*one], false)),
    );
    let name = w.t("Regler og svar i alt", "Rules and replies in all").to_owned();
    lines.push(line(name, &rules, true));
    lines
}

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
    /// How long letters waited in the last days: half, nine of ten, the longest.
    waited: Option<[String; 3]>,
    accesses: Vec<(String, Access)>,
    switches: Vec<Line>,
    checked: Vec<Checked>,
    /// The promise, and how sure the intervals are.
    promise: (String, String),
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
    let found = room.store.checked(now.plus_ms(-DAYS * DAY_MS)).await.map_err(problem)?;
    let times = room.store.waiting_times(now.plus_ms(-DAYS * DAY_MS)).await.map_err(problem)?;
    let switches = lines(&room, w, &person, &states);
    Ok(html(&Evidence {
        w,
        owner: person.role == Role::Owner,
        person: Some(person),
        switches,
        checked: checked(&room, w, &found),
        promise: (w.tenths(room.options.target_error), w.percent(CONFIDENCE)),
        automatic: share(w, figures.automatic, tally.received),
        corrected: share(w, figures.corrected, figures.decided),
        waited: (times.letters > 0)
            .then(|| [times.median_ms, times.ninety_ms, times.longest_ms].map(|ms| w.age(ms))),
        oldest: oldest.unwrap_or_else(|| "–".to_owned()),
        tally,
        figures,
        accesses: accesses.into_iter().map(|access| (moment(access.at), access)).collect(),
    }))
}
