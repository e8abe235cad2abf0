//! What is gained and what is risked at every threshold.

use serde::{Deserialize, Serialize};

use crate::certify::Certificate;
use crate::gate::Gate;
use crate::measures::share;
use crate::policy::{Candidate, Policy};
use crate::records::Records;

/// One point of the risk–coverage curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Letters at least this probable are routed.
    pub threshold: f64,
    /// The share of all letters that is routed.
    pub coverage: f64,
    /// The share of the routed letters that went wrong.
    pub error: f64,
}

/// The risk–coverage curve with one threshold for all labels, from the strictest to the one that
/// routes all the policy allows; at most `points` points, about evenly spread over the letters.
#[must_use]
pub fn curve(records: &Records, policy: &Policy, points: usize) -> Vec<Point> {
    let mut candidates = policy.candidates(records, &Gate::default());
    sort(&mut candidates);
    let step = candidates.len().div_ceil(points.max(1)).max(1);
    let mut curve = Vec::new();
    let (mut wrong, mut waiting) = (0, 0);
    for (index, candidate) in candidates.iter().enumerate() {
        wrong += usize::from(candidate.wrong);
        waiting += 1;
        let next = candidates.get(index + 1);
        // Letters of the same probability are routed together.
        let apart = next.is_none_or(|next| next.probability < candidate.probability);
        if apart && (waiting >= step || next.is_none()) {
            waiting = 0;
            curve.push(Point {
                threshold: candidate.probability,
                coverage: share(index + 1, records.len()),
                error: share(wrong, index + 1),
            });
        }
    }
    curve
}

/// Most probable first.
pub(crate) fn sort(candidates: &mut [Candidate]) {
    candidates.sort_by(|a, b| b.probability.total_cmp(&a.probability));
}

/// What certified thresholds do to other letters than those they were chosen on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// All letters.
    pub letters: usize,
    /// How many are routed.
    pub routed: usize,
    /// How many of those go to a mailbox that is not their label.
    pub errors: usize,
    /// `routed / letters`.
    pub coverage: f64,
    /// `errors / routed`; 0 when nothing is routed.
    pub error: f64,
}

/// Applies the thresholds of a certificate. Give it letters that played no part in choosing
/// them, and the policy they were certified for.
#[must_use]
pub fn apply(records: &Records, policy: &Policy, certificate: &Certificate) -> Applied {
    let candidates = policy.candidates(records, &certificate.gate);
    count(&candidates, &certificate.thresholds, records.len())
}

pub(crate) fn count(all: &[Candidate], thresholds: &[Option<f64>], letters: usize) -> Applied {
    let routed = |candidate: &&Candidate| {
        let threshold = thresholds.get(candidate.label).copied().flatten();
        threshold.is_some_and(|threshold| candidate.probability >= threshold)
    };
    let (routed, errors) = all
        .iter()
        .filter(routed)
        .fold((0, 0), |(n, k), candidate| (n + 1, k + usize::from(candidate.wrong)));
    Applied {
        letters,
        routed,
        errors,
        coverage: share(routed, letters),
        error: share(errors, routed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_one_probability_are_one_point() {
        let mut records = Records::new(2).unwrap();
        for (truth, p) in [(0, 0.9), (0, 0.8), (1, 0.8), (0, 0.6)] {
            records.push(Some(truth), &[p, 1.0 - p]).unwrap();
        }
        let points = curve(&records, &Policy::all(2), 100);
        let shown: Vec<_> = points.iter().map(|p| (p.threshold, p.coverage)).collect();
        assert_eq!(shown, [(0.9, 0.25), (0.8, 0.75), (0.6, 1.0)]);
        assert!((points[1].error - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(curve(&records, &Policy::all(2), 1).len(), 1);
        assert!(curve(&records, &Policy::without(2, &[0, 1]), 100).is_empty());
    }
}
