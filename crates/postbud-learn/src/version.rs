//! From labelled letters to a new version on disk.

use std::path::{Path, PathBuf};

use postbud_evaluate::{Certificate, Promise, Report, certify};
use postbud_model::{Example, Model, Progress, TrainOptions, train};

use crate::card;
use crate::check::{Checked, check, count};
use crate::error::LearnError;
use crate::evaluation::{Evaluation, MeasuredOn, NamedCertificate};
use crate::judge::{judge, out_of_fold};
use crate::letter::LabelledLetter;
use crate::publish::publish;
use crate::registry::{MODEL_FILE, Registry};
use crate::routing::Routing;
use crate::split::{HeldOut, held_out};

/// The file of a version that people read.
pub const CARD_FILE: &str = "card.md";
/// The file of a version that programs read.
pub const EVALUATION_FILE: &str = "evaluation.json";

/// How to make a version.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnOptions {
    /// How to train. Its number of folds counts only when `folds` is none.
    pub model: TrainOptions,
    /// Folds of the cross-fitting; `None` for as many as suit the number of letters.
    pub folds: Option<usize>,
    /// Which letters are kept out of training.
    pub held_out: HeldOut,
    /// What may be routed automatically.
    pub routing: Routing,
    /// What is promised of that.
    pub promise: Promise,
    /// What the letters are, for the card.
    pub about: About,
}

impl Default for LearnOptions {
    fn default() -> Self {
        Self {
            model: TrainOptions::default(),
            folds: None,
            held_out: HeldOut::None,
            routing: Routing::without(&[]),
            promise: Promise::default(),
            about: About::default(),
        }
    }
}

/// A sentence or two on where the letters come from, in both languages of the card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// In Danish.
    pub da: String,
    /// In English.
    pub en: String,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A model is being trained.
    Training(Progress),
    /// It is being judged and its thresholds are chosen.
    Evaluating,
    /// The version is being written.
    Writing,
}

/// A new version.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Its number.
    pub number: u32,
    /// Model and number: `klitkobing/1`.
    pub name: String,
    /// Its folder.
    pub path: PathBuf,
    /// What was measured, and found.
    pub evaluation: Evaluation,
}

/// How many folds suit so many letters: the fewer there are, the more each model of the
/// cross-fitting needs them, so that what is measured on it is true of the final model.
#[must_use]
pub fn suitable_folds(letters: usize) -> usize {
    match letters {
        0..=1_999 => 20,
        2_000..=9_999 => 10,
        _ => 5,
    }
}

/// Trains on the letters, measures, chooses thresholds and writes `out/<n>/` with the model, its
/// card and `evaluation.json`, where `n` is the next free number. The same letters, options and
/// version of Postbud give the same bytes.
///
/// # Errors
/// [`LearnError`]; then nothing was written.
pub fn train_version(
    letters: &[LabelledLetter],
    out: &Path,
    options: &LearnOptions,
    progress: &(dyn Fn(Step) + Sync),
) -> Result<Version, LearnError> {
    let checked = check(letters);
    let keep_out =
        |letter: &&LabelledLetter| options.held_out == HeldOut::ByHash && held_out(&letter.id);
    let (held, training): (Vec<&LabelledLetter>, Vec<&LabelledLetter>) =
        checked.letters.iter().copied().partition(keep_out);
    let examples: Vec<Example<'_>> = training.iter().map(|letter| letter.example()).collect();
    let folds = options.folds.unwrap_or_else(|| suitable_folds(examples.len()));
    let how = TrainOptions { folds, ..options.model.clone() };
    let model = train(&examples, &how, &|step| progress(Step::Training(step)))?;
    progress(Step::Evaluating);
    let evaluation = evaluate(&model, &training, &held, &checked, folds, options)?;
    progress(Step::Writing);
    let registry = Registry::open(out).ok();
    let name = registry.map_or_else(String::new, |registry| registry.name().to_owned());
    let bytes = model.to_bytes()?;
    let mut json = serde_json::to_vec_pretty(&evaluation)?;
    json.push(b'\n');
    let card = card::write(&name, &evaluation, &options.about);
    let files: [(&str, &[u8]); 3] =
        [(MODEL_FILE, &bytes), (EVALUATION_FILE, &json), (CARD_FILE, card.as_bytes())];
    let (number, path) = publish(out, &files)?;
    Ok(Version { number, name: format!("{name}/{number}"), path, evaluation })
}

fn evaluate(
    model: &Model,
    training: &[&LabelledLetter],
    held: &[&LabelledLetter],
    checked: &Checked<'_>,
    folds: usize,
    options: &LearnOptions,
) -> Result<Evaluation, LearnError> {
    let labels = model.labels();
    let policy = options.routing.policy(labels);
    let cross_fitted = out_of_fold(model)?;
    let certificate: Certificate = certify(&cross_fitted, &policy, options.promise);
    let out_of_fold = Report::of(&cross_fitted, labels, &policy, Some(&certificate));
    let (measured_on, report) = if held.is_empty() {
        (MeasuredOn::OutOfFold, out_of_fold.clone())
    } else {
        let records = judge(model, held)?;
        let report = Report::of(&records, labels, &policy, Some(&certificate));
        (MeasuredOn::HeldOut, report)
    };
    let counts = count(training).into_iter();
    let info = model.info();
    Ok(Evaluation {
        checksum: model.checksum_hex(),
        data_hash: info.data_hash.clone(),
        trained_by: info.trained_by.clone(),
        seed: info.seed,
        training_letters: training.len(),
        training_letters_by_mailbox: counts.map(|(l, n)| (l.to_owned(), n)).collect(),
        folds,
        measured_on,
        report,
        certificate: NamedCertificate::of(&certificate, labels),
        out_of_fold,
        findings: checked.findings.clone(),
    })
}
