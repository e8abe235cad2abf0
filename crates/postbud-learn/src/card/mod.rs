//! The model card: what a version is for, what it was trained on, how good it is and where it
//! fails, for people who must answer for it. Danish first, then English.
//!
//! After Mitchell et al. 2019, "Model Cards for Model Reporting". Holds no date: the same
//! letters give the same card, and the file has its own.

mod danish;
mod english;
mod letters;
mod numbers;

use postbud_evaluate::clopper_pearson;

use crate::evaluation::{Evaluation, MeasuredOn};
use crate::version::About;
use numbers::{Numbers, interval};

/// Confused pairs that are named.
const CONFUSED: usize = 8;
/// Mailboxes with the lowest recall that are named.
const WEAKEST: usize = 5;

/// Writes the card of a model.
pub(crate) fn write(name: &str, evaluation: &Evaluation, about: &About) -> String {
    let danish = danish::card(name, evaluation, &about.da);
    let english = english::card(name, evaluation, &about.en);
    format!("{danish}\n---\n\n{english}")
}

/// The rows of the table of figures: a name each, in the order accuracy, top 3, macro F1, log
/// loss, calibration error.
fn figures(evaluation: &Evaluation, names: [&str; 5], numbers: &Numbers) -> String {
    let report = &evaluation.report;
    let right = (report.accuracy * report.letters as f64).round() as u64;
    let within = (report.top3 * report.letters as f64).round() as u64;
    let share = |count: u64| {
        let between = clopper_pearson(count, report.letters as u64, 0.95);
        let share = count as f64 / report.letters.max(1) as f64;
        format!("{} ({})", numbers.percent(share), interval(between, numbers))
    };
    let values = [
        share(right),
        share(within),
        numbers.percent(report.macro_f1),
        numbers.decimal(report.log_loss, 3),
        numbers.percent(report.calibration_error),
    ];
    let rows = names.iter().zip(values);
    rows.map(|(name, value)| format!("| {name} | {value} |\n")).collect()
}

/// The rows of the table of mailboxes.
fn mailboxes(evaluation: &Evaluation, numbers: &Numbers) -> String {
    let mut rows = String::new();
    for (label, figures) in &evaluation.report.mailboxes {
        let trained = evaluation.training_letters_by_mailbox.get(label);
        let threshold = evaluation.certificate.thresholds.get(label);
        let share = |count: u64, share: f64, between| {
            if count == 0 {
                "–".to_owned()
            } else {
                format!("{} ({})", numbers.percent(share), interval(between, numbers))
            }
        };
        rows += &format!(
            "| {label} | {} | {} | {} | {} | {} |\n",
            numbers.count(trained.copied().unwrap_or(0)),
            numbers.count(figures.letters as usize),
            share(figures.guessed, figures.precision, figures.precision_interval),
            share(figures.letters, figures.recall, figures.recall_interval),
            threshold.map_or_else(|| "–".to_owned(), |&t| numbers.threshold(t)),
        );
    }
    rows
}

/// Confused pairs, as a sentence's end: `a → b (3), …`; `none` where there are none.
fn confused(evaluation: &Evaluation, none: &str) -> String {
    let pairs = evaluation.out_of_fold.confused.iter().take(CONFUSED);
    let pairs: Vec<String> = pairs
        .filter_map(|pair| Some((pair.label.as_ref()?, pair)))
        .map(|(label, pair)| format!("{label} → {} ({})", pair.guess, pair.letters))
        .collect();
    if pairs.is_empty() { none.to_owned() } else { pairs.join(", ") }
}

/// The mailboxes whose letters are found least often: `a (40 %), …`.
fn weakest(evaluation: &Evaluation, numbers: &Numbers) -> String {
    let mut all: Vec<_> = evaluation.out_of_fold.mailboxes.iter().collect();
    all.retain(|(_, figures)| figures.letters > 0);
    all.sort_by(|a, b| a.1.recall.total_cmp(&b.1.recall).then(a.0.cmp(b.0)));
    let named = all.iter().take(WEAKEST);
    let named: Vec<String> = named
        .map(|(label, figures)| format!("{label} ({})", numbers.percent(figures.recall)))
        .collect();
    named.join(", ")
}

fn held_out(evaluation: &Evaluation) -> bool {
    evaluation.measured_on == MeasuredOn::HeldOut
}

#[cfg(test)]
mod tests;
