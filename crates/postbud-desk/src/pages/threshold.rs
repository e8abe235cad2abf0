//! "What would last month have looked like at another threshold?" over stored decisions. A form
//! with a slider: it needs no script, and the table has the usual thresholds side by side.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postbud_decide::MailboxId;
use postbud_pipeline::ports::{PastDecision, Timestamp};
use serde::Deserialize;

use super::{Person, html};
use crate::Room;
use crate::error::Problem;
use crate::language::Words;
use crate::threshold::{CONFIDENCE, Look, look};

/// The thresholds in the table, in percent.
const USUAL: [f64; 9] = [50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.5];
/// Where the slider ends, in percent.
const SLIDER: (f64, f64) = (50.0, 99.9);
/// Where it stands at first, in percent.
const FIRST: f64 = 90.0;
/// The days to choose from; the first is shown unless another is asked for.
const DAYS: [u32; 3] = [30, 7, 90];
/// So many letters at most; the page says when there were more.
const MOST: u32 = 50_000;
const DAY_MS: i64 = 86_400_000;

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    at: String,
    #[serde(default)]
    days: u32,
    #[serde(default)]
    mailbox: String,
}

struct Line {
    name: String,
    chosen: bool,
    automatic: String,
    by_model: u64,
    people: u64,
    error: String,
    at_most: String,
    known: u64,
    answers: u64,
}

#[derive(Template)]
#[template(path = "threshold.html")]
struct Threshold {
    w: Words,
    person: Option<Person>,
    at: String,
    shown_at: String,
    days: u32,
    choices: [u32; 3],
    mailboxes: Vec<(String, String)>,
    mailbox: String,
    letters: usize,
    cut: bool,
    confidence: String,
    lines: Vec<Line>,
}

fn line(w: Words, name: String, chosen: bool, look: Look) -> Line {
    let unknown = || w.t("ukendt", "unknown").to_owned();
    let none = look.by_model == 0;
    Line {
        name,
        chosen,
        automatic: look.automatic().map_or_else(|| "–".to_owned(), |share| w.tenths(share)),
        by_model: look.by_model,
        people: look.letters - look.by_rule - look.by_model,
        error: match look.error {
            Some(error) => w.tenths(error),
            None if none => "–".to_owned(),
            None => unknown(),
        },
        at_most: match () {
            () if none => "–".to_owned(),
            () if look.at_most >= 1.0 => unknown(),
            () => w.tenths(look.at_most),
        },
        known: look.known_errors,
        answers: look.answers,
    }
}

/// The threshold asked for, in percent: what somebody types with a comma counts too.
fn asked_for(text: &str) -> f64 {
    let number = text.trim().replace(',', ".").parse::<f64>().ok();
    let number = number.filter(|number| number.is_finite()).unwrap_or(FIRST);
    (number.clamp(SLIDER.0, SLIDER.1) * 10.0).round() / 10.0
}

fn lines(w: Words, past: &[PastDecision], at: f64) -> Vec<Line> {
    let decided = w.t("Som det blev afgjort", "As it was decided").to_owned();
    let mut lines = vec![line(w, decided, false, look(past, None))];
    let mut thresholds = USUAL.to_vec();
    if !thresholds.contains(&at) {
        thresholds.push(at);
        thresholds.sort_by(f64::total_cmp);
    }
    lines.extend(thresholds.into_iter().map(|threshold| {
        let share = threshold / 100.0;
        line(w, w.tenths(share), threshold == at, look(past, Some(share)))
    }));
    lines
}

pub(crate) async fn page(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let at = asked_for(&asked.at);
    let days = if DAYS.contains(&asked.days) { asked.days } else { DAYS[0] };
    let now = Timestamp::now();
    let from = now.plus_ms(-i64::from(days) * DAY_MS);
    let found = room.store.past_decisions(from, now.plus_ms(1), MOST).await;
    let mut past = found.map_err(|error| Problem::desk(w, &error))?;
    let cut = past.len() >= MOST as usize;
    let mailbox = MailboxId::parse(&asked.mailbox).ok();
    if let Some(mailbox) = &mailbox {
        past.retain(|letter| letter.mailbox.as_ref() == Some(mailbox));
    }
    let mailboxes = room.options.settings.mailboxes.iter();
    Ok(html(&Threshold {
        w,
        person: Some(person),
        at: at.to_string(),
        shown_at: w.tenths(at / 100.0),
        days,
        choices: DAYS,
        mailboxes: mailboxes.map(|m| (m.id.to_string(), m.name.clone())).collect(),
        mailbox: mailbox.map(|id| id.to_string()).unwrap_or_default(),
        letters: past.len(),
        cut,
        confidence: w.percent(CONFIDENCE),
        lines: lines(w, &past, at),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_a_number_on_the_slider() {
        assert_eq!(asked_for("97.5"), 97.5);
        assert_eq!(asked_for(" 97,53 "), 97.5);
        assert_eq!(asked_for("-4"), SLIDER.0);
        assert_eq!(asked_for("1e9"), SLIDER.1);
        for nonsense in ["", "NaN", "inf", "<b>"] {
            assert_eq!(asked_for(nonsense), FIRST, "{nonsense}");
        }
    }

    #[test]
    fn the_threshold_asked_for_is_in_the_table_once() {
        let w = Words(postbud_decide::Lang::Danish);
        for at in [90.0, 97.5] {
            let lines = lines(w, &[], at);
            assert_eq!(lines.iter().filter(|line| line.chosen).count(), 1, "{at}");
        }
    }
}
