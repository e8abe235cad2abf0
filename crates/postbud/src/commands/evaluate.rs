//! `postbud evaluate`: how good a model is on labelled mail.

use std::collections::{BTreeMap, BTreeSet};

use postbud_evaluate::{Drift, Interval, Promise, Report, drift};
use postbud_learn::{
    Groups, HeldOut, LabelledLetter, by_group, certify_model, check, judge, out_of_fold, split,
};
use postbud_model::Model;
use serde::Serialize;

use crate::classifier::{open, routing};
use crate::cli::EvaluateArgs;
use crate::commands::train::given::{Given, all_switched_on, no_mailboxes};
use crate::exit::{self, Failure};
use crate::output::{self, percent};
use crate::{telemetry, wiring};

/// Everything that was measured, as one document.
#[derive(Serialize)]
struct Document {
    /// Name and version.
    model: String,
    #[serde(flatten)]
    report: Report,
    /// The figures by language, channel and length.
    groups: Groups,
    /// How the letters differ from those the promise rests on.
    drift: Drift,
    /// Labels that the model does not know, with their letters: wrong wherever they go.
    unknown_labels: BTreeMap<String, usize>,
    /// Labels that can be no mailbox.
    never_routed: Vec<String>,
    /// Files that held no letter that can be used.
    skipped: usize,
}

/// Judges the model and prints its figures.
pub(crate) fn run(args: &EvaluateArgs) -> anyhow::Result<()> {
    telemetry::start(crate::config::LogFormat::Text, "warn");
    let config = args.config.as_deref().map(wiring::load).transpose()?;
    let (model, name) = open(&args.model)?;
    let bar = output::bar("reading letters", 0);
    let given = Given::read(&args.letters, args.mapping.as_deref(), config.as_ref())?;
    bar.suspend(|| given.say_skipped());
    let judged = chosen(&given.reading.letters, args.held_out);
    if judged.is_empty() {
        return Err(Failure::new(exit::FAILED, "there is no letter to judge with").into());
    }
    let (routing, promise) = match &config {
        Some(config) => {
            let promise = Promise::new(config.promise.target_error, config.promise.confidence)?;
            (routing(config, model.labels()), promise)
        }
        None => (all_switched_on(model.labels()), Promise::default()),
    };
    bar.set_message("judging");
    let certificate = certify_model(&model, &routing, promise)?;
    let records = judge(&model, &judged)?;
    let policy = routing.policy(model.labels());
    let document = Document {
        model: name,
        report: Report::of(&records, model.labels(), &policy, Some(&certificate)),
        groups: by_group(&records, &judged, &policy, Some(&certificate))?,
        drift: drift(&out_of_fold(&model)?, &records),
        unknown_labels: unknown(&model, &judged),
        never_routed: no_mailboxes(model.labels()),
        skipped: given.reading.skipped_count,
    };
    bar.finish_and_clear();
    if args.output.json {
        return output::json(&document);
    }
    print(&document, promise)
}

/// All letters; or those that a training on the same letters would have kept out.
fn chosen(letters: &[LabelledLetter], held_out: bool) -> Vec<&LabelledLetter> {
    if !held_out {
        return letters.iter().collect();
    }
    let checked = check(letters);
    let divided = split(&checked, HeldOut::Fifth);
    checked.chosen(&divided.held)
}

fn unknown(model: &Model, letters: &[&LabelledLetter]) -> BTreeMap<String, usize> {
    let known: BTreeSet<&String> = model.labels().iter().collect();
    let mut unknown = BTreeMap::new();
    for letter in letters.iter().filter(|letter| !known.contains(&letter.label)) {
        *unknown.entry(letter.label.clone()).or_default() += 1;
    }
    unknown
}

fn print(document: &Document, promise: Promise) -> anyhow::Result<()> {
    figures(document, promise)?;
    remarks(document)?;
    output::line("")?;
    groups(&document.groups)?;
    output::line("")?;
    mailboxes(&document.report)
}

