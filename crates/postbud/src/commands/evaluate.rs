//! `postbud evaluate`: how good a model is on labelled mail.

use postbud_evaluate::{Interval, Promise, Report};
use postbud_learn::{LabelledLetter, Routing, certify_model, held_out, judge, read_letters};

use crate::classifier::{open, routing};
use crate::cli::EvaluateArgs;
use crate::exit::{self, Failure};
use crate::output::{self, percent};
use crate::{telemetry, wiring};

/// Judges the model and prints its figures.
pub(crate) fn run(args: &EvaluateArgs) -> anyhow::Result<()> {
    telemetry::start(crate::config::LogFormat::Text, "warn");
    let (model, name) = open(&args.model)?;
    let letters = read_letters(&args.letters)
        .map_err(|error| Failure::new(exit::FAILED, error.to_string()))?;
    let judged: Vec<&LabelledLetter> =
        letters.iter().filter(|letter| !args.held_out || held_out(&letter.id)).collect();
    if judged.is_empty() {
        return Err(Failure::new(exit::FAILED, "there is no letter to judge with").into());
    }
    let (routing, promise) = match &args.config {
        Some(path) => {
            let config = wiring::load(path)?;
            let promise = Promise::new(config.promise.target_error, config.promise.confidence)?;
            (routing(&config, model.labels()), promise)
        }
        None => (Routing::without(&[]), Promise::default()),
    };
    let certificate = certify_model(&model, &routing, promise)?;
    let records = judge(&model, &judged)?;
    let policy = routing.policy(model.labels());
    let report = Report::of(&records, model.labels(), &policy, Some(&certificate));
    if args.output.json {
        return output::json(&report);
    }
    print(&name, &report, promise)
}

fn print(name: &str, report: &Report, promise: Promise) -> anyhow::Result<()> {
    let row =
        |name: &str, figure: String, remark: &str| (name.to_owned(), figure, remark.to_owned());
    let (target, confidence) = (percent(promise.target()), percent(promise.confidence()));
    let mut rows = vec![
        row("model", name.to_owned(), ""),
        row("letters", report.letters.to_string(), ""),
        row("first guess right", percent(report.accuracy), ""),
        row("right among the first three", percent(report.top3), ""),
        row("macro F1", percent(report.macro_f1), ""),
        row("log loss", format!("{:.4}", report.log_loss), ""),
        row("calibration error", percent(report.calibration_error), ""),
    ];
    if let Some(certified) = report.certified {
        let asked = format!("promise: at most {target} wrong, {confidence} sure");
        rows.push(row("routed automatically", percent(certified.applied.coverage), &asked));
        rows.push(row("  of these wrong", percent(certified.applied.error), ""));
    }
    output::line(&output::figures(&rows))?;
    let between = |share: f64, interval: Interval| {
        format!("{}  ({} to {})", percent(share), percent(interval.low), percent(interval.high))
    };
    let rows = report
        .mailboxes
        .iter()
        .map(|(mailbox, figures)| {
            vec![
                mailbox.clone(),
                figures.letters.to_string(),
                between(figures.precision, figures.precision_interval),
                between(figures.recall, figures.recall_interval),
            ]
        })
        .collect();
    output::line("")?;
    output::line(&output::table(&["Mailbox", "Letters", "Precision", "Recall"], &[1, 2, 3], rows))
}
