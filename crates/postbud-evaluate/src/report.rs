//! Everything that is measured of a model on one set of letters, as one document.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::certify::Certificate;
use crate::confusion::{Confusion, LabelFigures};
use crate::curve::{Applied, Point, apply, curve};
use crate::guarded::{GuardedFigures, guarded};
use crate::measures::{Bin, accuracy, calibration_error, log_loss, reliability, top};
use crate::policy::Policy;
use crate::records::Records;

/// Confidence of the intervals of single mailboxes.
const INTERVALS: f64 = 0.95;
/// Points of the curve at most.
const POINTS: usize = 100;
/// Confused pairs that are listed.
const PAIRS: usize = 20;

/// The figures of a model on labelled letters it was not trained on. Shares are 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How many letters.
    pub letters: usize,
    /// Share whose first guess is right.
    pub accuracy: f64,
    /// Mean F1 of the mailboxes, each counting the same.
    pub macro_f1: f64,
    /// Mean `-ln` of the probability of the true label.
    pub log_loss: f64,
    /// Expected calibration error, 15 bins.
    pub calibration_error: f64,
    /// Share whose true label is among the first three.
    pub top3: f64,
    /// What the certified thresholds do to these letters; absent without a certificate.
    pub certified: Option<Certified>,
    /// Per mailbox that must not miss a letter, what becomes of its letters under the certified
    /// thresholds; empty without a certificate.
    #[serde(default)]
    pub guarded: BTreeMap<String, GuardedFigures>,
    /// Risk and coverage at every threshold.
    pub curve: Vec<Point>,
    /// Per mailbox, by its id.
    pub mailboxes: BTreeMap<String, LabelFigures>,
    /// What is most often taken for what.
    pub confused: Vec<Confused>,
    /// The reliability diagram.
    pub reliability: Vec<Bin>,
}

/// Certified thresholds, applied.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Certified {
    /// The promise: at most this error …
    pub target: f64,
    /// … with this confidence.
    pub confidence: f64,
    /// What came of it on these letters.
    #[serde(flatten)]
    pub applied: Applied,
}

/// Letters of one mailbox that the model would put into another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confused {
    /// Where they belong; `None` for a label the model does not know.
    pub label: Option<String>,
    /// Where they would go.
    pub guess: String,
    /// How many.
    pub letters: u64,
}

impl Report {
    /// Measures everything. `names` are the labels in order; the certificate is one that was
    /// chosen on other letters, with the policy it was chosen for.
    #[must_use]
    pub fn of(
        records: &Records,
        names: &[String],
        policy: &Policy,
        certificate: Option<&Certificate>,
    ) -> Self {
        let confusion = Confusion::of(records);
        let name = |label: usize| names.get(label).cloned();
        let named = |label: usize| name(label).unwrap_or_else(|| label.to_string());
        let figures = confusion.figures(INTERVALS).into_iter().enumerate();
        let confused = confusion.most_confused(PAIRS).into_iter();
        let certified = |certificate: &Certificate| Certified {
            target: certificate.target,
            confidence: certificate.confidence,
            applied: apply(records, policy, certificate),
        };
        Self {
            letters: records.len(),
            accuracy: accuracy(records),
            macro_f1: confusion.macro_f1(),
            log_loss: log_loss(records),
            calibration_error: calibration_error(records),
            top3: top(records, 3),
            certified: certificate.map(certified),
            guarded: certificate
                .map(|certificate| guarded(records, policy, certificate))
                .unwrap_or_default()
                .into_iter()
                .map(|(label, figures)| (named(label), figures))
                .collect(),
            curve: curve(records, policy, POINTS),
            mailboxes: figures.map(|(label, figures)| (named(label), figures)).collect(),
            confused: confused
                .map(|(truth, guess, letters)| Confused {
                    label: name(truth),
                    guess: named(guess),
                    letters,
                })
                .collect(),
            reliability: reliability(records),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certify::{Promise, certify};

    #[test]
    fn the_document_has_the_keys_that_are_documented() {
        let mut records = Records::new(2).unwrap();
        for n in 0..400_u32 {
            let p = 0.99 - f64::from(n) / 1_000.0;
            records.push(Some(usize::from(n > 380)), &[p, 1.0 - p]).unwrap();
        }
        let names = ["vej-park".to_owned(), "ældre".to_owned()];
        let mut policy = Policy::all(2);
        policy.guarded[1] = true;
        let certificate = certify(&records, &policy, Promise::default());
        let report = Report::of(&records, &names, &policy, Some(&certificate));
        let json = serde_json::to_value(&report).unwrap();
        let keys = ["letters", "accuracy", "macro_f1", "log_loss", "calibration_error", "top3"];
        for key in keys {
            assert!(json[key].is_number(), "{key}");
        }
        for key in ["target", "confidence", "coverage", "error"] {
            assert!(json["certified"][key].is_number(), "{key}");
        }
        for key in ["letters", "missed", "recall"] {
            assert!(json["guarded"]["ældre"][key].is_number(), "{key}");
        }
        for key in ["threshold", "coverage", "error"] {
            assert!(json["curve"][0][key].is_number(), "{key}");
        }
        for key in ["letters", "precision", "recall"] {
            assert!(json["mailboxes"]["ældre"][key].is_number(), "{key}");
        }
        assert_eq!(json["confused"][0]["label"], "ældre");
        let back: Report = serde_json::from_value(json).unwrap();
        assert_eq!(back, report);
    }
}
