//! Stage 2: from the decision scores of stage 1 to probabilities.
//!
//! Two candidates. *Stacked*: multinomial logistic regression over all scores (linfa-logistic),
//! which learns that a high score for one label speaks for or against another; it needs many
//! letters. *Scaled*: one slope for all scores and one bias per label, for few letters. The
//! caller compares them by cross-fitted log loss and keeps the better one.

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_logistic::MultiLogisticRegression;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use crate::sharpness::{Circumstances, Sharpness};
use crate::softmax::{softmax, softmax_f32};

/// Scores are cut to ±this before calibration: linfa-logistic computes its log-sum-exp against
/// the maximum of the whole matrix and goes wrong when one row lies far away from the others.
const SCORE_LIMIT: f64 = 5.0;

/// Which of the candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// One slope, one bias per label.
    Scaled,
    /// Multinomial logistic regression over all scores.
    Stacked,
}

/// A fitted stage 2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Calibration {
    pub(crate) method: Method,
    /// One slope (scaled), or scores × labels (stacked).
    pub(crate) slopes: Vec<f32>,
    /// One per label.
    pub(crate) bias: Vec<f32>,
    /// Fitted after the rest, on logits of letters that the rest had not seen.
    pub(crate) sharpness: Sharpness,
}

/// Why stage 2 could not be fitted.
#[derive(Debug, thiserror::Error)]
pub enum CalibrationError {
    /// From linfa-logistic.
    #[error("logistic regression over the scores failed")]
    Logistic(#[from] linfa_logistic::error::Error),
    /// The fit gave values that are not numbers.
    #[error("logistic regression over the scores did not converge")]
    NotFinite,
}

pub(crate) fn bounded(score: f64) -> f64 {
    if score.is_finite() { score.clamp(-SCORE_LIMIT, SCORE_LIMIT) } else { 0.0 }
}

impl Calibration {
    /// Fits the scaled candidate, and the stacked one if `stacked`, to scores (letters × labels)
    /// and true labels.
    pub(crate) fn fit(
        stacked: bool,
        scores: ArrayView2<'_, f64>,
        labels: &[u32],
    ) -> Vec<Result<Self, CalibrationError>> {
        let scores = scores.mapv(|score| bounded(score) as f32);
        let scaled = fit_scaled(&scores, labels);
        let stacked = stacked.then(|| fit_stacked(&scores, labels, &scaled));
        let finite = |fitted: Self| {
            let finite = fitted.slopes.iter().chain(&fitted.bias).all(|v| v.is_finite());
            if finite { Ok(fitted) } else { Err(CalibrationError::NotFinite) }
        };
        stacked.into_iter().fold(vec![finite(scaled)], |mut out, stacked| {
            out.push(stacked.and_then(finite));
            out
        })
    }

    /// Probabilities in place of scores.
    pub(crate) fn apply(&self, scores: &mut [f64], of: &Circumstances) {
        self.logits(scores);
        self.sharpness.apply(of, scores);
        softmax(scores);
    }

