//! The new model and the one in use, on the same letters.

use postbud_evaluate::{Comparison, Paired, Records, apply, best};
use postbud_model::Model;
use serde::{Deserialize, Serialize};

use super::objection::FEWEST_JUDGED;
use super::split::KeptOut;
use super::{Champion, RetrainError};
use crate::judge::judge;
use crate::letter::LabelledLetter;
use crate::routing::certify_model;
use crate::version::LearnOptions;

/// What a model did with the letters it was judged on. Shares are 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The model: `klitkobing/7`; for the new one, nothing yet.
    pub model: Option<String>,
    /// Letters whose first guess is right.
    pub right: usize,
    /// `right / letters`.
    pub accuracy: f64,
    /// Letters that its certified thresholds route.
    pub routed: usize,
    /// `routed / letters`.
    pub coverage: f64,
    /// Of those, how many go wrong.
    pub errors: usize,
    /// `errors / routed`; 0 when nothing is routed.
    pub error: f64,
}

/// What trial and champion made of the letters that were kept out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// How the letters were chosen.
    pub by: KeptOut,
    /// Letters that were kept out.
    pub held: usize,
    /// Letters that both judged: those that the champion has not learned from either, when there
    /// are enough; otherwise all that were kept out.
    pub letters: usize,
    /// How many of those the champion has learned from, which favours it; `None` when nobody
    /// wrote down what it has learned from.
    pub champion_saw: Option<usize>,
    /// The promise that the thresholds keep.
    pub target: f64,
    /// With this confidence.
    pub confidence: f64,
    /// The new model.
    pub new: Figures,
    /// The champion; `None` when there is none.
    pub old: Option<Figures>,
    /// The champion (first) and the new model (second), letter by letter.
    pub comparison: Option<Comparison>,
}

/// Lets both judge.
pub(super) fn judge_both(
    trial: &Model,
    champion: Option<&Champion>,
    held: &[&LabelledLetter],
    by: KeptOut,
    options: &LearnOptions,
) -> Result<Judged, RetrainError> {
    let (letters, champion_saw) = unseen(held, champion);
    let (new, new_right) = figures(None, trial, &letters, options)?;
    let old = champion
        .map(|old| figures(Some(old.name.clone()), &old.model, &letters, options))
        .transpose()?;
    let comparison = old.as_ref().map(|(_, old_right)| {
        let pairs = old_right.iter().copied().zip(new_right.iter().copied());
        Paired::count(pairs).compare()
    });
    Ok(Judged {
        by,
        held: held.len(),
        letters: letters.len(),
        champion_saw,
        target: options.promise.target(),
        confidence: options.promise.confidence(),
        new,
        old: old.map(|(figures, _)| figures),
        comparison,
    })
}

/// The letters that the champion has not learned from, if those are enough to judge on.
fn unseen<'l>(
    held: &[&'l LabelledLetter],
    champion: Option<&Champion>,
) -> (Vec<&'l LabelledLetter>, Option<usize>) {
    let Some(champion) = champion else {
        return (held.to_vec(), Some(0));
    };
    let Some(seen) = &champion.seen else {
        return (held.to_vec(), None);
    };
    let new: Vec<&LabelledLetter> =
        held.iter().copied().filter(|letter| !seen.contains(&letter.id)).collect();
    if new.len() >= FEWEST_JUDGED {
        return (new, Some(0));
    }
    (held.to_vec(), Some(held.len() - new.len()))
}

/// A model's figures, and of each letter whether its first guess is right.
fn figures(
    name: Option<String>,
    model: &Model,
    letters: &[&LabelledLetter],
    options: &LearnOptions,
) -> Result<(Figures, Vec<bool>), RetrainError> {
    let records: Records = judge(model, letters)?;
    let right: Vec<bool> = records.iter().map(|(truth, row)| truth == Some(best(row).0)).collect();
    let certificate = certify_model(model, &options.routing, options.promise)?;
    let applied = apply(&records, &options.routing.policy(model.labels()), &certificate);
    let count = right.iter().filter(|right| **right).count();
    let share =
        |part: usize| if letters.is_empty() { 0.0 } else { part as f64 / letters.len() as f64 };
    let figures = Figures {
        model: name,
        right: count,
        accuracy: share(count),
        routed: applied.routed,
        coverage: applied.coverage,
        errors: applied.errors,
        error: applied.error,
    };
    Ok((figures, right))
}
