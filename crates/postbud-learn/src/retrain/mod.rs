//! The loop closed: a new version from what people have said by now, compared with the champion
//! on letters that the new one has not seen, before it may take over.
//!
//! 1. Nothing is done when the last version was made from the same letters.
//! 2. The newest fifth of the letters is kept out, a *trial* is trained on the rest, and trial and
//!    champion judge the newest fifth: the same letters for both ([`Judged`]).
//! 3. A version is trained on everything, as `train` does, and published with
//!    [`RETRAIN_FILE`] beside it. Its thresholds are certified on its own out-of-fold evidence.
//! 4. It takes over only if somebody asked for that and there is no [`Objection`].

mod compare;
mod objection;
mod record;
mod split;

use std::path::Path;

use postbud_evaluate::RecordError;
use postbud_model::{Model, TrainError, train};

use crate::check::check;
use crate::disk;
use crate::error::LearnError;
use crate::letter::LabelledLetter;
use crate::registry::{Registry, RegistryError};
use crate::version::{LearnOptions, Step, Version, train_version};

pub use compare::{Figures, Judged};
pub use objection::{FEWEST_JUDGED, MOST_COVERAGE_LOST, Objection, RISK_OF_WORSE};
pub use record::{LETTERS_FILE, RETRAIN_FILE, RetrainRecord, letters_hash};
pub use split::KeptOut;

/// How to retrain.
#[derive(Debug, Clone, Default)]
pub struct RetrainOptions {
    /// How to make the version. Its `held_out` is not looked at: the version learns from all.
    pub learn: LearnOptions,
    /// Mailboxes that there are: a version that has forgotten one the champion knows does not
    /// take over.
    pub mailboxes: Vec<String>,
    /// Make a version even if the letters are those of the last one.
    pub force: bool,
}

/// What came of it.
#[derive(Debug)]
pub enum Retrained {
    /// The last version was made from the same letters; nothing was done.
    Unchanged {
        /// That version: `klitkobing/7`.
        version: String,
    },
    /// A version was made. Whether it may take over is in its record.
    Version(Box<Made>),
}

/// A version, and how it compares.
#[derive(Debug)]
pub struct Made {
    /// The version.
    pub version: Version,
    /// How it compares with the champion.
    pub record: RetrainRecord,
}

/// Why there is no new version. What was there before is untouched.
#[derive(Debug, thiserror::Error)]
pub enum RetrainError {
    /// There is too little to learn from yet.
    #[error("there are too few labelled letters to learn from yet")]
    TooFew(#[source] TrainError),
    /// The folder of the model or its champion cannot be used.
    #[error("the model in use cannot be compared with")]
    Registry(#[from] RegistryError),
    /// A model gives no probabilities: a fault of Postbud.
    #[error("the models could not be judged")]
    Judge(#[from] RecordError),
    /// No version could be made.
    #[error(transparent)]
    Learn(LearnError),
    /// The version is there, its record could not be written.
    #[error("{}: could not be written", path.display())]
    Write {
        /// The file.
        path: std::path::PathBuf,
        /// From the operating system.
        source: std::io::Error,
    },
}

impl From<LearnError> for RetrainError {
    fn from(error: LearnError) -> Self {
        match error {
            LearnError::Train(
                error @ (TrainError::Empty | TrainError::OneLabel { .. } | TrainError::OneGroup),
            ) => Self::TooFew(error),
            other => Self::Learn(other),
        }
    }
}

/// Makes a new version in the folder `out` from these letters and compares it with the champion
/// there. Promotes nothing: that is for the caller, who knows whether it was asked for.
///
/// # Errors
/// [`RetrainError`]; then there is no new version, but for [`RetrainError::Write`].
pub fn retrain(
    letters: &[LabelledLetter],
    out: &Path,
    options: &RetrainOptions,
    progress: &(dyn Fn(Step) + Sync),
) -> Result<Retrained, RetrainError> {
    let registry = Registry::open(out)?;
    let hash = letters_hash(letters);
    if let Some(version) = record::made_from(&registry, &hash).filter(|_| !options.force) {
        return Ok(Retrained::Unchanged { version: format!("{}/{version}", registry.name()) });
    }
    let champion = champion(&registry)?;
    let mut known = options.clone();
    if let Some(champion) = &champion {
        // Where there is no mailbox any more, the champion routes nothing.
        let labels = champion.model.labels().iter();
        let closed = labels.filter(|label| !options.mailboxes.contains(label));
        known.learn.routing.never.extend(closed.cloned());
    }
    let judged = trial(letters, champion.as_ref(), &known, progress)?;
    let version = train_version(letters, out, &options.learn, progress)?;
    let labels: Vec<String> =
        version.evaluation.training_letters_by_mailbox.keys().cloned().collect();
    let forgotten = champion.as_ref().map(|champion| {
        let known = champion.model.labels().iter();
        let lost = known.filter(|label| !labels.contains(label));
        lost.filter(|label| options.mailboxes.contains(label)).cloned().collect()
    });
    let record = RetrainRecord::new(hash, &version, judged, forgotten.unwrap_or_default());
    record.write(&version.path)?;
    let ids = version.path.join(LETTERS_FILE);
    let list = record::ids(letters);
    disk::replace(&ids, list.as_bytes())
        .map_err(|source| RetrainError::Write { path: ids, source })?;
    Ok(Retrained::Version(Box::new(Made { version, record })))
}

/// The model in use, and the letters it has learned from, where that is known.
struct Champion {
    name: String,
    model: Model,
    seen: Option<std::collections::HashSet<String>>,
}

fn champion(registry: &Registry) -> Result<Option<Champion>, RetrainError> {
    if registry.versions().is_empty() {
        return Ok(None);
    }
    let version = registry.champion()?;
    let found = registry.find(version)?;
    let model = found.load()?;
    let seen = record::seen_by(&registry.version_dir(version));
    Ok(Some(Champion { name: found.name, model, seen }))
}

/// Trains without the newest letters and lets trial and champion judge them.
fn trial(
    letters: &[LabelledLetter],
    champion: Option<&Champion>,
    options: &RetrainOptions,
    progress: &(dyn Fn(Step) + Sync),
) -> Result<Option<Judged>, RetrainError> {
    let checked = check(letters);
    let split = split::newest(&checked.letters, &checked.groups);
    if split.held.is_empty() {
        return Ok(None);
    }
    let examples = checked.examples(&split.training);
    let how = options.learn.training(examples.len());
    let model = match train(&examples, &how, &|step| progress(Step::Training(step))) {
        Ok(model) => model,
        // With all letters there may be enough.
        Err(TrainError::Empty | TrainError::OneLabel { .. } | TrainError::OneGroup) => {
            return Ok(None);
        }
        Err(error) => return Err(LearnError::from(error).into()),
    };
    progress(Step::Evaluating);
    let held = checked.chosen(&split.held);
    compare::judge_both(&model, champion, &held, split.by, &options.learn).map(Some)
}

#[cfg(test)]
mod tests;
