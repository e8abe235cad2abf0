//! Which mailbox is taken for which, and how each does by itself.

use serde::{Deserialize, Serialize};

use crate::binomial::{Interval, clopper_pearson};
use crate::measures::share;
use crate::records::{Records, best};

/// How many letters of each label the model put under each label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// `counts[truth][guess]`; one further row at the end for letters whose label the model does
    /// not know.
    pub counts: Vec<Vec<u64>>,
}

/// How one label does. Intervals are two-sided Clopper–Pearson, each by itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LabelFigures {
    /// Letters that belong there.
    pub letters: u64,
    /// Letters that the model would put there.
    pub guessed: u64,
    /// Letters that it would put there rightly.
    pub right: u64,
    /// `right / guessed`; 0 when nothing was guessed.
    pub precision: f64,
    /// Where the true precision lies.
    pub precision_interval: Interval,
    /// `right / letters`; 0 when there are none.
    pub recall: f64,
    /// Where the true recall lies.
    pub recall_interval: Interval,
    /// The harmonic mean of both.
    pub f1: f64,
}

impl Confusion {
    /// Counts the letters.
    #[must_use]
    pub fn of(records: &Records) -> Self {
        let labels = records.labels();
        let mut counts = vec![vec![0; labels]; labels + 1];
        for (truth, row) in records.iter() {
            counts[truth.unwrap_or(labels)][best(row).0] += 1;
        }
        Self { counts }
    }

    /// How many labels there are.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.counts.len().saturating_sub(1)
    }

    /// The figures of every label; `confidence` is that of the intervals.
    #[must_use]
    pub fn figures(&self, confidence: f64) -> Vec<LabelFigures> {
        let figures = |label: usize| {
            let right = self.counts[label][label];
            let letters = self.counts[label].iter().sum();
            let guessed = self.counts.iter().map(|row| row[label]).sum();
            LabelFigures {
                letters,
                guessed,
                right,
                precision: share(right as usize, guessed as usize),
                precision_interval: clopper_pearson(right, guessed, confidence),
                recall: share(right as usize, letters as usize),
                recall_interval: clopper_pearson(right, letters, confidence),
                f1: share(2 * right as usize, (letters + guessed) as usize),
            }
        };
        (0..self.labels()).map(figures).collect()
    }

    /// The mean of the labels' F1, each counting the same; labels that neither occur nor are
    /// guessed are left out.
    #[must_use]
    pub fn macro_f1(&self) -> f64 {
        let all = self.figures(0.5);
        let seen = all.iter().filter(|f| f.letters + f.guessed > 0);
        let (sum, count) = seen.fold((0.0, 0_usize), |(sum, count), f| (sum + f.f1, count + 1));
        if count == 0 { 0.0 } else { sum / count as f64 }
    }

    /// What is most often taken for something else: `(truth, guess, letters)`, most letters
    /// first, at most `most`. A truth of `labels()` stands for labels the model does not know.
    #[must_use]
    pub fn most_confused(&self, most: usize) -> Vec<(usize, usize, u64)> {
        let mut pairs: Vec<(usize, usize, u64)> = Vec::new();
        for (truth, row) in self.counts.iter().enumerate() {
            let wrong = row.iter().enumerate().filter(|&(guess, _)| guess != truth);
            pairs.extend(wrong.map(|(guess, &letters)| (truth, guess, letters)));
        }
        pairs.retain(|pair| pair.2 > 0);
        pairs.sort_by_key(|&(truth, guess, letters)| (std::cmp::Reverse(letters), truth, guess));
        pairs.truncate(most);
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confusion() -> Confusion {
        let mut records = Records::new(3).unwrap();
        let rows = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]];
        let letters = [(Some(0), 0), (Some(0), 1), (Some(0), 1), (Some(1), 1), (None, 0)];
        for (truth, guess) in letters {
            records.push(truth, &rows[guess]).unwrap();
        }
        Confusion::of(&records)
    }

    #[test]
    fn figures_worked_out_by_hand() {
        let figures = confusion().figures(0.95);
        let first = figures[0];
        assert_eq!((first.letters, first.guessed, first.right), (3, 2, 1));
        assert_eq!((first.precision, first.recall), (0.5, 1.0 / 3.0));
        assert_eq!(first.f1, 0.4);
        assert!(first.precision_interval.low < 0.5 && first.precision_interval.high > 0.5);
        // The third label neither occurs nor is guessed, so it does not count.
        assert_eq!(confusion().macro_f1(), f64::midpoint(0.4, 0.5));
    }

    #[test]
    fn pairs_come_by_number_of_letters() {
        assert_eq!(confusion().most_confused(9), [(0, 1, 2), (3, 0, 1)]);
        assert_eq!(confusion().most_confused(1), [(0, 1, 2)]);
    }
}
