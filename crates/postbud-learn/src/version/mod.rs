//! From labelled letters to a new version on disk.

mod measure;
mod options;

use std::path::{Path, PathBuf};

use postbud_evaluate::Confusion;
use postbud_model::{Model, train};
use serde::Serialize;

use crate::card;
use crate::check::{LabelCheck, check};
use crate::error::LearnError;
use crate::evaluation::Evaluation;
use crate::letter::LabelledLetter;
use crate::plots;
use crate::publish::publish;
use crate::registry::{MODEL_FILE, Registry};
use crate::split::split;

pub(crate) use options::suitable_folds;
pub use options::{About, Before, LearnOptions, MIN_SENDERS, Step};

/// The file of a version that people read.
pub const CARD_FILE: &str = "card.md";
/// The file of a version that programs read.
pub const EVALUATION_FILE: &str = "evaluation.json";
/// The file of a version that lists probably wrong labels.
pub const LABEL_CHECK_FILE: &str = "label-check.json";

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
    /// Labels that are probably wrong.
    pub label_check: LabelCheck,
}

/// What was measured of a model that is not on disk yet.
struct Measured {
    evaluation: Evaluation,
    label_check: LabelCheck,
    confusion: Confusion,
}

/// Trains on the letters, measures, chooses thresholds and writes `out/<n>/` with the model, its
/// card, `evaluation.json`, `label-check.json` and the plots, where `n` is the next free number.
/// The same letters, options and version of Postbud give the same bytes.
///
/// # Errors
/// [`LearnError`]; then nothing was written.
pub fn train_version(
    letters: &[LabelledLetter],
    out: &Path,
    options: &LearnOptions,
    progress: &(dyn Fn(Step) + Sync),
) -> Result<Version, LearnError> {
    progress(Step::Checking);
    let checked = check(letters);
    let divided = split(&checked, options.held_out);
    let examples = checked.examples(&divided.training);
    let how = options.training(examples.len());
    let model = train(&examples, &how, &|step| progress(Step::Training(step)))?;
    progress(Step::Evaluating);
    let measured = measure::measure(&model, &checked, &divided, how.folds, options)?;
    write(&model, measured, out, options, progress)
}

/// Writes the files of a version.
fn write(
    model: &Model,
    measured: Measured,
    out: &Path,
    options: &LearnOptions,
    progress: &(dyn Fn(Step) + Sync),
) -> Result<Version, LearnError> {
    let Measured { evaluation, label_check, confusion } = measured;
    let registry = Registry::open(out).ok();
    let name = registry.map_or_else(String::new, |registry| registry.name().to_owned());
    let bytes = model.to_bytes()?;
    let (figures, suspects) = (pretty(&evaluation)?, pretty(&label_check)?);
    let card = card::write(&name, &evaluation, &options.about);
    let target = options.promise.target();
    let plots = plots::draw(&name, &evaluation.report, &confusion, model.labels(), target);
    let mut files: Vec<(&str, &[u8])> = vec![
        (MODEL_FILE, &bytes),
        (EVALUATION_FILE, &figures),
        (LABEL_CHECK_FILE, &suspects),
        (CARD_FILE, card.as_bytes()),
    ];
    files.extend(plots.iter().map(|(file, drawing)| (*file, drawing.as_bytes())));
    progress(Step::Writing);
    let (number, path) = publish(out, &files)?;
    Ok(Version { number, name: format!("{name}/{number}"), path, evaluation, label_check })
}

fn pretty(value: &impl Serialize) -> Result<Vec<u8>, LearnError> {
    let mut json = serde_json::to_vec_pretty(value)?;
    json.push(b'\n');
    Ok(json)
}