    /// Logits in place of scores, before they are sharpened.
    pub(crate) fn logits(&self, scores: &mut [f64]) {
        for score in scores.iter_mut() {
            *score = bounded(*score);
        }
        let count = self.bias.len();
        match self.slopes.as_slice() {
            [slope] => {
                for (score, &bias) in scores.iter_mut().zip(&self.bias) {
                    *score = *score * f64::from(*slope) + f64::from(bias);
                }
            }
            matrix => {
                let mut logits: Vec<f64> = self.bias.iter().map(|&b| f64::from(b)).collect();
                for (&score, row) in scores.iter().zip(matrix.chunks_exact(count.max(1))) {
                    for (logit, &slope) in logits.iter_mut().zip(row) {
                        *logit += score * f64::from(slope);
                    }
                }
                scores.copy_from_slice(&logits);
            }
        }
    }
}

/// Scores are stretched by this before stacking: it starts at the scaled solution and is drawn
/// towards zero by linfa's penalty, which a stretch makes milder.
const STRETCH: f32 = 4.0;

/// Steps of stacking. It starts near its end, and half of the way there is kept.
const STACKED_STEPS: u64 = 25;

/// From so many letters on fewer steps are taken: on 13,500 they took stacking as far.
const MANY: usize = 8_000;
const STEPS_OF_MANY: u64 = 15;

fn fit_stacked(
    scores: &Array2<f32>,
    labels: &[u32],
    scaled: &Calibration,
) -> Result<Calibration, CalibrationError> {
    let count = scores.ncols();
    // Most scores lie near -1; around their means the problem is far better conditioned.
    let means = scores.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(count));
    let centred = (scores - &means) * STRETCH;
    let targets: Array1<usize> = labels.iter().map(|&label| label as usize).collect();
    let mut start = Array2::zeros((count + 1, count));
    let slope = scaled.slopes.first().copied().unwrap_or(1.0);
    for label in 0..count {
        start[(label, label)] = slope / STRETCH;
        start[(count, label)] = scaled.bias[label] + slope * means[label];
    }
    let steps = if labels.len() < MANY { STACKED_STEPS } else { STEPS_OF_MANY };
    let mut logistic = MultiLogisticRegression::default().alpha(1.0).max_iterations(steps);
    let complete = (0..count).all(|label| labels.iter().any(|&own| own as usize == label));
    if complete {
        logistic = logistic.initial_params(start);
    }
    let fitted = logistic.fit(&DatasetBase::new(centred.view(), targets))?;
    // Labels that this part of the letters lacks stay improbable.
    let mut slopes = vec![0.0; count * count];
    let mut bias = vec![-20.0; count];
    for (column, &label) in fitted.classes().iter().enumerate() {
        let mut own = fitted.intercept()[column];
        for row in 0..count {
            let slope = fitted.params()[(row, column)] * STRETCH;
            own -= slope * means[row];
            slopes[row * count + label] = slope;
        }
        bias[label] = own;
    }
    if complete {
        // Half of the way from the scaled solution: linfa's penalty draws towards zero, where it
        // should draw towards what is known to work.
        for value in slopes.iter_mut().chain(&mut bias) {
            *value /= 2.0;
        }
        for label in 0..count {
            slopes[label * count + label] += slope / 2.0;
            bias[label] += scaled.bias[label] / 2.0;
        }
    }
    Ok(Calibration { method: Method::Stacked, slopes, bias, sharpness: Sharpness::neutral() })
}

/// Strength of the penalty on each label's bias, in letters.
const BIAS_PENALTY: f64 = 5.0;

/// Minimises the log loss over one slope and the biases: Newton steps for the slope, and for each
/// bias gradient steps scaled by a bound of its own curvature (the expected or true number of
/// letters of the label, whichever is larger), which is small work and does not overshoot.
fn fit_scaled(scores: &Array2<f32>, labels: &[u32]) -> Calibration {
    let count = scores.ncols();
    let (mut slope, mut bias) = (4.0_f64, vec![0.0_f32; count]);
    let mut p = vec![0.0_f32; count];
    let totals = labels.iter().fold(vec![0.0_f64; count], |mut totals, &label| {
        totals[label as usize] += 1.0;
        totals
    });
    for _ in 0..60 {
        let (mut first, mut second) = (0.0, 0.0);
        let mut expected = vec![0.0_f64; count];
        for (row, &label) in scores.rows().into_iter().zip(labels) {
            let row = row.to_slice().unwrap_or_default();
            for ((out, score), bias) in p.iter_mut().zip(row).zip(&bias) {
                *out = score * slope as f32 + bias;
            }
            softmax_f32(&mut p);
            let (mut mean, mut square) = (0.0_f32, 0.0_f32);
            for ((sum, &p), &s) in expected.iter_mut().zip(&p).zip(row) {
                *sum += f64::from(p);
                mean += s * p;
                square += s * s * p;
            }
            first += f64::from(mean - row[label as usize]);
            second += f64::from((square - mean * mean).max(0.0));
        }
        let step = if second > 1e-9 { (first / second).clamp(-2.0, 2.0) } else { 0.0 };
        slope = (slope - step).clamp(0.01, 100.0);
        let mut moved = step.abs();
        for label in 0..count {
            let price = BIAS_PENALTY * f64::from(bias[label]);
            let gradient = expected[label] - totals[label] + price;
            let curvature = expected[label].max(totals[label]).max(1.0) + BIAS_PENALTY;
            let step = gradient / curvature;
            bias[label] -= step as f32;
            moved = moved.max(step.abs());
        }
        if moved < 1e-3 {
            break;
        }
    }
    Calibration {
        method: Method::Scaled,
        slopes: vec![slope as f32],
        bias,
        sharpness: Sharpness::neutral(),
    }
}
