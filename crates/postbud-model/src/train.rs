//! Training: features, five models that each leave a fold out, calibration on what those said
//! of the letters they had not seen, and a last model on everything.

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use crate::calibrate::{Calibration, Method};
use crate::corpus::{Corpus, FeatureOptions, FoldIdf};
use crate::csr::Csr;
use crate::error::TrainError;
use crate::linear::Linear;
use crate::model::{Model, ModelInfo, Parts};
use crate::records::OutOfFold;
use crate::softmax::log_loss;
use crate::svm::{RowPrice, SvmParams};
use crate::text::Text;
use crate::{examples, folds};

/// One labelled letter.
#[derive(Clone, Copy)]
pub struct Example<'a> {
    /// The letter.
    pub text: Text<'a>,
    /// Where it belongs.
    pub label: &'a str,
    /// Letters of one group (a thread, one sender's copies) are never on both sides of a split.
    /// Letters with the same text are a group anyway.
    pub group: Option<&'a str>,
}

/// A label in its own words: a mailbox's name and what belongs there, parts divided by commas,
/// colons or semicolons. Each part is trained on as a short letter of little weight, which helps
/// where a label has few letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The label; one without training letters is passed over.
    pub label: String,
    /// The text.
    pub text: String,
}

/// How to train. The defaults were chosen by cross-validation on Danish letters.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainOptions {
    /// Seed of everything random.
    pub seed: u64,
    /// Folds for cross-fitting, 2 to 32.
    pub folds: usize,
    /// How letters become features.
    pub features: FeatureOptions,
    /// Stage 1.
    pub svm: SvmParams,
    /// Labels in their own words.
    pub descriptions: Vec<Description>,
    /// Weight of one part of a description; a letter has 1.
    pub description_weight: f32,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            folds: 5,
            features: FeatureOptions::default(),
            svm: SvmParams::default(),
            descriptions: Vec::new(),
            description_weight: 0.1,
        }
    }
}

/// How far training has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Letters are being counted.
    Counting {
        /// Number of letters.
        letters: usize,
    },
    /// A model was fitted; `done` of `of` (the folds, and the last one).
    Fitted {
        /// So many are done.
        done: usize,
        /// So many there are.
        of: usize,
    },
    /// Probabilities are being calibrated.
    Calibrating,
}

