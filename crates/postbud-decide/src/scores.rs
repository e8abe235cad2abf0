//! What a model said of a letter, in the form a decision needs.

use std::fmt;

use postbud_letter::language::Language;
use serde::{Deserialize, Serialize};

use crate::MailboxId;

/// Names one version of a model: `klitkobing/1@9f2c…` (name, version, checksum).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModelId(pub String);

/// One mailbox's score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// Calibrated probability, 0 to 1.
    pub probability: f64,
    /// The certified threshold of this mailbox; `None` when it could not be certified.
    pub threshold: Option<f64>,
}

/// A word and how much it moved a score, in logits before calibration.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// The word as it stands in the letter. Empty, and then last: everything else together, so that
    /// all weights add up to the score.
    pub word: String,
    /// Positive: spoke for the mailbox; negative: against it.
    pub weight: f64,
}

impl Contribution {
    /// Is this everything that is not named word by word?
    #[must_use]
    pub fn is_rest(&self) -> bool {
        self.word.is_empty()
    }
}

impl fmt::Debug for Contribution {
    /// Leaves the word out: it is text of a letter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contribution").field("weight", &self.weight).finish_non_exhaustive()
    }
}

/// Why a letter is too unlike the training mail for the model's word to count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "unlike")]
pub enum Unlike {
    /// There is next to no text.
    NearlyEmpty,
    /// Too little of the text is like what the model has learnt.
    Words {
        /// The share that the model knows, 0 to 1.
        known: f64,
        /// The least with which a letter counts as familiar.
        least: f64,
    },
}

/// How a letter's text looked to the model. Holds none of it; kept with a decision so that later
/// letters can be compared with those that the model was trained on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TextNote {
    /// The share of its n-grams of characters that the model knows, 0 to 1.
    pub known: f64,
    /// How many n-grams of characters it has, known or not.
    pub grams: u32,
    /// Its language at a glance; none in decisions from before it was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
}

/// A model's answer for one letter: every mailbox it knows, most probable first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Which model answered.
    pub model: ModelId,
    /// All mailboxes, by falling probability, ties by id. Probabilities add up to 1.
    pub ranked: Vec<Score>,
    /// The words that spoke most for and against the first, largest absolute weight first; then,
    /// where the model says so, everything else.
    pub words: Vec<Contribution>,
    /// Set when the letter is unlike the training mail: then a person decides, whatever the
    /// probabilities are.
    #[serde(default)]
    pub unlike: Option<Unlike>,
    /// How the text looked to it, where the model says so.
    #[serde(default)]
    pub text: Option<TextNote>,
}
