//! What may be routed automatically, by the names of mailboxes, and the thresholds for it.

use std::collections::BTreeSet;

use postbud_evaluate::{Certificate, Policy, Promise, RecordError, certify};
use postbud_model::Model;

use crate::judge::out_of_fold;

/// The pools of mailboxes that are certified together.
const ORDINARY: u16 = 0;

/// What the router allows, by label.
///
/// A certificate is about exactly the mailboxes that may be routed to: certify for those that are
/// switched on, and again when one is switched on or off.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Routing {
    /// Nothing is routed there by the model: switched off, never automatic, no such mailbox
    /// (`andet`).
    pub never: BTreeSet<String>,
    /// Their letters must not be missed: what may belong to one of them is not routed elsewhere.
    pub guarded: BTreeSet<String>,
    /// A letter may belong to a guarded mailbox when that is more probable than this.
    pub guard_limit: f64,
}

impl Routing {
    /// All may be routed but these; nothing is guarded.
    #[must_use]
    pub fn without(never: &[&str]) -> Self {
        Self {
            never: never.iter().map(|&label| label.to_owned()).collect(),
            guarded: BTreeSet::new(),
            guard_limit: 1.0,
        }
    }

    /// The same by number, for a model with these labels.
    #[must_use]
    pub fn policy(&self, labels: &[String]) -> Policy {
        let pool = |label: &String| (!self.never.contains(label)).then_some(ORDINARY);
        Policy {
            pools: labels.iter().map(pool).collect(),
            guarded: labels.iter().map(|label| self.guarded.contains(label)).collect(),
            guard_limit: self.guard_limit,
        }
    }
}

/// Chooses the thresholds of a model that keep the promise, on what the model's file holds about
/// its training letters (out-of-fold probabilities); by the order of [`Model::labels`].
///
/// # Errors
/// [`RecordError`] when the model's file holds no probabilities.
pub fn certify_model(
    model: &Model,
    routing: &Routing,
    promise: Promise,
) -> Result<Certificate, RecordError> {
    let records = out_of_fold(model)?;
    Ok(certify(&records, &routing.policy(model.labels()), promise))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_numbers() {
        let mut routing = Routing::without(&["andet", "unknown"]);
        routing.guarded.insert("boern-familie".to_owned());
        let labels = ["andet", "boern-familie", "vej-park"].map(str::to_owned);
        let policy = routing.policy(&labels);
        assert_eq!(policy.pools, [None, Some(0), Some(0)]);
        assert_eq!(policy.guarded, [false, true, false]);
    }
}