/// Trains a model. The same examples in the same order, options and version of this crate give
/// the same model, byte for byte, on any number of threads.
///
/// # Errors
/// [`TrainError`] says what is wrong with the examples.
pub fn train(
    letters: &[Example<'_>],
    options: &TrainOptions,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Model, TrainError> {
    let set = examples::check(letters)?;
    progress(Progress::Counting { letters: letters.len() });
    let folds = options.folds.clamp(2, 32).min(letters.len());
    let fold_of = folds::assign(&set.targets, &set.groups, folds, options.seed);
    let texts: Vec<Text<'_>> = letters.iter().map(|letter| letter.text).collect();
    let corpus = Corpus::new(&texts, fold_of, &options.features);
    if corpus.vocabulary.len() == 0 {
        return Err(TrainError::NoFeatures { min_letters: options.features.min_letters });
    }
    let job = Job { corpus: &corpus, set: &set, options };
    let done = std::sync::atomic::AtomicUsize::new(0);
    let fitted = || {
        let done = 1 + done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        progress(Progress::Fitted { done, of: folds + 1 });
    };
    let (last, scores) = rayon::join(
        || job.fit(None).inspect(|_| fitted()),
        || job.out_of_fold_scores(&fitted),
    );
    let ((linear, _), scores) = (last?, scores?);
    progress(Progress::Calibrating);
    let (calibration, out_of_fold, candidates) = job.calibrate(&scores)?;
    let info = ModelInfo {
        trained_by: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
        labels: set.counts.clone(),
        letters: u32::try_from(letters.len()).unwrap_or(u32::MAX),
        data_hash: examples::hash(letters),
        seed: options.seed,
        features: options.features,
        cost: options.svm.cost,
        calibration: calibration.method,
        candidates,
    };
    let frequencies = corpus.frequencies(None);
    let features = corpus.vocabulary.features().to_vec();
    let parts = Parts { info, features, frequencies, linear, calibration, out_of_fold };
    Ok(Model::sealed(parts)?)
}

struct Job<'a> {
    corpus: &'a Corpus,
    set: &'a examples::Checked,
    options: &'a TrainOptions,
}

type Calibrated = (Calibration, OutOfFold, Vec<(Method, f64)>);

impl Job<'_> {
    fn labels(&self) -> usize {
        self.set.counts.len()
    }

    /// Stage 1 without the letters of one fold.
    fn fit(&self, without: Option<usize>) -> Result<(Linear, FoldIdf), TrainError> {
        let weights = self.corpus.idf(without);
        let inside = |row: usize| Some(self.corpus.fold_of(row)) != without;
        let (mut rows, mut prices) = self.corpus.training(&weights, inside);
        let mut targets: Vec<u32> = (0..self.corpus.rows())
            .filter(|&row| inside(row))
            .map(|row| self.set.targets[row])
            .collect();
        self.add_descriptions(&weights, &mut rows, &mut prices, &mut targets);
        let params = SvmParams { seed: self.options.seed, ..self.options.svm };
        let svm = params.fit_rows(&rows, &targets, self.labels(), &prices)?;
        Ok((Linear::quantise(&svm), weights))
    }

    fn add_descriptions(
        &self,
        weights: &FoldIdf,
        rows: &mut Csr,
        prices: &mut Vec<RowPrice>,
        targets: &mut Vec<u32>,
    ) {
        let weight = self.options.description_weight;
        if weight <= 0.0 {
            return;
        }
        for description in &self.options.descriptions {
            let known =
                self.set.counts.binary_search_by(|(label, _)| label.as_str().cmp(&description.label));
            let Ok(label) = known else { continue };
            for part in description.text.split([',', ':', ';']) {
                let text = Text { subject: "", body: part };
                let row = self.corpus.row(text, self.options.features.grams, weights);
                if row.is_empty() {
                    continue;
                }
                rows.push_row(row);
                prices.push(RowPrice { weight, private: 0.0 });
                targets.push(u32::try_from(label).unwrap_or(u32::MAX));
            }
        }
    }

    /// For every letter, the scores of the model that left out its fold: letters × labels.
    fn out_of_fold_scores(&self, fitted: &(dyn Fn() + Sync)) -> Result<Array2<f64>, TrainError> {
        let parts: Vec<Vec<(usize, Vec<f64>)>> = (0..self.corpus.folds())
            .into_par_iter()
            .map(|fold| {
                let (linear, weights) = self.fit(Some(fold))?;
                let inside = |row: usize| self.corpus.fold_of(row) == fold;
                let matrix = self.corpus.judging(&weights, inside);
                let rows = (0..self.corpus.rows()).filter(|&row| inside(row));
                let scored = rows.enumerate().map(|(index, row)| {
                    let (columns, values) = matrix.row(index);
                    let mut scores = Vec::new();
                    linear.scores(columns, values, &mut scores);
                    (row, scores)
                });
                let scored = scored.collect();
                fitted();
                Ok(scored)
            })
            .collect::<Result<_, TrainError>>()?;
        let mut scores = Array2::zeros((self.corpus.rows(), self.labels()));
        for (row, values) in parts.into_iter().flatten() {
            for (out, value) in scores.row_mut(row).iter_mut().zip(values) {
                *out = value;
            }
        }
        Ok(scores)
    }

    /// Fits both candidates for stage 2, keeps the one with the smaller cross-fitted log loss.
    fn calibrate(&self, scores: &Array2<f64>) -> Result<Calibrated, TrainError> {
        let mut best: Option<(f64, Method, Array2<f64>)> = None;
        let mut candidates = Vec::new();
        let methods: &[Method] = if worth_stacking(scores.dim()) {
            &[Method::Scaled, Method::Stacked]
        } else {
            &[Method::Scaled]
        };
        for &method in methods {
            let fitted = match self.cross_fit(method, scores) {
                Ok(fitted) => fitted,
                // A fold may lack so many labels that stacking fails; scaling never does.
                Err(_) if method == Method::Stacked => continue,
                Err(error) => return Err(error),
            };
            let rows = fitted.rows().into_iter().map(|row| row.to_vec()).collect::<Vec<_>>();
            let loss = log_loss(rows.iter().map(Vec::as_slice).zip(self.set.targets.iter().copied()));
            candidates.push((method, loss));
            if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
                best = Some((loss, method, fitted));
            }
        }
        let (_, method, fitted) = best.ok_or(TrainError::Empty)?;
        let calibration = Calibration::fit(method, scores.view(), &self.set.targets)?;
        let mut out_of_fold = OutOfFold::new(self.labels());
        for (row, &label) in fitted.rows().into_iter().zip(&self.set.targets) {
            out_of_fold.push(label, &row.to_vec());
        }
        Ok((calibration, out_of_fold, candidates))
    }

    /// Probabilities of every letter by a stage 2 that was fitted without its fold.
    fn cross_fit(&self, method: Method, scores: &Array2<f64>) -> Result<Array2<f64>, TrainError> {
        let parts: Vec<(Vec<usize>, Calibration)> = (0..self.corpus.folds())
            .into_par_iter()
            .map(|fold| {
                let (inside, outside): (Vec<usize>, Vec<usize>) =
                    (0..self.corpus.rows()).partition(|&row| self.corpus.fold_of(row) == fold);
                let targets: Vec<u32> = outside.iter().map(|&row| self.set.targets[row]).collect();
                let others = scores.select(Axis(0), &outside);
                Ok((inside, Calibration::fit(method, others.view(), &targets)?))
            })
            .collect::<Result<_, TrainError>>()?;
        let mut out = scores.clone();
        for (rows, calibration) in parts {
            for row in rows {
                let mut values = scores.row(row).to_vec();
                calibration.apply(&mut values);
                for (out, value) in out.row_mut(row).iter_mut().zip(values) {
                    *out = value;
                }
            }
        }
        Ok(out)
    }
}

/// Stacking has labels² coefficients and costs letters × labels² a step: not for sets where that
/// would take minutes or could not be learnt.
fn worth_stacking((letters, labels): (usize, usize)) -> bool {
    letters >= 20 * labels && letters.saturating_mul(labels * labels) <= 400_000_000
}
