//! How far to believe the scores of one letter.
//!
//! The same scores mean more for a long letter in familiar words than for a short one, or one in
//! another language. The logits of a letter are multiplied by `exp(w₀ + Σ wᵢ zᵢ)`, where the `zᵢ`
//! are its standardised [`Circumstances`]. This changes no ranking within a letter, only how sure
//! the model is; on Danish letters it brought the most of all for the share that can be routed.

use serde::{Deserialize, Serialize};

use crate::softmax::softmax;

/// How many circumstances there are.
pub(crate) const COUNT: usize = 5;

/// What is known about a letter beside its scores: the share of its n-grams that the model
/// knows, the logarithm of its length, the largest score, the second largest, and how near the
/// letter is to its label's mean (0 where there are no means).
pub(crate) type Circumstances = [f64; COUNT];

/// The circumstances of a letter with these stage-1 scores, `known` of whose `all` n-grams are
/// known, and that is so near to the mean of its label.
pub(crate) fn circumstances(known: u32, all: u32, scores: &[f64], near: f64) -> Circumstances {
    let (mut top, mut second) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for &score in scores {
        if score > top {
            second = top;
            top = score;
        } else if score > second {
            second = score;
        }
    }
    let finite = |score: f64| if score.is_finite() { score } else { 0.0 };
    let share = f64::from(known) / f64::from(all.max(1));
    [share, f64::from(all).ln_1p(), finite(top), finite(second), near]
}

/// The share of known n-grams and the number of n-grams that went into these circumstances.
pub(crate) fn familiarity(of: &Circumstances) -> (f64, u32) {
    (of[0], of[1].exp_m1().round() as u32)
}

/// Fitted weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sharpness {
    means: [f32; COUNT],
    /// One over the standard deviation.
    scales: [f32; COUNT],
    /// The constant, then one weight per circumstance.
    weights: [f32; COUNT + 1],
}

/// The exponent is cut to ±this.
const LIMIT: f64 = 2.0;
/// A standardised circumstance is cut to ±this: what lies farther out was not learnt.
const FAR: f64 = 4.0;
/// Penalty on each squared weight.
const RIDGE: f64 = 4.0;
/// At most about this many letters are fitted on: five weights need no more.
const ENOUGH: usize = 20_000;

impl Sharpness {
    /// Changes nothing.
    pub(crate) fn neutral() -> Self {
        Self { means: [0.0; COUNT], scales: [0.0; COUNT], weights: [0.0; COUNT + 1] }
    }

    fn standardised(&self, of: &Circumstances) -> [f64; COUNT + 1] {
        let mut z = [1.0; COUNT + 1];
        for (i, z) in z.iter_mut().skip(1).enumerate() {
            let value = (of[i] - f64::from(self.means[i])) * f64::from(self.scales[i]);
            *z = value.clamp(-FAR, FAR);
        }
        z
    }

    fn exponent(&self, z: &[f64; COUNT + 1]) -> f64 {
        let sum: f64 = z.iter().zip(self.weights).map(|(z, w)| z * f64::from(w)).sum();
        sum.clamp(-LIMIT, LIMIT)
    }

    /// Multiplies the logits of one letter.
    pub(crate) fn apply(&self, of: &Circumstances, logits: &mut [f64]) {
        let factor = self.exponent(&self.standardised(of)).exp();
        for logit in logits {
            *logit *= factor;
        }
    }

    /// Fits to letters (logits that were made without the letter, circumstances, true label) by
    /// Fisher scoring with step halving.
    pub(crate) fn fit(letters: &[(&[f64], Circumstances, u32)]) -> Self {
        let step = letters.len().div_ceil(ENOUGH).max(1);
        let letters: Vec<_> = letters.iter().step_by(step).collect();
        let mut fitted = Self::neutral();
        fitted.standardise(&letters);
        let rows: Vec<_> =
            letters.iter().map(|(l, c, y)| (*l, fitted.standardised(c), *y)).collect();
        let mut loss = fitted.loss(&rows);
        for _ in 0..50 {
            let Some(direction) = fitted.direction(&rows) else {
                break;
            };
            let mut size = 1.0;
            let better = std::iter::repeat_with(|| {
                let mut next = fitted.clone();
                for (weight, d) in next.weights.iter_mut().zip(direction) {
                    *weight = (f64::from(*weight) - size * d) as f32;
                }
                size /= 2.0;
                let loss = next.loss(&rows);
                (next, loss)
            })
            .take(12)
            .find(|(_, next)| *next < loss);
            let Some((next, next_loss)) = better else {
                break;
            };
            let gain = loss - next_loss;
            (fitted, loss) = (next, next_loss);
            if gain < 1e-6 * loss {
                break;
            }
        }
        fitted
    }

    fn standardise(&mut self, letters: &[&(&[f64], Circumstances, u32)]) {
        let count = letters.len().max(1) as f64;
        for i in 0..COUNT {
            let mean = letters.iter().map(|l| l.1[i]).sum::<f64>() / count;
            let variance = letters.iter().map(|l| (l.1[i] - mean).powi(2)).sum::<f64>() / count;
            self.means[i] = mean as f32;
            self.scales[i] = if variance > 1e-12 { variance.sqrt().recip() as f32 } else { 0.0 };
        }
    }

