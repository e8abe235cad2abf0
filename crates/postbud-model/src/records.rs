//! What the model said of every training letter while it did not know it: the evidence that
//! thresholds are certified on.

use serde::{Deserialize, Serialize};

use crate::softmax::argmax;

/// The out-of-fold probabilities of all training letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutOfFold {
    labels: u32,
    truth: Vec<u16>,
    /// Letters × labels, in 1/65,535.
    probabilities: Vec<u16>,
    /// Stored apart, at the end of the file: files of earlier versions have none.
    #[serde(skip)]
    pub(crate) familiarity: Familiarity,
    /// The language of each letter as the caller counts them; empty where nobody said. Stored at the
    /// very end, from format 3 on.
    #[serde(skip)]
    pub(crate) languages: Vec<u8>,
}

/// How familiar each letter was to the model that judged it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Familiarity {
    /// The share of known n-grams of characters, in 1/65,535.
    known: Vec<u16>,
    /// How many n-grams of characters the letter has.
    grams: Vec<u32>,
}

impl Familiarity {
    /// Do the numbers fit together for so many letters?
    pub(crate) fn consistent(&self, letters: usize) -> bool {
        self.known.len() == self.grams.len() && [0, letters].contains(&self.known.len())
    }
}

/// One letter's record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    /// Position of the label that the model found most probable.
    pub predicted: usize,
    /// Its probability.
    pub probability: f64,
    /// Position of the label a person gave.
    pub truth: usize,
}

impl Record {
    /// Was the model right?
    #[must_use]
    pub fn correct(&self) -> bool {
        self.predicted == self.truth
    }
}

const FULL: f64 = 65_535.0;

impl OutOfFold {
    pub(crate) fn new(labels: usize) -> Self {
        Self { labels: u32::try_from(labels).unwrap_or(u32::MAX), ..Self::default() }
    }

    /// Adds a letter of whose `grams` n-grams a share `known` is known.
    pub(crate) fn push(&mut self, truth: u32, probabilities: &[f64], known: f64, grams: u32) {
        self.familiarity.known.push((known * FULL) as u16);
        self.familiarity.grams.push(grams);
        self.truth.push(u16::try_from(truth).unwrap_or(u16::MAX));
        // Rounded down, so that no stored probability is larger than the real one; the smallest
        // step is 0.0000153.
        self.probabilities.extend(probabilities.iter().map(|p| (p * FULL) as u16));
    }

    /// Number of letters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.truth.len()
    }

    /// No letters?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.truth.is_empty()
    }

    /// Probability of each label for one letter; empty beyond the last.
    #[must_use]
    pub fn probabilities(&self, letter: usize) -> Vec<f64> {
        let width = self.labels as usize;
        let row = self.probabilities.get(letter * width..(letter + 1) * width);
        row.unwrap_or_default().iter().map(|&p| f64::from(p) / FULL).collect()
    }

    /// The share of one letter's n-grams of characters that was known to the model that judged it,
    /// and how many n-grams it has: [`Prediction::known`](crate::Prediction::known) and
    /// [`Prediction::grams`](crate::Prediction::grams). `None` beyond the last letter, and where a
    /// model file of an earlier version does not say.
    #[must_use]
    pub fn familiarity(&self, letter: usize) -> Option<(f64, u32)> {
        let known = f64::from(*self.familiarity.known.get(letter)?) / FULL;
        Some((known, *self.familiarity.grams.get(letter)?))
    }

    /// One letter's language, in the numbers that [`Example::language`](crate::Example::language)
    /// had. `None` beyond the last letter, where training was told none, and in files of format 2.
    #[must_use]
    pub fn language(&self, letter: usize) -> Option<u8> {
        self.languages.get(letter).copied()
    }

    /// One letter's record.
    #[must_use]
    pub fn record(&self, letter: usize) -> Option<Record> {
        let truth = usize::from(*self.truth.get(letter)?);
        let row = self.probabilities(letter);
        let predicted = argmax(&row);
        Some(Record { predicted, probability: *row.get(predicted)?, truth })
    }

    /// All records, in the order of the training letters.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        (0..self.len()).filter_map(|letter| self.record(letter)).collect()
    }

    /// Do the numbers fit together for `labels` labels?
    pub(crate) fn consistent(&self, labels: usize) -> bool {
        self.labels as usize == labels
            && self.truth.len().checked_mul(labels) == Some(self.probabilities.len())
            && self.truth.iter().all(|&truth| usize::from(truth) < labels)
            && self.familiarity.consistent(self.truth.len())
            && [0, self.truth.len()].contains(&self.languages.len())
    }
}
