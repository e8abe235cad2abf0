//! One-number measures of how good and how honest a model is.

use crate::records::{Records, best};

/// Probabilities below this count as this in the log loss, so that one impossible letter does
/// not make it infinite.
const SMALLEST: f64 = 1e-15;
/// Bins of the calibration error.
const BINS: usize = 15;

/// The share of letters whose most probable label is the true one. 0 without letters.
#[must_use]
pub fn accuracy(records: &Records) -> f64 {
    top(records, 1)
}

/// The share of letters whose true label is among the `k` most probable. Labels as probable as
/// the true one count before it only when their number is smaller, as the router ranks them.
#[must_use]
pub fn top(records: &Records, k: usize) -> f64 {
    let among = |(truth, row): (Option<usize>, &[f64])| {
        let Some((truth, &own)) = truth.and_then(|t| Some((t, row.get(t)?))) else {
            return false;
        };
        let before = |(label, &p): (usize, &f64)| p > own || (p == own && label < truth);
        row.iter().enumerate().filter(|&each| before(each)).count() < k
    };
    let hits = records.iter().filter(|&letter| among(letter)).count();
    share(hits, records.len())
}

/// The mean of `-ln` of the probability that the true label got. 0 is perfect. A label that the
/// model does not know counts as probability 1e-15.
#[must_use]
pub fn log_loss(records: &Records) -> f64 {
    let loss = |(truth, row): (Option<usize>, &[f64])| {
        let probability = truth.and_then(|truth| row.get(truth)).copied();
        -probability.unwrap_or(0.0).clamp(SMALLEST, 1.0).ln()
    };
    if records.is_empty() {
        return 0.0;
    }
    records.iter().map(loss).sum::<f64>() / records.len() as f64
}

/// One bin of the reliability diagram.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Bin {
    /// Letters whose best probability falls into the bin.
    pub letters: usize,
    /// The mean of these probabilities.
    pub probability: f64,
    /// The share of these letters that the model got right.
    pub right: f64,
}

/// The reliability diagram: 15 bins of equal width over the probability of the best label.
#[must_use]
pub fn reliability(records: &Records) -> Vec<Bin> {
    let mut bins = vec![Bin::default(); BINS];
    for (truth, row) in records.iter() {
        let (label, probability) = best(row);
        let at = ((probability * BINS as f64) as usize).min(BINS - 1);
        let bin = &mut bins[at];
        bin.letters += 1;
        bin.probability += probability;
        bin.right += f64::from(u8::from(truth == Some(label)));
    }
    for bin in bins.iter_mut().filter(|bin| bin.letters > 0) {
        bin.probability /= bin.letters as f64;
        bin.right /= bin.letters as f64;
    }
    bins
}

/// The expected calibration error: by how much the probability of the best label is off, bin by
/// bin, weighted by letters (Guo et al. 2017, "On Calibration of Modern Neural Networks", with
/// 15 bins of equal width). 0 is perfect.
#[must_use]
pub fn calibration_error(records: &Records) -> f64 {
    let bins = reliability(records);
    let off: f64 =
        bins.iter().map(|bin| bin.letters as f64 * (bin.probability - bin.right).abs()).sum();
    if records.is_empty() { 0.0 } else { off / records.len() as f64 }
}

/// `part` of `whole`, 0 when there is nothing.
pub(crate) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(letters: &[(Option<usize>, [f64; 3])]) -> Records {
        let mut records = Records::new(3).unwrap();
        for (truth, row) in letters {
            records.push(*truth, row).unwrap();
        }
        records
    }

    #[test]
    fn figures_of_four_letters_worked_out_by_hand() {
        let four = records(&[
            (Some(0), [0.7, 0.2, 0.1]),
            (Some(1), [0.5, 0.3, 0.2]),
            (Some(2), [0.1, 0.1, 0.8]),
            (None, [0.6, 0.3, 0.1]),
        ]);
        assert_eq!(accuracy(&four), 0.5);
        assert_eq!(top(&four, 2), 0.75);
        assert_eq!(top(&four, 3), 0.75);
        let loss = -(0.7_f64.ln() + 0.3_f64.ln() + 0.8_f64.ln() + 1e-15_f64.ln()) / 4.0;
        assert!((log_loss(&four) - loss).abs() < 1e-12);
        // Every letter is alone in its bin.
        let off = (0.3 + 0.5 + 0.2 + 0.6) / 4.0;
        assert!((calibration_error(&four) - off).abs() < 1e-12);
    }

    #[test]
    fn calibrated_letters_have_no_calibration_error() {
        let mut letters = vec![(Some(0), [0.75, 0.25, 0.0]); 3];
        letters.push((Some(1), [0.75, 0.25, 0.0]));
        assert_eq!(calibration_error(&records(&letters)), 0.0);
        assert_eq!(calibration_error(&records(&[])), 0.0);
    }

    #[test]
    fn equals_are_ranked_by_label() {
        let tied = records(&[(Some(1), [0.4, 0.4, 0.2])]);
        assert_eq!((accuracy(&tied), top(&tied, 2)), (0.0, 1.0));
    }
}
