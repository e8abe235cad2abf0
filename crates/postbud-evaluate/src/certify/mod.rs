//! The promise: thresholds under which the true error of automatic routing stays below a target.
//!
//! # What is promised
//! Let `target` be the error that is allowed (2 %) and `confidence` how sure to be (95 %). Over
//! the draw of the letters the thresholds are chosen on,
//!
//! > with probability at least `confidence`, **every** certified group has a true share of wrongly
//! > routed letters of at most `target`, and so has everything that is routed together.
//!
//! A letter is wrong when it is routed to a mailbox other than its label. A group is one mailbox
//! where it has letters enough to be certified alone, otherwise the mailboxes of one pool
//! ([`Policy::pools`]) together. Groups are tested at `(1 - confidence) / number of groups`
//! (Bonferroni), so the promise is about all of them at once; the error of everything is a mean
//! of the groups' errors, weighted by their letters, and cannot exceed the largest. **A pooled
//! promise is one about the pool, not about each mailbox in it**: route to all of it or certify
//! again for those that are switched on.
//!
//! # How
//! *Learn then test* (Angelopoulos, Bates, Candès, Jordan, Lei 2021): every threshold is a
//! hypothesis "the true error above me exceeds the target"; it is rejected when so few errors as
//! were counted would happen with probability at most the level (exact binomial, the test behind
//! the Clopper–Pearson bound). Thresholds are tested in an order fixed beforehand, strictest
//! first, and the first one that is not rejected ends it; so no correction for their number is
//! needed. The last one rejected is the threshold.
//!
//! Which thresholds are tested is decided by **ranks**: that of the m-th most probable letter, for
//! a sequence of m that depends on the number of letters only (see `sequence.rs`), never on which
//! of them are wrong. Starting later than at the very first letter is what makes the test
//! possible: with ten letters nothing can be proved, and a sequence that began there would always
//! end there.
//!
//! # Why that is valid
//! Assume the letters are independent draws of the mail to come, and that the model is wrong no
//! more often where it is more certain. Let `t*` be the probability above which the true error is
//! exactly the target, and condition on how many letters `v` lie above it and on the probabilities
//! of all below. The errors above are then binomial with the target as their share, every letter
//! below is wrong with at least that probability. So for every false threshold (rank m > v) the
//! errors are stochastically at least binomial(m, target): each single test is wrong with
//! probability at most its level, and as m was fixed by numbers that are now given, the fixed
//! sequence is a valid one. Averaging over the condition gives the promise. The same holds for
//! dividing letters into groups by the number of letters each has. Without the assumption on
//! certainty the statement is still exact for the mean true error of the very letters above the
//! threshold, given their probabilities (Hoeffding 1956: a sum of unequal chances is no more
//! likely to be small than a binomial with their mean).
//!
//! # Letters unlike the training mail
//! Before anything is tested, a [`Gate`] sets letters aside whose text is strange to the model, or
//! that have next to no text. It looks at neither labels nor probabilities, so it is part of the
//! condition above: the letters it lets through are tested, the others are never routed, and the
//! promise is about those that are.
//!
//! # What it does not cover
//! Mail that changes; letters judged by a model trained on them (use out-of-fold probabilities:
//! then the promise is about models trained on four fifths of the letters, of which the final one
//! is taken to be no worse); wrong labels, which count as the model's errors or hide them; rules
//! that take letters away before the model sees them.

mod groups;
mod missing;
mod promise;
mod sequence;

use serde::{Deserialize, Serialize};

pub use missing::Missing;
pub use promise::{Promise, PromiseError};

use crate::binomial::upper_bound;
use crate::curve::count;
use crate::gate::{Familiarity, Gate};
use crate::measures::share;
use crate::policy::{Candidate, Policy};
use crate::records::Records;