fn figures(document: &Document, promise: Promise) -> anyhow::Result<()> {
    let report = &document.report;
    let row =
        |name: &str, figure: String, remark: &str| (name.to_owned(), figure, remark.to_owned());
    let (target, confidence) = (percent(promise.target()), percent(promise.confidence()));
    let mut rows = vec![
        row("model", document.model.clone(), ""),
        row("letters", report.letters.to_string(), ""),
        row("first guess right", percent(report.accuracy), ""),
        row("right among the first three", percent(report.top3), ""),
        row("macro F1", percent(report.macro_f1), ""),
        row("log loss", format!("{:.4}", report.log_loss), ""),
        row("calibration error", percent(report.calibration_error), ""),
    ];
    if let Some(certified) = report.certified {
        let asked = format!("promise: at most {target} wrong, {confidence} sure");
        let wrong = format!("{} of {}", certified.applied.errors, certified.applied.routed);
        rows.push(row("routed automatically", percent(certified.applied.coverage), &asked));
        rows.push(row("  of these wrong", percent(certified.applied.error), &wrong));
    }
    output::line(&output::figures(&rows))
}

/// What takes away from the figures.
fn remarks(document: &Document) -> anyhow::Result<()> {
    for (label, letters) in document.unknown_labels.iter().take(10) {
        let label = output::plain(label);
        output::line(&format!(
            "note: the model knows no mailbox {label:?}; its letters ({letters}) count as wrong"
        ))?;
    }
    for label in document.never_routed.iter().take(10) {
        let label = output::plain(label);
        output::line(&format!("note: {label:?} can be no mailbox: Postbud never routes there"))?;
    }
    let drift = &document.drift;
    let shifts = [
        ("certainty", Some(&drift.certainty)),
        ("mailboxes", Some(&drift.mailboxes)),
        ("words", drift.known.as_ref()),
        ("length", drift.length.as_ref()),
        ("language", drift.language.as_ref()),
    ];
    let moved: Vec<String> = shifts
        .into_iter()
        .filter_map(|(name, shift)| Some((name, shift.filter(|shift| shift.drifted)?)))
        .map(|(name, shift)| format!("{name} (PSI {:.2})", shift.stability_index))
        .collect();
    output::line(&if moved.is_empty() {
        "drift: none seen against the letters that the promise rests on".to_owned()
    } else {
        format!(
            "drift: these letters differ from those that the promise rests on, in {}; the promise may not hold for them",
            moved.join(", ")
        )
    })
}

fn groups(groups: &Groups) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for (kind, values) in groups {
        for (value, figures) in values {
            let applied = figures.certified.map(|certified| certified.applied);
            rows.push(vec![
                kind.clone(),
                output::plain(value),
                figures.letters.to_string(),
                between(figures.accuracy, figures.accuracy_interval),
                applied.map_or_else(String::new, |applied| percent(applied.coverage)),
                applied.map_or_else(String::new, |applied| {
                    format!("{} of {}", applied.errors, applied.routed)
                }),
            ]);
        }
    }
    let header = ["Group", "", "Letters", "First guess right", "Routed", "Wrong"];
    output::line(&output::table(&header, &[2, 3, 4, 5], rows))
}

fn mailboxes(report: &Report) -> anyhow::Result<()> {
    let rows = report.mailboxes.iter().map(|(mailbox, figures)| {
        vec![
            output::plain(mailbox),
            figures.letters.to_string(),
            between(figures.precision, figures.precision_interval),
            between(figures.recall, figures.recall_interval),
        ]
    });
    let header = ["Mailbox", "Letters", "Precision", "Recall"];
    output::line(&output::table(&header, &[1, 2, 3], rows.collect()))
}

/// A share and its 95 % interval.
fn between(share: f64, interval: Interval) -> String {
    format!("{}  ({} to {})", percent(share), percent(interval.low), percent(interval.high))
}
