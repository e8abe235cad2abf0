//! Stage 1: one linear support vector machine per label against the rest, squared hinge loss,
//! by dual coordinate descent (Hsieh et al. 2008, "A dual coordinate descent method for
//! large-scale linear SVM", algorithm 1), behind linfa's traits.
//!
//! Sixteen labels are solved side by side: one walk over a row serves all of them, and their
//! weights for a feature lie in one cache line. Each label's arithmetic is the same whatever
//! stands beside it, so the result does not depend on the number of threads.

use linfa::dataset::DatasetBase;
use linfa::traits::{Fit, PredictInplace};
use ndarray::Array2;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::csr::Csr;

/// Labels solved side by side.
const LANES: usize = 16;

/// How to train the linear model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SvmParams {
    /// Price of an error; larger follows the training data more closely.
    pub cost: f32,
    /// Stop a label when no coordinate violates optimality by more than this.
    pub tolerance: f32,
    /// Stop after this many passes in any case.
    pub passes: usize,
    /// Value of the constant feature that carries the bias (which is penalised like a weight).
    pub bias: f32,
    /// Seed of the order in which examples are visited.
    pub seed: u64,
}

impl Default for SvmParams {
    fn default() -> Self {
        Self { cost: 1.0, tolerance: 0.02, passes: 200, bias: 1.0, seed: 1 }
    }
}

/// Weights of all labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Svm {
    /// Number of labels.
    pub labels: usize,
    /// `width × labels`, the labels of one feature side by side.
    pub weights: Vec<f32>,
    /// One bias per label.
    pub bias: Vec<f32>,
}

/// Why stage 1 could not be trained.
#[derive(Debug, thiserror::Error)]
pub enum SvmError {
    /// No rows, or rows and targets differ in number.
    #[error("the training data have {rows} rows and {targets} targets")]
    Shape {
        /// Rows of the matrix.
        rows: usize,
        /// Targets given.
        targets: usize,
    },
    /// From linfa's own checks.
    #[error("the dataset does not fit")]
    Linfa(#[from] linfa::error::Error),
}

impl Fit<Csr, Vec<u32>, SvmError> for SvmParams {
    type Object = Svm;

    /// Labels are `0..=max`; a label without examples gets a machine that always says no.
    fn fit(&self, dataset: &DatasetBase<Csr, Vec<u32>>) -> Result<Svm, SvmError> {
        let (rows, targets) = (&dataset.records, &dataset.targets);
        let labels = targets.iter().max().map_or(0, |&max| max as usize + 1);
        let plain = vec![RowPrice::default(); rows.rows()];
        self.fit_rows(rows, targets, labels, &plain)
    }
}

/// What one row may cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RowPrice {
    /// Factor on the price of its errors.
    pub(crate) weight: f32,
    /// Squared length of what only this row has. A feature of a single row can bear a part of
    /// its margin but tells nothing of other letters; it stands here instead of in the matrix,
    /// and the other weights come out exactly as if it were there.
    pub(crate) private: f32,
}

impl Default for RowPrice {
    fn default() -> Self {
        Self { weight: 1.0, private: 0.0 }
    }
}

impl SvmParams {
    /// As [`Fit::fit`], for a given number of labels.
    pub(crate) fn fit_rows(
        &self,
        x: &Csr,
        y: &[u32],
        labels: usize,
        prices: &[RowPrice],
    ) -> Result<Svm, SvmError> {
        if x.rows() == 0 || x.rows() != y.len() || x.rows() != prices.len() {
            return Err(SvmError::Shape { rows: x.rows(), targets: y.len() });
        }
        let groups: Vec<(usize, Vec<[f32; LANES]>)> = (0..labels.div_ceil(LANES))
            .into_par_iter()
            .map(|group| (group * LANES, Solver::new(self, x, y, group * LANES, prices).run()))
            .collect();
        let width = x.width();
        let mut weights = vec![0.0; width * labels];
        let mut bias = vec![0.0; labels];
        for (first, solved) in groups {
            let lanes = LANES.min(labels - first);
            for (feature, lane_weights) in solved.iter().take(width).enumerate() {
                let at = feature * labels + first;
                weights[at..at + lanes].copy_from_slice(&lane_weights[..lanes]);
            }
            for lane in 0..lanes {
                bias[first + lane] = solved[width][lane] * self.bias;
            }
        }
        Ok(Svm { labels, weights, bias })
    }
}