/// Thresholds and what is promised of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The largest true error among routed letters.
    pub target: f64,
    /// The probability with which it is kept, all groups together.
    pub confidence: f64,
    /// Per label: letters at least this probable may be routed; `None` when none may.
    pub thresholds: Vec<Option<f64>>,
    /// The letters it rests on, those that may never be routed included.
    pub letters: usize,
    /// How many of them the thresholds route.
    pub routed: usize,
    /// How many of those are wrong.
    pub errors: usize,
    /// `routed / letters`.
    pub coverage: f64,
    /// Letters that this sets aside are never routed, whatever their probability.
    #[serde(default)]
    pub gate: Gate,
    /// How many of the letters it sets aside.
    #[serde(default)]
    pub set_aside: usize,
    /// The largest of the groups' bounds. `None` when nothing is certified. It belongs to the
    /// thresholds that were chosen; the promise is `target`.
    pub bound: Option<f64>,
    /// How many more checked letters it would take to certify the groups that were not.
    pub missing: Missing,
    /// The parts of which each was tested, certified or not.
    pub groups: Vec<Group>,
}

/// Labels that share one threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The labels.
    pub labels: Vec<usize>,
    /// Letters that would be routed to one of them were their probability high enough.
    pub candidates: usize,
    /// The confidence at which the group was tested: stricter than the promise's when there are
    /// several.
    pub confidence: f64,
    /// The loosest threshold that passed.
    pub threshold: Option<f64>,
    /// Letters it routes.
    pub routed: usize,
    /// How many of those are wrong.
    pub errors: usize,
    /// The upper Clopper–Pearson bound of their error at `confidence`.
    pub bound: Option<f64>,
    /// How many more checked letters (of all labels, in the mix seen) it would take.
    pub missing: Missing,
}

/// Chooses thresholds that keep the promise on letters like `records`, which the model must not
/// have been trained on.
#[must_use]
pub fn certify(records: &Records, policy: &Policy, promise: Promise) -> Certificate {
    let seen: Vec<Familiarity> = records.familiarity().iter().flatten().copied().collect();
    let gate = Gate::of(&seen);
    let candidates = policy.candidates(records, &gate);
    let certificate = certify_candidates(&candidates, records.len(), policy, promise);
    let set_aside = seen.iter().filter(|&&letter| gate.judge(letter).is_some()).count();
    Certificate { gate, set_aside, ..certificate }
}

pub(crate) fn certify_candidates(
    candidates: &[Candidate],
    letters: usize,
    policy: &Policy,
    promise: Promise,
) -> Certificate {
    let formed = groups::form(candidates, policy, promise);
    let groups: Vec<Group> = formed
        .members
        .into_iter()
        .map(|(labels, members)| test(labels, members, letters, promise, formed.level))
        .collect();
    let mut thresholds = vec![None; policy.pools.len()];
    for group in &groups {
        for &label in &group.labels {
            thresholds[label] = group.threshold;
        }
    }
    let applied = count(candidates, &thresholds, letters);
    Certificate {
        target: promise.target(),
        confidence: promise.confidence(),
        thresholds,
        letters,
        routed: applied.routed,
        errors: applied.errors,
        coverage: share(applied.routed, letters),
        gate: Gate::default(),
        set_aside: 0,
        bound: groups.iter().filter_map(|g| g.bound).reduce(f64::max),
        missing: groups.iter().map(|g| g.missing).max().unwrap_or_default(),
        groups,
    }
}

/// Tests one group at `level`; its members come in any order.
fn test(
    labels: Vec<usize>,
    mut members: Vec<Candidate>,
    letters: usize,
    promise: Promise,
    level: f64,
) -> Group {
    crate::curve::sort(&mut members);
    let passed = sequence::last_passed(&members, promise.target(), level);
    let missing = if passed.is_some() {
        Missing::Nothing
    } else {
        missing::estimate(&members, letters, promise.target(), level)
    };
    let confidence = 1.0 - level;
    let bound = |p: &sequence::Passed| upper_bound(p.errors as u64, p.letters as u64, confidence);
    Group {
        labels,
        candidates: members.len(),
        confidence,
        threshold: passed.as_ref().map(|passed| passed.threshold),
        routed: passed.as_ref().map_or(0, |passed| passed.letters),
        errors: passed.as_ref().map_or(0, |passed| passed.errors),
        bound: passed.as_ref().map(bound),
        missing,
    }
}

#[cfg(test)]
mod tests;
