//! What is judged: for each letter where it belongs, and what the model said.

use crate::gate::Familiarity;

/// The most labels a model may have here.
pub const MAX_LABELS: usize = 10_000;

/// Rounding that is forgiven in a row's sum, per label: probabilities may have been stored in
/// 16 bits, rounded down.
const ROUNDING: f64 = 2e-5;

/// Letters with their true label and the model's probability of every label.
///
/// The figures of this crate are about letters like these, so the probabilities must come from a
/// model that was not trained on them: held out, or out of fold.
#[derive(Debug, Clone, PartialEq)]
pub struct Records {
    labels: usize,
    truths: Vec<Option<u32>>,
    /// Row by row, `labels` numbers each.
    probabilities: Vec<f64>,
    /// Per letter, where it is known.
    familiarity: Vec<Option<Familiarity>>,
    /// Per letter, where it is known, as a number of the caller's.
    languages: Vec<Option<u8>>,
}

/// A letter cannot be judged.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RecordError {
    /// A model has 1 to [`MAX_LABELS`] labels.
    #[error("a model has between 1 and {MAX_LABELS} labels, not {labels}")]
    Labels {
        /// How many were given.
        labels: usize,
    },
    /// Another number of probabilities than labels.
    #[error("letter {letter} has {found} probabilities for {labels} labels")]
    Length {
        /// Which letter, counted from 0.
        letter: usize,
        /// How many probabilities it has.
        found: usize,
        /// How many labels there are.
        labels: usize,
    },
    /// The true label does not exist.
    #[error("letter {letter} has label number {truth}, but there are {labels}")]
    Truth {
        /// Which letter, counted from 0.
        letter: usize,
        /// Its label.
        truth: usize,
        /// How many labels there are.
        labels: usize,
    },
    /// Not probabilities: not between 0 and 1, not a number, or they do not add up to 1.
    #[error("the probabilities of letter {letter} are none: each is 0 to 1 and they add up to 1")]
    Probabilities {
        /// Which letter, counted from 0.
        letter: usize,
    },
}

impl Records {
    /// No letters yet, for a model with so many labels.
    ///
    /// # Errors
    /// [`RecordError::Labels`].
    pub fn new(labels: usize) -> Result<Self, RecordError> {
        if (1..=MAX_LABELS).contains(&labels) {
            Ok(Self {
                labels,
                truths: Vec::new(),
                probabilities: Vec::new(),
                familiarity: Vec::new(),
                languages: Vec::new(),
            })
        } else {
            Err(RecordError::Labels { labels })
        }
    }

    /// Adds a letter. `truth` is the number of its label, `None` when the model does not know
    /// the label: such a letter is wrong wherever it goes.
    ///
    /// # Errors
    /// [`RecordError`] when the numbers are no probabilities of these labels.
    pub fn push(&mut self, truth: Option<usize>, row: &[f64]) -> Result<(), RecordError> {
        let (letter, labels) = (self.truths.len(), self.labels);
        if row.len() != labels {
            return Err(RecordError::Length { letter, found: row.len(), labels });
        }
        if let Some(truth) = truth.filter(|&truth| truth >= labels) {
            return Err(RecordError::Truth { letter, truth, labels });
        }
        let sum: f64 = row.iter().sum();
        if row.iter().any(|p| !(0.0..=1.0).contains(p))
            || (sum - 1.0).abs() > 1e-6 + ROUNDING * labels as f64
        {
            return Err(RecordError::Probabilities { letter });
        }
        self.truths.push(truth.and_then(|truth| u32::try_from(truth).ok()));
        self.probabilities.extend_from_slice(row);
        self.familiarity.push(None);
        self.languages.push(None);
        Ok(())
    }

    /// As [`Records::push`], with what a [`Gate`](crate::Gate) looks at.
    ///
    /// # Errors
    /// As [`Records::push`].
    pub fn push_seen(
        &mut self,
        truth: Option<usize>,
        row: &[f64],
        seen: Option<Familiarity>,
    ) -> Result<(), RecordError> {
        self.push(truth, row)?;
        if let Some(last) = self.familiarity.last_mut() {
            *last = seen;
        }
        Ok(())
    }

    /// Per letter, how familiar its text is; `None` where nobody has said.
    #[must_use]
    pub fn familiarity(&self) -> &[Option<Familiarity>] {
        &self.familiarity
    }

    /// Says in which language the letter is that was added last, by any number for each.
    pub fn note_language(&mut self, language: Option<u8>) {
        if let Some(last) = self.languages.last_mut() {
            *last = language;
        }
    }

    /// Per letter, its language; `None` where nobody has said.
    #[must_use]
    pub fn languages(&self) -> &[Option<u8>] {
        &self.languages
    }

    /// How many labels the model has.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// How many letters there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.truths.len()
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.truths.is_empty()
    }

    /// All letters: the number of the true label and the probabilities.
    pub fn iter(&self) -> impl Iterator<Item = (Option<usize>, &[f64])> {
        let truths = self.truths.iter().map(|truth| truth.map(|t| t as usize));
        truths.zip(self.probabilities.chunks_exact(self.labels))
    }
}

/// The most probable label and its probability; the first of equals, as the router ranks them.
/// Label 0 for an empty row.
#[must_use]
pub fn best(row: &[f64]) -> (usize, f64) {
    let mut best = (0, f64::NEG_INFINITY);
    for (label, &probability) in row.iter().enumerate() {
        if probability > best.1 {
            best = (label, probability);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_probability_is_refused() {
        let mut records = Records::new(2).unwrap();
        records.push(Some(1), &[0.25, 0.75]).unwrap();
        records.push(None, &[1.0, 0.0]).unwrap();
        let nan = f64::NAN;
        for row in [[nan, 1.0], [nan, nan], [-0.5, 1.5], [0.3, 0.3]] {
            let error = records.push(Some(0), &row).unwrap_err();
            assert_eq!(error, RecordError::Probabilities { letter: 2 });
        }
        assert!(matches!(
            records.push(Some(2), &[0.5, 0.5]),
            Err(RecordError::Truth { truth: 2, .. })
        ));
        assert!(matches!(records.push(Some(0), &[1.0]), Err(RecordError::Length { found: 1, .. })));
        assert_eq!(records.len(), 2);
        assert!(Records::new(0).is_err() && Records::new(MAX_LABELS + 1).is_err());
    }

    #[test]
    fn the_first_of_equals_is_best() {
        assert_eq!(best(&[0.2, 0.4, 0.4]), (1, 0.4));
    }
}