struct Solver<'a> {
    params: &'a SvmParams,
    x: &'a Csr,
    y: &'a [u32],
    first: usize,
    /// One row per feature, and a last one for the bias.
    w: Vec<[f32; LANES]>,
    alpha: Vec<[f32; LANES]>,
    /// Per row: its squared length, and what is added to the diagonal of the dual.
    norms: Vec<(f32, f32)>,
    running: [bool; LANES],
}

impl<'a> Solver<'a> {
    fn new(
        params: &'a SvmParams,
        x: &'a Csr,
        y: &'a [u32],
        first: usize,
        prices: &[RowPrice],
    ) -> Self {
        let norms = prices
            .iter()
            .enumerate()
            .map(|(row, price)| {
                let square: f32 = x.row(row).1.iter().map(|v| v * v).sum();
                let diagonal = price.private + 0.5 / (params.cost * price.weight);
                (square + params.bias * params.bias + diagonal, diagonal)
            })
            .collect();
        Self {
            params,
            x,
            y,
            first,
            w: vec![[0.0; LANES]; x.width() + 1],
            alpha: vec![[0.0; LANES]; x.rows()],
            norms,
            running: [true; LANES],
        }
    }

    fn run(mut self) -> Vec<[f32; LANES]> {
        let mut order: Vec<u32> = (0..u32::try_from(self.x.rows()).unwrap_or(u32::MAX)).collect();
        let mut random = ChaCha8Rng::seed_from_u64(self.params.seed);
        for _ in 0..self.params.passes {
            order.shuffle(&mut random);
            let mut worst = [0.0_f32; LANES];
            for &row in &order {
                self.visit(row as usize, &mut worst);
            }
            for (running, worst) in self.running.iter_mut().zip(worst) {
                *running &= worst > self.params.tolerance;
            }
            if !self.running.contains(&true) {
                break;
            }
        }
        self.w
    }

    /// One coordinate of every running label.
    #[inline]
    fn visit(&mut self, row: usize, worst: &mut [f32; LANES]) {
        let (columns, values) = self.x.row(row);
        let bias_row = self.w.len() - 1;
        let mut score = self.w[bias_row].map(|w| w * self.params.bias);
        for (&column, &value) in columns.iter().zip(values) {
            let w = &self.w[column as usize];
            for lane in 0..LANES {
                score[lane] += w[lane] * value;
            }
        }
        let (norm, diagonal) = self.norms[row];
        let label = (self.y[row] as usize).wrapping_sub(self.first);
        let alpha = &mut self.alpha[row];
        let mut delta = [0.0_f32; LANES];
        let mut moved = false;
        for lane in 0..LANES {
            let sign = if lane == label { 1.0 } else { -1.0 };
            let gradient = sign * score[lane] - 1.0 + diagonal * alpha[lane];
            let projected = if alpha[lane] == 0.0 { gradient.min(0.0) } else { gradient };
            if !self.running[lane] || projected.abs() < 1e-9 {
                continue;
            }
            worst[lane] = worst[lane].max(projected.abs());
            let new = (alpha[lane] - gradient / norm).max(0.0);
            delta[lane] = (new - alpha[lane]) * sign;
            alpha[lane] = new;
            moved = true;
        }
        if !moved {
            return;
        }
        for (w, delta) in self.w[bias_row].iter_mut().zip(delta) {
            *w += delta * self.params.bias;
        }
        for (&column, &value) in columns.iter().zip(values) {
            let w = &mut self.w[column as usize];
            for lane in 0..LANES {
                w[lane] += delta[lane] * value;
            }
        }
    }
}

impl Svm {
    /// The decision scores of one row are added to `out` (one per label).
    pub(crate) fn score(&self, columns: &[u32], values: &[f32], out: &mut [f64]) {
        for (out, &bias) in out.iter_mut().zip(&self.bias) {
            *out += f64::from(bias);
        }
        for (&column, &value) in columns.iter().zip(values) {
            let at = column as usize * self.labels;
            let weights = self.weights.get(at..at + self.labels).unwrap_or_default();
            for (out, &weight) in out.iter_mut().zip(weights) {
                *out += f64::from(weight * value);
            }
        }
    }
}

