//! `postbud train`: a new model version from labelled letters.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use indicatif::ProgressBar;
use postbud_evaluate::Promise;
use postbud_learn::{
    HeldOut, LearnError, LearnOptions, Step, Version, read_letters, train_version,
};
use postbud_model::{Description, Progress, TrainOptions};
use serde_json::json;

use crate::classifier::routing;
use crate::cli::TrainArgs;
use crate::exit::{self, Failure};
use crate::output::{self, percent};
use crate::{telemetry, wiring};

/// The longest file of words, in bytes.
const WORDS_BYTES: u64 = 1 << 20;

/// Trains, writes the version and prints its figures.
pub(crate) fn run(args: &TrainArgs) -> anyhow::Result<()> {
    telemetry::start(crate::config::LogFormat::Text, "warn");
    let letters = read_letters(&args.letters)
        .map_err(|error| Failure::new(exit::FAILED, error.to_string()))?;
    let options = options(args, &letters)?;
    let bar = output::bar("training", 0);
    let work = || train_version(&letters, &args.out, &options, &|step| advance(&bar, step));
    let version = in_threads(args.threads, work)??;
    bar.finish_and_clear();
    print(&version, args)
}

/// Trains on so many threads; 0 stands for all cores.
fn in_threads(
    threads: usize,
    work: impl FnOnce() -> Result<Version, LearnError> + Send,
) -> anyhow::Result<Result<Version, LearnError>> {
    Ok(rayon::ThreadPoolBuilder::new().num_threads(threads).build()?.install(work))
}

fn options(
    args: &TrainArgs,
    letters: &[postbud_learn::LabelledLetter],
) -> anyhow::Result<LearnOptions> {
    let descriptions = args.words.as_deref().map(words).transpose()?.unwrap_or_default();
    let mut options = LearnOptions {
        model: TrainOptions { descriptions, seed: args.seed, ..TrainOptions::default() },
        held_out: if args.hold_out { HeldOut::ByHash } else { HeldOut::None },
        ..LearnOptions::default()
    };
    if let Some(path) = &args.config {
        let config = wiring::load(path)?;
        let labels: std::collections::BTreeSet<String> =
            letters.iter().map(|letter| letter.label.clone()).collect();
        options.routing = routing(&config, &labels.into_iter().collect::<Vec<_>>());
        options.promise = Promise::new(config.promise.target_error, config.promise.confidence)?;
    }
    Ok(options)
}

/// The words of a file of at most a mebibyte.
fn words(path: &Path) -> anyhow::Result<Vec<Description>> {
    let shown = path.display();
    let failed = |what: String| Failure::new(exit::FAILED, format!("{shown} {what}"));
    let file = File::open(path).map_err(|error| failed(format!("cannot be read: {error}")))?;
    let mut text = String::new();
    let read = file.take(WORDS_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| failed(format!("cannot be read: {error}")))?;
    if text.len() as u64 > WORDS_BYTES {
        return Err(failed(format!("is longer than {WORDS_BYTES} bytes")).into());
    }
    let read = Description::read(&text);
    read.map_err(|error| failed(format!("cannot be used: {error}")).into())
}

fn advance(bar: &ProgressBar, step: Step) {
    match step {
        Step::Training(Progress::Counting { .. }) => bar.set_message("counting words"),
        Step::Training(Progress::Fitted { done, of }) => {
            bar.set_message("fitting");
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        }
        Step::Training(Progress::Calibrating) => bar.set_message("calibrating"),
        Step::Evaluating => bar.set_message("evaluating"),
        Step::Writing => bar.set_message("writing"),
    }
}

fn print(version: &Version, args: &TrainArgs) -> anyhow::Result<()> {
    let evaluation = &version.evaluation;
    if args.output.json {
        return output::json(&json!({
            "model": version.name,
            "path": version.path,
            "evaluation": evaluation,
        }));
    }
    for finding in &evaluation.findings {
        output::line(&format!("note: {finding}"))?;
    }
    let report = &evaluation.report;
    let certificate = &evaluation.certificate;
    let row =
        |name: &str, figure: String, remark: &str| (name.to_owned(), figure, remark.to_owned());
    let judged = match evaluation.measured_on {
        postbud_learn::MeasuredOn::HeldOut => "letters kept out of training",
        postbud_learn::MeasuredOn::OutOfFold => "each by a model that had not seen it",
    };
    output::line(&output::figures(&[
        row("letters trained on", evaluation.training_letters.to_string(), ""),
        row("mailboxes", evaluation.training_letters_by_mailbox.len().to_string(), ""),
        row("letters judged", report.letters.to_string(), judged),
        row("first guess right", percent(report.accuracy), ""),
        row("right among the first three", percent(report.top3), ""),
        row("macro F1", percent(report.macro_f1), ""),
        row("calibration error", percent(report.calibration_error), ""),
        row(
            "may be routed automatically",
            percent(certificate.coverage),
            &format!(
                "promise: at most {} wrong, {} sure",
                percent(certificate.target),
                percent(certificate.confidence)
            ),
        ),
    ]))?;
    output::line(&format!("\n{} is in {}", version.name, version.path.display()))?;
    let card = Path::new(&version.path).join(postbud_learn::CARD_FILE);
    output::line(&format!("Read its card before you trust it: {}", card.display()))
}
