//! Which letters may be routed automatically at all, whatever their probability.

use crate::gate::Gate;
use crate::records::{Records, best};

/// What the router allows, by number of label.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Per label: `None` when nothing is routed there by the model; otherwise with which others
    /// it is certified when it has too few letters to be certified alone (one number per tier,
    /// or the same for all).
    pub pools: Vec<Option<u16>>,
    /// Per label: must its letters not be missed? Then no letter is routed elsewhere that may
    /// belong there.
    pub guarded: Vec<bool>,
    /// A letter may belong to a guarded label when that is more probable than this.
    pub guard_limit: f64,
}

/// A letter that would be routed if its probability is high enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) label: usize,
    pub(crate) probability: f64,
    pub(crate) wrong: bool,
}

impl Policy {
    /// Everything may be routed, nothing is guarded.
    #[must_use]
    pub fn all(labels: usize) -> Self {
        Self { pools: vec![Some(0); labels], guarded: vec![false; labels], guard_limit: 1.0 }
    }

    /// Everything but these labels may be routed, nothing is guarded.
    #[must_use]
    pub fn without(labels: usize, never: &[usize]) -> Self {
        let mut policy = Self::all(labels);
        for &label in never {
            if let Some(pool) = policy.pools.get_mut(label) {
                *pool = None;
            }
        }
        policy
    }

    /// With which others a label is certified; `None` when it never is.
    #[must_use]
    pub fn pool(&self, label: usize) -> Option<u16> {
        self.pools.get(label).copied().flatten()
    }

    /// The label and probability with which a letter would be routed, if it may be at all.
    #[must_use]
    pub fn admits(&self, row: &[f64]) -> Option<(usize, f64)> {
        let (label, probability) = best(row);
        self.pool(label)?;
        let guarded = |other: usize| self.guarded.get(other).copied().unwrap_or(false);
        let missed =
            |(other, &p): (usize, &f64)| other != label && guarded(other) && p > self.guard_limit;
        let all = row.iter().enumerate();
        (!all.into_iter().any(missed)).then_some((label, probability))
    }

    /// The letters that may be routed and that `gate` lets through.
    pub(crate) fn candidates(&self, records: &Records, gate: &Gate) -> Vec<Candidate> {
        self.rows(records, gate).flatten().collect()
    }

    /// Every letter: as a candidate where it may be routed.
    pub(crate) fn rows(
        &self,
        records: &Records,
        gate: &Gate,
    ) -> impl Iterator<Item = Option<Candidate>> {
        records.iter().zip(records.familiarity()).map(move |((truth, row), seen)| {
            if seen.is_some_and(|seen| gate.judge(seen).is_some()) {
                return None;
            }
            let (label, probability) = self.admits(row)?;
            let wrong = truth != Some(label);
            Some(Candidate { label, probability, wrong })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_may_belong_to_a_guarded_label_goes_nowhere_else() {
        let mut policy = Policy::without(3, &[2]);
        policy.guarded[1] = true;
        policy.guard_limit = 0.05;
        assert_eq!(policy.admits(&[0.95, 0.05, 0.0]), Some((0, 0.95)));
        assert_eq!(policy.admits(&[0.9, 0.06, 0.04]), None);
        // To the guarded label itself it may go.
        assert_eq!(policy.admits(&[0.1, 0.9, 0.0]), Some((1, 0.9)));
        assert_eq!(policy.admits(&[0.0, 0.0, 1.0]), None);
    }
}
