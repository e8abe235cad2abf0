//! `evaluation.json`: what was measured of a version, in one document.

use std::collections::BTreeMap;

use postbud_evaluate::{Certificate, Missing, Report};
use serde::{Deserialize, Serialize};

use crate::check::{Finding, Tally};
use crate::split::DividedBy;
use crate::version::Before;

/// Everything measured of a version. The figures at the top are those of `measured_on`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The model's checksum: SHA-256 of its file, as hex.
    pub checksum: String,
    /// SHA-256 over the training letters and their labels, as hex.
    pub data_hash: String,
    /// The version of the crate that trained it.
    pub trained_by: String,
    /// The seed.
    pub seed: u64,
    /// Letters it was trained on.
    pub training_letters: usize,
    /// The same by mailbox.
    pub training_letters_by_mailbox: BTreeMap<String, usize>,
    /// Folds of the cross-fitting.
    pub folds: usize,
    /// On what the figures at the top were measured.
    pub measured_on: MeasuredOn,
    /// The figures.
    #[serde(flatten)]
    pub report: Report,
    /// The thresholds and what they rest on.
    pub certificate: NamedCertificate,
    /// The figures on the training letters, each judged by a model that had not seen it. On all
    /// of them the thresholds were chosen, so `certified` is what they were chosen for.
    pub out_of_fold: Report,
    /// What a person should look at.
    pub findings: Vec<Finding>,
    /// How the letters were divided into those to learn from and those to judge with.
    #[serde(default)]
    pub split: DividedBy,
    /// How many letters were what.
    #[serde(default)]
    pub tally: Tally,
    /// Training letters whose label is probably wrong; `label-check.json` lists them.
    #[serde(default)]
    pub suspected_labels: usize,
    /// Of so many different senders a feature must be to be known.
    #[serde(default = "one")]
    pub min_senders: u32,
    /// What was done with words, labels and files before the training.
    #[serde(default)]
    pub before: Before,
}

/// Versions from before senders counted know what a single one wrote.
fn one() -> u32 {
    1
}

/// Letters that figures were measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeasuredOn {
    /// Letters that were kept out of training altogether.
    HeldOut,
    /// Training letters, each judged by a model that had not seen it.
    OutOfFold,
}

/// A certificate by the names of mailboxes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedCertificate {
    /// The largest true error among routed letters.
    pub target: f64,
    /// The probability with which it is kept.
    pub confidence: f64,
    /// Letters it rests on.
    pub letters: usize,
    /// How many of them the thresholds route.
    pub routed: usize,
    /// How many of those are wrong.
    pub errors: usize,
    /// `routed / letters`.
    pub coverage: f64,
    /// The upper bound of the error at the thresholds chosen; `null` when nothing is certified.
    pub bound: Option<f64>,
    /// What is missing for what is not certified.
    pub missing: Missing,
    /// Per mailbox that is certified, the probability from which on letters are routed.
    pub thresholds: BTreeMap<String, f64>,
    /// The mailboxes that were certified together.
    pub groups: Vec<Vec<String>>,
}

impl NamedCertificate {
    /// Puts names to the numbers of labels.
    #[must_use]
    pub fn of(certificate: &Certificate, labels: &[String]) -> Self {
        let named = labels.iter().zip(&certificate.thresholds);
        let thresholds = named.filter_map(|(label, t)| t.map(|t| (label.clone(), t)));
        let groups = certificate.groups.iter().map(|group| {
            let names = group.labels.iter().filter_map(|&label| labels.get(label));
            names.cloned().collect()
        });
        Self {
            target: certificate.target,
            confidence: certificate.confidence,
            letters: certificate.letters,
            routed: certificate.routed,
            errors: certificate.errors,
            coverage: certificate.coverage,
            bound: certificate.bound,
            missing: certificate.missing,
            thresholds: thresholds.collect(),
            groups: groups.collect(),
        }
    }
}
