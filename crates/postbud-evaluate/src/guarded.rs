//! What becomes of the letters of mailboxes that must not miss one.

use serde::{Deserialize, Serialize};

use crate::binomial::{Interval, clopper_pearson};
use crate::certify::Certificate;
use crate::measures::share;
use crate::policy::Policy;
use crate::records::Records;

/// Where the letters of one guarded mailbox go under the thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GuardedFigures {
    /// Letters that belong there.
    pub letters: usize,
    /// Routed there without a person.
    pub routed: usize,
    /// To a person, first in line: the model thinks the mailbox possible.
    pub first_in_line: usize,
    /// To a person in their turn: the model did not think of the mailbox.
    pub in_turn: usize,
    /// Routed elsewhere: missed.
    pub missed: usize,
    /// The share that is not missed; 1 without letters.
    pub recall: f64,
    /// Where the true share lies: two-sided Clopper–Pearson, 95 %.
    pub recall_interval: Interval,
}

const CONFIDENCE: f64 = 0.95;

/// The figures of every guarded label, by its number. Give it letters that played no part in
/// choosing the thresholds, and the policy they were certified for.
#[must_use]
pub(crate) fn guarded(
    records: &Records,
    policy: &Policy,
    certificate: &Certificate,
) -> Vec<(usize, GuardedFigures)> {
    let labels =
        (0..records.labels()).filter(|&label| policy.guarded.get(label).copied().unwrap_or(false));
    labels.map(|label| (label, of_label(label, records, policy, certificate))).collect()
}

fn of_label(
    label: usize,
    records: &Records,
    policy: &Policy,
    certificate: &Certificate,
) -> GuardedFigures {
    let (mut letters, mut routed, mut first_in_line, mut missed) = (0, 0, 0, 0);
    let rows = policy.rows(records, &certificate.gate);
    for ((_, row), candidate) in
        records.iter().zip(rows).filter(|((truth, _), _)| *truth == Some(label))
    {
        letters += 1;
        let goes = candidate.filter(|candidate| {
            let threshold = certificate.thresholds.get(candidate.label).copied().flatten();
            threshold.is_some_and(|threshold| candidate.probability >= threshold)
        });
        let possible = row.get(label).is_some_and(|&p| p > policy.guard_limit);
        match goes {
            Some(candidate) if candidate.label == label => routed += 1,
            Some(_) => missed += 1,
            None => first_in_line += usize::from(possible),
        }
    }
    let kept = letters - missed;
    GuardedFigures {
        letters,
        routed,
        first_in_line,
        in_turn: kept - routed - first_in_line,
        missed,
        recall: if letters == 0 { 1.0 } else { share(kept, letters) },
        recall_interval: clopper_pearson(kept as u64, letters as u64, CONFIDENCE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certify::{Promise, certify};

    #[test]
    fn every_letter_is_somewhere() {
        let mut records = Records::new(2).unwrap();
        for _ in 0..200 {
            records.push(Some(0), &[0.99, 0.01]).unwrap();
        }
        let mut policy = Policy::all(2);
        policy.guarded[1] = true;
        policy.guard_limit = 0.05;
        let certificate = certify(&records, &policy, Promise::default());
        let mut judged = Records::new(2).unwrap();
        // Taken for another with certainty; thought possible; thought impossible, but nobody sure.
        for (row, times) in [([0.999, 0.001], 1), ([0.8, 0.2], 2), ([0.96, 0.04], 3)] {
            for _ in 0..times {
                judged.push(Some(1), &row).unwrap();
            }
        }
        judged.push(Some(0), &[1.0, 0.0]).unwrap();
        let figures = guarded(&judged, &policy, &certificate);
        let (label, found) = figures[0];
        assert_eq!((figures.len(), label, found.letters), (1, 1, 6));
        assert_eq!((found.missed, found.first_in_line, found.in_turn), (1, 2, 3));
        assert!((found.recall - 5.0 / 6.0).abs() < 1e-12);
        // With the limit at 0 nothing that is possible at all is missed.
        policy.guard_limit = 0.0;
        assert_eq!(guarded(&judged, &policy, &certificate)[0].1.missed, 0);
    }
}
