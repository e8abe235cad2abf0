//! How a version is made.

use postbud_evaluate::Promise;
use postbud_model::{Progress, TrainOptions};
use serde::{Deserialize, Serialize};

use crate::check::Mapped;
use crate::routing::Routing;
use crate::split::HeldOut;
use crate::vocabulary::WordsUsed;

/// A municipality's model knows only what letters of so many different senders have: with fewer, a name
/// or an address could be asked for.
pub const MIN_SENDERS: u32 = 3;

/// How to make a version.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnOptions {
    /// How to train. Its number of folds counts only when `folds` is none.
    pub model: TrainOptions,
    /// Folds of the cross-fitting; `None` for as many as suit the number of letters.
    pub folds: Option<usize>,
    /// Which letters are kept out of training.
    pub held_out: HeldOut,
    /// What may be routed automatically.
    pub routing: Routing,
    /// What is promised of that.
    pub promise: Promise,
    /// What the letters are, for the card.
    pub about: About,
    /// What was done before: with words, labels and files.
    pub before: Before,
}

impl LearnOptions {
    /// How to train on so many letters.
    #[must_use]
    pub fn training(&self, letters: usize) -> TrainOptions {
        let folds = self.folds.unwrap_or_else(|| suitable_folds(letters));
        TrainOptions { folds, ..self.model.clone() }
    }
}

/// How many folds suit so many letters: the fewer there are, the more each model of the
/// cross-fitting needs them, so that what is measured on it is true of the final model. Training
/// by itself takes fewer, because it measures nothing and folds cost time.
pub(crate) fn suitable_folds(letters: usize) -> usize {
    match letters {
        0..=1_999 => 20,
        2_000..=9_999 => 10,
        _ => 5,
    }
}

impl Default for LearnOptions {
    fn default() -> Self {
        Self {
            model: TrainOptions { min_senders: MIN_SENDERS, ..TrainOptions::default() },
            folds: None,
            held_out: HeldOut::None,
            routing: Routing::without(&[]),
            promise: Promise::default(),
            about: About::default(),
            before: Before::default(),
        }
    }
}

/// A sentence or two on where the letters come from, in both languages of the card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// In Danish.
    pub da: String,
    /// In English.
    pub en: String,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The letters are being checked.
    Checking,
    /// A model is being trained.
    Training(Progress),
    /// It is being judged and its thresholds are chosen.
    Evaluating,
    /// The version is being written; nothing was written before.
    Writing,
}

/// What was done to the letters and the options before they came here; told in the card and in
/// `evaluation.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Where the words of the labels come from.
    pub words: WordsUsed,
    /// What a mapping did to the labels.
    pub mapping: Option<Mapped>,
    /// Files that held no letter that can be used.
    pub skipped: usize,
    /// Labels that can be no mailbox.
    pub no_mailbox: Vec<String>,
}
