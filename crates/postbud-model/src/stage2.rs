//! Fits stage 2 on letters that stage 1 had not seen, and judges it on letters that stage 2 had
//! not seen either.

use ndarray::Array2;
use rayon::prelude::*;

use crate::calibrate::{Calibration, CalibrationError, Method};
use crate::error::TrainError;
use crate::records::OutOfFold;
use crate::sharpness::{Circumstances, Sharpness, familiarity};
use crate::softmax::log_loss;
use crate::stage1::Unseen;

/// A stage 2 with the evidence for it.
pub(crate) struct Stage2 {
    pub(crate) calibration: Calibration,
    pub(crate) out_of_fold: OutOfFold,
    /// Cross-fitted log loss of each method that was tried.
    pub(crate) candidates: Vec<(Method, f64)>,
}

/// The letters that stage 2 is fitted on.
struct Letters<'a> {
    unseen: &'a [Unseen],
    targets: &'a [u32],
    folds: &'a [usize],
    labels: usize,
}

/// Logits and circumstances of one letter, and its label: what sharpness is fitted on.
type Row<'a> = (&'a [f64], Circumstances, u32);

/// Tries the methods and keeps the one with the smallest cross-fitted log loss. `folds` holds the
/// fold of each letter.
pub(crate) fn fit(
    unseen: &[Unseen],
    targets: &[u32],
    folds: &[usize],
    labels: usize,
) -> Result<Stage2, TrainError> {
    let fold_count = folds.iter().max().map_or(0, |max| max + 1);
    let letters = Letters { unseen, targets, folds, labels };
    let stacked = worth_stacking(unseen.len(), labels);
    // One for each fold, and the last one on all letters: all of them side by side.
    let mut fitted: Vec<Vec<_>> = (0..fold_count + 1)
        .into_par_iter()
        .with_max_len(1)
        .map(|fold| letters.calibrate(stacked, (fold < fold_count).then_some(fold)))
        .collect();
    let mut candidates = Vec::new();
    let mut best: Option<(f64, Calibration, Judged)> = None;
    for method in stacked.then_some(Method::Stacked).into_iter().chain([Method::Scaled]) {
        let fitted = fitted.iter_mut().filter_map(Vec::pop).collect::<Result<Vec<_>, _>>();
        let (calibration, judged) = match fitted {
            Ok(mut fitted) => {
                let last = fitted.pop().ok_or(TrainError::Empty)?;
                (last, letters.judge(fitted))
            }
            // Scaling always works, so there is something to fall back on.
            Err(_) if method == Method::Stacked => continue,
            Err(error) => return Err(error.into()),
        };
        let rows = judged.probabilities.iter().map(Vec::as_slice);
        let loss = log_loss(rows.zip(targets.iter().copied()));
        candidates.insert(0, (method, loss));
        // Of equals the simpler one, which comes last.
        if best.as_ref().is_none_or(|(least, ..)| loss <= *least) {
            best = Some((loss, calibration, judged));
        }
    }
    let (_, mut calibration, judged) = best.ok_or(TrainError::Empty)?;
    calibration.sharpness = letters.sharpen(&judged.logits, None);
    let mut out_of_fold = OutOfFold::new(labels);
    for ((probabilities, &label), unseen) in judged.probabilities.iter().zip(targets).zip(unseen) {
        let (known, grams) = familiarity(&unseen.circumstances);
        out_of_fold.push(label, probabilities, known, grams);
    }
    Ok(Stage2 { calibration, out_of_fold, candidates })
}

/// Every letter as judged by a stage 2 that had not seen it.
struct Judged {
    logits: Vec<Vec<f64>>,
    probabilities: Vec<Vec<f64>>,
}

impl Letters<'_> {
    /// Fits the candidates without the fold `without`, scaled before stacked.
    fn calibrate(
        &self,
        stacked: bool,
        without: Option<usize>,
    ) -> Vec<Result<Calibration, CalibrationError>> {
        let kept = || (0..self.unseen.len()).filter(|&row| Some(self.folds[row]) != without);
        let mut scores = Array2::zeros((kept().count(), self.labels));
        for (mut out, row) in scores.rows_mut().into_iter().zip(kept()) {
            for (out, &score) in out.iter_mut().zip(&self.unseen[row].scores) {
                *out = score;
            }
        }
        let targets: Vec<u32> = kept().map(|row| self.targets[row]).collect();
        Calibration::fit(stacked, scores.view(), &targets)
    }

    /// Fits sharpness without the fold `without`, on logits made without each letter.
    fn sharpen(&self, logits: &[Vec<f64>], without: Option<usize>) -> Sharpness {
        let rows: Vec<Row<'_>> = logits
            .iter()
            .enumerate()
            .filter(|(row, _)| Some(self.folds[*row]) != without)
            .map(|(row, logits)| {
                (logits.as_slice(), self.unseen[row].circumstances, self.targets[row])
            })
            .collect();
        Sharpness::fit(&rows)
    }

    /// Judges each letter by the calibration of its fold.
    fn judge(&self, calibrations: Vec<Calibration>) -> Judged {
        let logits: Vec<Vec<f64>> = self
            .unseen
            .iter()
            .zip(self.folds)
            .map(|(unseen, &fold)| {
                let mut logits = unseen.scores.clone();
                calibrations[fold].logits(&mut logits);
                logits
            })
            .collect();
        let calibrations: Vec<Calibration> = calibrations
            .into_par_iter()
            .enumerate()
            .map(|(fold, calibration)| Calibration {
                sharpness: self.sharpen(&logits, Some(fold)),
                ..calibration
            })
            .collect();
        let probabilities = self
            .unseen
            .iter()
            .zip(self.folds)
            .map(|(unseen, &fold)| {
                let mut probabilities = unseen.scores.clone();
                calibrations[fold].apply(&mut probabilities, &unseen.circumstances);
                probabilities
            })
            .collect();
        Judged { logits, probabilities }
    }
}

/// Stacking has labels² coefficients and costs letters × labels² a step: not for sets where that
/// would take minutes or could not be learnt.
fn worth_stacking(letters: usize, labels: usize) -> bool {
    letters >= 20 * labels && letters.saturating_mul(labels * labels) <= 400_000_000
}