    fn penalty(&self) -> f64 {
        self.weights.iter().skip(1).map(|w| f64::from(*w).powi(2)).sum::<f64>() * RIDGE / 2.0
    }

    fn loss(&self, rows: &[(&[f64], [f64; COUNT + 1], u32)]) -> f64 {
        let mut p = Vec::new();
        let loss: f64 = rows
            .iter()
            .map(|(logits, z, label)| {
                let factor = self.exponent(z).exp();
                p.clear();
                p.extend(logits.iter().map(|logit| logit * factor));
                softmax(&mut p);
                -p.get(*label as usize).copied().unwrap_or(0.0).max(1e-12).ln()
            })
            .sum();
        loss + self.penalty()
    }

    /// Expected Hessian, inverted, times the gradient.
    fn direction(&self, rows: &[(&[f64], [f64; COUNT + 1], u32)]) -> Option<[f64; COUNT + 1]> {
        let mut gradient = [0.0; COUNT + 1];
        let mut hessian = [[0.0; COUNT + 1]; COUNT + 1];
        let mut p = Vec::new();
        for (logits, z, label) in rows {
            let factor = self.exponent(z).exp();
            p.clear();
            p.extend(logits.iter().map(|logit| logit * factor));
            softmax(&mut p);
            let mean: f64 = p.iter().zip(*logits).map(|(p, l)| p * l).sum();
            let square: f64 = p.iter().zip(*logits).map(|(p, l)| p * l * l).sum();
            let own = logits.get(*label as usize).copied().unwrap_or(0.0);
            let slope = factor * (mean - own);
            let curvature = factor * factor * (square - mean * mean).max(0.0);
            for i in 0..=COUNT {
                gradient[i] += slope * z[i];
                for j in 0..=COUNT {
                    hessian[i][j] += curvature * z[i] * z[j];
                }
            }
        }
        for i in 0..=COUNT {
            let ridge = if i == 0 { 1e-3 } else { RIDGE };
            hessian[i][i] += ridge;
            gradient[i] += if i == 0 { 0.0 } else { RIDGE * f64::from(self.weights[i]) };
        }
        solve(hessian, gradient)
    }
}

/// Solves a small symmetric positive definite system by Cholesky decomposition.
fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> Option<[f64; N]> {
    for i in 0..N {
        for j in 0..=i {
            let sum: f64 = a[i][j] - (0..j).map(|k| a[i][k] * a[j][k]).sum::<f64>();
            if i == j {
                if sum <= 0.0 {
                    return None;
                }
                a[i][i] = sum.sqrt();
            } else {
                a[i][j] = sum / a[j][j];
            }
        }
    }
    for i in 0..N {
        b[i] = (b[i] - (0..i).map(|k| a[i][k] * b[k]).sum::<f64>()) / a[i][i];
    }
    for i in (0..N).rev() {
        b[i] = (b[i] - (i + 1..N).map(|k| a[k][i] * b[k]).sum::<f64>()) / a[i][i];
    }
    b.iter().all(|v| v.is_finite()).then_some(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_by_hand() {
        let x = solve([[4.0, 2.0], [2.0, 3.0]], [2.0, 5.0]).unwrap();
        assert!((x[0] + 0.5).abs() < 1e-12 && (x[1] - 2.0).abs() < 1e-12);
        assert_eq!(solve([[0.0]], [1.0]), None);
    }

    #[test]
    fn unfamiliar_letters_become_less_sure() {
        // Letters whose words are known are right, the others in half of the cases.
        let logits = [3.0, 0.0];
        let letters: Vec<(&[f64], Circumstances, u32)> = (0..400)
            .map(|i| {
                let known = i % 2 == 0;
                let label = u32::from(!known && i % 4 == 1);
                (logits.as_slice(), [f64::from(u8::from(known)), 5.0, 1.0, 0.0, 0.5], label)
            })
            .collect();
        let fitted = Sharpness::fit(&letters);
        let sure = |known: f64| {
            let mut p = logits;
            fitted.apply(&[known, 5.0, 1.0, 0.0, 0.5], &mut p);
            softmax(&mut p);
            p[0]
        };
        assert!(sure(1.0) > 0.97, "{}", sure(1.0));
        assert!((sure(0.0) - 0.5).abs() < 0.2, "{}", sure(0.0));
        assert!(sure(-1e9).is_finite(), "bounded outside what was seen");
    }

    #[test]
    fn circumstances_tell_how_familiar_a_letter_is() {
        for (known, all) in [(0, 0), (3, 4), (123_456, 234_567), (700_000, 4_000_000)] {
            let share = f64::from(known) / f64::from(all.max(1));
            assert_eq!(familiarity(&circumstances(known, all, &[0.5, 0.1], 0.7)), (share, all));
        }
    }

    #[test]
    fn nothing_to_fit_changes_nothing() {
        let mut p = [1.0, 2.0];
        Sharpness::fit(&[]).apply(&[0.3, 1.0, 0.0, 0.0, 0.9], &mut p);
        assert_eq!(p, [1.0, 2.0]);
    }
}
