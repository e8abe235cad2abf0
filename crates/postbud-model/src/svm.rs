//! Stage 1: one linear support vector machine per label against the rest, squared hinge loss,
//! by dual coordinate descent (Hsieh et al. 2008, "A dual coordinate descent method for
//! large-scale linear SVM", algorithm 1), behind linfa's traits.
//!
//! Labels are solved on their own, so the result does not depend on the number of threads. Most
//! rows say soon enough that they are not of a label and rest until the others have settled, and
//! the weights of a single label fit into the processor's cache.

use linfa::dataset::DatasetBase;
use linfa::traits::{Fit, PredictInplace};
use ndarray::Array2;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::csr::{Csr, Rows};

/// A label rests at a row where it violates optimality by less than this share of the tolerance.
const STILL: f32 = 0.25;

/// How to train the linear model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SvmParams {
    /// Price of an error; larger follows the training data more closely.
    pub cost: f32,
    /// Stop a label when no coordinate violates optimality by more than this. Training on 5,000
    /// letters or more takes 0.1, or 0.3 where they are short, where this is smaller.
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
        let prices = vec![RowPrice::default(); rows.rows()];
        let take: Vec<u32> = (0..u32::try_from(rows.rows()).unwrap_or(u32::MAX)).collect();
        let rows = rows.view();
        let task = Task { rows, take: &take, targets, prices: &prices, labels };
        Ok(Svm::new(&self.fit_labels(task)?, rows.width(), self.bias))
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

/// What a machine is trained on: some of the rows of a matrix.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) rows: Rows<'a>,
    /// Which rows; targets and prices are those of all rows.
    pub(crate) take: &'a [u32],
    pub(crate) targets: &'a [u32],
    pub(crate) prices: &'a [RowPrice],
    pub(crate) labels: usize,
}

impl SvmParams {
    /// The weights of each label, chosen rows only: one per feature, and a last one that times
    /// [`SvmParams::bias`] is the label's bias.
    pub(crate) fn fit_labels(&self, task: Task<'_>) -> Result<Vec<Vec<f32>>, SvmError> {
        let (rows, targets) = (task.rows.len(), task.targets.len());
        let outside = task.take.iter().any(|&row| row as usize >= rows);
        if task.take.is_empty() || outside || rows != targets || rows != task.prices.len() {
            return Err(SvmError::Shape { rows: task.take.len().min(rows), targets });
        }
        let norms = self.norms(task);
        let fit = |label| Solver::new(self, task, label, &norms).run();
        Ok((0..task.labels).into_par_iter().map(fit).collect())
    }

    /// Per taken row: the diagonal of the dual, and what of it is not the row's own length.
    fn norms(&self, task: Task<'_>) -> Vec<(f32, f32)> {
        let norm = |&row: &u32| {
            let price = task.prices[row as usize];
            let square: f32 = task.rows.row(row as usize).1.iter().map(|v| v * v).sum();
            let diagonal = price.private + 0.5 / (self.cost * price.weight);
            (square + self.bias * self.bias + diagonal, diagonal)
        };
        task.take.iter().map(norm).collect()
    }
}

/// One label against the rest.
struct Solver<'a> {
    params: &'a SvmParams,
    task: Task<'a>,
    label: u32,
    norms: &'a [(f32, f32)],
    /// One weight per feature, and a last one for the bias.
    w: Vec<f32>,
    /// One per taken row.
    alpha: Vec<f32>,
}

impl<'a> Solver<'a> {
    fn new(params: &'a SvmParams, task: Task<'a>, label: usize, norms: &'a [(f32, f32)]) -> Self {
        let label = u32::try_from(label).unwrap_or(u32::MAX);
        let w = vec![0.0; task.rows.width() + 1];
        Self { params, task, label, norms, w, alpha: vec![0.0; task.take.len()] }
    }

    /// Passes over the rows where something moves, and over all of them when nothing does any
    /// more; ends when all rows are at rest.
    fn run(mut self) -> Vec<f32> {
        let all: Vec<u32> = (0..u32::try_from(self.alpha.len()).unwrap_or(u32::MAX)).collect();
        let mut random = ChaCha8Rng::seed_from_u64(self.params.seed);
        let mut active = Vec::with_capacity(all.len());
        for _ in 0..self.params.passes {
            let full = active.is_empty();
            if full {
                active.clone_from(&all);
            }
            active.shuffle(&mut random);
            let mut worst = 0.0_f32;
            active.retain(|&at| {
                let violation = self.visit(at as usize);
                worst = worst.max(violation);
                violation >= self.params.tolerance * STILL
            });
            if worst <= self.params.tolerance {
                if full {
                    break;
                }
                active.clear();
            }
        }
        self.w
    }

    /// One coordinate: returns by how much it violated optimality.
    #[inline]
    fn visit(&mut self, at: usize) -> f32 {
        let row = self.task.take[at] as usize;
        let (columns, values) = self.task.rows.row(row);
        let bias_at = self.w.len() - 1;
        let score = self.w[bias_at] * self.params.bias + dot(&self.w, columns, values);
        let (norm, diagonal) = self.norms[at];
        let sign = if self.task.targets[row] == self.label { 1.0 } else { -1.0 };
        let alpha = &mut self.alpha[at];
        let gradient = sign * score - 1.0 + diagonal * *alpha;
        let projected = if *alpha == 0.0 { gradient.min(0.0) } else { gradient };
        let violation = projected.abs();
        if violation < self.params.tolerance * STILL {
            return violation;
        }
        let new = (*alpha - gradient / norm).max(0.0);
        let delta = (new - *alpha) * sign;
        *alpha = new;
        self.w[bias_at] += delta * self.params.bias;
        for (&column, &value) in columns.iter().zip(values) {
            if let Some(w) = self.w.get_mut(column as usize) {
                *w += delta * value;
            }
        }
        violation
    }
}

/// Sums in four parts, which the processor can add side by side.
#[inline]
fn dot(w: &[f32], columns: &[u32], values: &[f32]) -> f32 {
    let weight = |column: u32| w.get(column as usize).copied().unwrap_or(0.0);
    let (columns, last_columns) = columns.as_chunks::<4>();
    let (values, last_values) = values.as_chunks::<4>();
    let mut sums = [0.0_f32; 4];
    for (columns, values) in columns.iter().zip(values) {
        for lane in 0..4 {
            sums[lane] += weight(columns[lane]) * values[lane];
        }
    }
    let rest: f32 = last_columns.iter().zip(last_values).map(|(&c, v)| weight(c) * v).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

impl Svm {
    fn new(solved: &[Vec<f32>], width: usize, bias: f32) -> Self {
        let weights = (0..width).flat_map(|feature| solved.iter().map(move |w| w[feature]));
        Self {
            labels: solved.len(),
            weights: weights.collect(),
            bias: solved.iter().map(|w| w[width] * bias).collect(),
        }
    }

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
        let fit = |csr: &Csr, price| {
            let task = Task {
                rows: csr.view(),
                take: &[0, 1],
                targets: &[0, 1],
                prices: &[price; 2],
                labels: 2,
            };
            Svm::new(&params.fit_labels(task).unwrap(), csr.width(), params.bias)
        };
        let (a, b) = (fit(&with, RowPrice::default()), fit(&without, private));
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