impl PredictInplace<Csr, Array2<f64>> for Svm {
    /// Decision scores, rows × labels.
    fn predict_inplace<'a>(&'a self, x: &'a Csr, y: &mut Array2<f64>) {
        assert_eq!(y.dim(), (x.rows(), self.labels), "the target has another shape");
        for (row, mut out) in y.rows_mut().into_iter().enumerate() {
            out.fill(0.0);
            let (columns, values) = x.row(row);
            if let Some(out) = out.as_slice_mut() {
                self.score(columns, values, out);
            }
        }
    }

    fn default_target(&self, x: &Csr) -> Array2<f64> {
        Array2::zeros((x.rows(), self.labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use linfa::traits::Predict;

    fn data(labels: u32) -> DatasetBase<Csr, Vec<u32>> {
        let mut x = Csr::with_capacity(40, 120, 360);
        let mut y = Vec::new();
        for row in 0..120_u32 {
            let label = row * 7 % labels;
            x.push_row([(label, 0.8), (20 + row * 11 % 20, 0.5), (20 + row * 5 % 20, 0.3)]);
            y.push(label);
        }
        DatasetBase::new(x, y)
    }

    #[test]
    fn fits_and_predicts_behind_linfas_traits() {
        let data = data(20);
        let svm = SvmParams::default().fit(&data).unwrap();
        let scores: Array2<f64> = svm.predict(&data);
        for (row, &label) in scores.rows().into_iter().zip(&data.targets) {
            let row = row.to_vec();
            assert_eq!(crate::softmax::argmax(&row), label as usize);
            assert!(row[label as usize] > 0.0);
        }
    }

    #[test]
    fn a_label_comes_out_the_same_whatever_stands_beside_it() {
        // Label 17 lies in the second group of lanes; alone against the rest it is lane 1.
        let all = data(20);
        let svm = SvmParams::default().fit(&all).unwrap();
        let alone: Vec<u32> = all.targets.iter().map(|&y| u32::from(y == 17)).collect();
        let one = SvmParams::default().fit(&DatasetBase::new(all.records, alone)).unwrap();
        assert_eq!(svm.bias[17], one.bias[1]);
        for feature in 0..40 {
            assert_eq!(svm.weights[feature * 20 + 17], one.weights[feature * 2 + 1]);
        }
    }

    /// At the optimum of `½‖w‖² + C Σ max(0, 1 - y w·x)²` the gradient is 0.
    #[test]
    fn reaches_the_optimum() {
        let data = data(2);
        let params = SvmParams { tolerance: 1e-5, passes: 2_000, ..SvmParams::default() };
        let svm = params.fit(&data).unwrap();
        let mut gradient: Vec<f64> = (0..40).map(|f| f64::from(svm.weights[f * 2 + 1])).collect();
        for (row, &label) in data.targets.iter().enumerate() {
            let (columns, values) = data.records.row(row);
            let mut scores = [0.0; 2];
            svm.score(columns, values, &mut scores);
            let sign = if label == 1 { 1.0 } else { -1.0 };
            let slack = (1.0 - sign * scores[1]).max(0.0);
            for (&column, &value) in columns.iter().zip(values) {
                let pull = 2.0 * f64::from(params.cost) * slack * sign * f64::from(value);
                gradient[column as usize] -= pull;
            }
        }
        assert!(gradient.iter().all(|g| g.abs() < 1e-3), "{gradient:?}");
    }

    /// What `private` promises: the weights are those of a matrix with the private features.
    #[test]
    fn private_features_need_not_be_there() {
        let (mut with, mut without) = (Csr::with_capacity(4, 2, 4), Csr::with_capacity(2, 2, 2));
        for row in 0..2_u32 {
            with.push_row([(row, 0.6), (row + 2, 0.8)]);
            without.push_row([(row, 0.6)]);
        }
        let params = SvmParams { tolerance: 1e-6, ..SvmParams::default() };
        let private = RowPrice { private: 0.64, ..RowPrice::default() };
        let a = params.fit_rows(&with, &[0, 1], 2, &[RowPrice::default(); 2]).unwrap();
        let b = params.fit_rows(&without, &[0, 1], 2, &[private; 2]).unwrap();
        for (a, b) in a.weights.iter().zip(&b.weights) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }

    #[test]
    fn wrong_shapes_are_errors() {
        let empty = DatasetBase::new(Csr::with_capacity(3, 0, 0), Vec::new());
        assert!(matches!(SvmParams::default().fit(&empty), Err(SvmError::Shape { .. })));
    }
}
