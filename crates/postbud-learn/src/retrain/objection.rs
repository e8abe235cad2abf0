//! What speaks against letting a new version take over. "Not worse" means: none of these.

use postbud_evaluate::{at_most, lower_bound};
use serde::{Deserialize, Serialize};

use super::compare::Judged;

/// With fewer letters to judge on, a difference would have to be enormous to be seen.
pub const FEWEST_JUDGED: usize = 30;
/// The new model is worse when as few of the letters about which they differ, or fewer, fell on
/// its side with at most this chance if both were equally good (exact McNemar test, one-sided).
pub const RISK_OF_WORSE: f64 = 0.05;
/// The share of letters that is routed automatically may fall by so much.
pub const MOST_COVERAGE_LOST: f64 = 0.02;

/// Something that speaks against it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "objection")]
pub enum Objection {
    /// There were too few letters to judge on.
    TooFewJudged {
        /// So many.
        letters: usize,
        /// So many more are needed.
        missing: usize,
    },
    /// It is right less often than the champion, and chance hardly explains it.
    Worse {
        /// The chance of it between equally good models.
        p_value: f64,
    },
    /// Fewer letters would be routed automatically.
    RoutesLess {
        /// Share of letters the champion routes.
        old: f64,
        /// Share of letters it would route.
        new: f64,
    },
    /// More of the letters it routes go wrong than was promised, and chance does not explain it.
    BreaksPromise {
        /// What was promised.
        target: f64,
        /// The true error is at least this, with the confidence of the promise.
        at_least: f64,
    },
    /// It does not know mailboxes that the champion knows: their letters are missing.
    Forgets {
        /// The mailboxes.
        mailboxes: Vec<String>,
    },
}

/// Everything that speaks against it. Without a champion nothing can be worse, and whoever asks
/// for a first model gets it, if it keeps its promise.
pub(super) fn objections(judged: Option<&Judged>, forgotten: Vec<String>) -> Vec<Objection> {
    let mut objections = Vec::new();
    if !forgotten.is_empty() {
        objections.push(Objection::Forgets { mailboxes: forgotten });
    }
    let letters = judged.map_or(0, |judged| judged.letters);
    let first = judged.is_some_and(|judged| judged.old.is_none());
    if letters < FEWEST_JUDGED && !first {
        let missing = FEWEST_JUDGED - letters;
        objections.push(Objection::TooFewJudged { letters, missing });
    }
    let Some(judged) = judged else {
        return objections;
    };
    if let Some(comparison) = &judged.comparison {
        let differ = comparison.paired.only_first + comparison.paired.only_second;
        let p_value = at_most(comparison.paired.only_second, differ, 0.5);
        if differ > 0 && p_value <= RISK_OF_WORSE {
            objections.push(Objection::Worse { p_value });
        }
    }
    if let Some(old) = &judged.old
        && judged.new.coverage < old.coverage - MOST_COVERAGE_LOST
    {
        objections.push(Objection::RoutesLess { old: old.coverage, new: judged.new.coverage });
    }
    let (errors, routed) = (judged.new.errors as u64, judged.new.routed as u64);
    let at_least = lower_bound(errors, routed, judged.confidence);
    if at_least > judged.target {
        objections.push(Objection::BreaksPromise { target: judged.target, at_least });
    }
    objections
}
