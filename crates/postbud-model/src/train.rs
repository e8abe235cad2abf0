//! Training: features, models that each leave a fold out, calibration on what those said of the
//! letters they had not seen, and a last model on everything.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::corpus::{Corpus, FeatureOptions};
use crate::description::Description;
use crate::error::TrainError;
use crate::linear::Linear;
use crate::model::{Model, ModelInfo, Parts};
use crate::senders::Senders;
use crate::stage1::Stage1;
use crate::stage2::{self, Stage2};
use crate::svm::SvmParams;
use crate::text::Text;
use crate::{description, examples, folds};

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
    /// The same for letters of one sender, as far as it is known; otherwise the letters of a group
    /// count as one sender's.
    pub sender: Option<u64>,
    /// Its language as a number of the caller's, kept with the model for comparing later mail with.
    /// Nothing is learnt from it.
    pub language: Option<u8>,
}

/// How to train. The defaults were chosen by cross-validation on Danish letters.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainOptions {
    /// Seed of everything random.
    pub seed: u64,
    /// Folds for cross-fitting, 2 to 32; 0 lets the number of letters decide: 10 for fewer than
    /// 5,000, 3 for more than 10 MB of text, otherwise 5.
    pub folds: usize,
    /// How letters become features.
    pub features: FeatureOptions,
    /// A feature must stand in letters of this many different senders, or in a description, to be
    /// known: rarer ones could tell whether a name stood in a letter. 1 keeps them all.
    pub min_senders: u32,
    /// Stage 1.
    pub svm: SvmParams,
    /// Labels in their own words.
    pub descriptions: Vec<Description>,
    /// Weight of one part of a description; a letter has 1. A label of more than 100 parts shares
    /// out the weight of 100.
    pub description_weight: f32,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            folds: 0,
            features: FeatureOptions::default(),
            min_senders: 1,
            svm: SvmParams::default(),
            descriptions: Vec::new(),
            description_weight: 0.08,
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
    /// Models are being fitted; `done` of `of` (the folds, and the last one). The first time
    /// when letters have been counted.
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
    let fold_of =
        folds::assign(&set.targets, &set.groups, fold_count(letters, options), options.seed);
    let texts: Vec<Text<'_>> = letters.iter().map(|letter| letter.text).collect();
    let (parts, described): (Vec<Text<'_>>, Vec<u32>) =
        description::parts(&options.descriptions, &set).into_iter().unzip();
    let senders = Senders { of: &set.senders, least: options.min_senders };
    let corpus = Corpus::new(&texts, fold_of, &options.features, &parts, senders);
    let features = FeatureOptions { min_letters: corpus.min_letters, ..options.features };
    if corpus.folds() < 2 {
        return Err(TrainError::OneGroup);
    }
    if corpus.vocabulary.len() == 0 {
        return Err(TrainError::NoFeatures {
            least: corpus.least,
            min_senders: options.min_senders.max(1),
        });
    }
    let tolerance = options.svm.tolerance.max(coarse(letters));
    let stage1 = Stage1 {
        corpus: &corpus,
        targets: &set.targets,
        labels: set.counts.len(),
        described: &described,
        weight: options.description_weight,
        svm: SvmParams { seed: options.seed, tolerance, ..options.svm },
    };
    let (linear, means, mut stage2) = fit(&stage1, progress)?;
    // Of some letters only, they would be no picture of the mail.
    let languages: Option<Vec<u8>> = letters.iter().map(|letter| letter.language).collect();
    stage2.out_of_fold.languages = languages.unwrap_or_default();
    let info = ModelInfo {
        trained_by: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
        labels: set.counts.clone(),
        letters: u32::try_from(letters.len()).unwrap_or(u32::MAX),
        data_hash: examples::hash(letters),
        seed: options.seed,
        features,
        cost: options.svm.cost,
        calibration: stage2.calibration.method,
        candidates: stage2.candidates,
    };
    let frequencies = corpus.frequencies(None);
    let features = corpus.vocabulary.features().to_vec();
    let parts = Parts {
        info,
        features,
        frequencies,
        linear,
        means,
        calibration: stage2.calibration,
        out_of_fold: stage2.out_of_fold,
    };
    Ok(Model::sealed(parts)?)
}

/// With fewer letters folds are small, so that each model is trained on nearly all of them.
const FEW_LETTERS: usize = 5_000;

/// With more text than this (bytes) each fold costs seconds; three of them see enough.
const MUCH_TEXT: usize = 10_000_000;

/// How closely stage 1 need be solved at most. With many letters a fifth of 0.1 costs twice the time and
/// changes nothing beyond chance (measured out of fold on 11,000 and 13,500 letters); nor does 0.3 where
/// the letters are short (on 13,500).
fn coarse(letters: &[Example<'_>]) -> f32 {
    match letters.len() {
        0..FEW_LETTERS => 0.0,
        _ if text_bytes(letters) <= MUCH_TEXT => 0.3,
        _ => 0.1,
    }
}

fn text_bytes(letters: &[Example<'_>]) -> usize {
    letters.iter().map(|letter| letter.text.subject.len() + letter.text.body.len()).sum()
}

fn fold_count(letters: &[Example<'_>], options: &TrainOptions) -> usize {
    let by_size = match letters.len() {
        0..FEW_LETTERS => 10,
        _ if text_bytes(letters) <= MUCH_TEXT => 5,
        _ => 3,
    };
    let folds = if options.folds == 0 { by_size } else { options.folds };
    folds.clamp(2, 32).min(letters.len())
}

/// Both stages.
fn fit(
    stage1: &Stage1<'_>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<(Linear, Option<Linear>, Stage2), TrainError> {
    let corpus = stage1.corpus;
    progress(Progress::Fitted { done: 0, of: corpus.folds() + 1 });
    let done = AtomicUsize::new(0);
    let fitted = || {
        let done = 1 + done.fetch_add(1, Ordering::Relaxed);
        progress(Progress::Fitted { done, of: corpus.folds() + 1 });
    };
    let (last, unseen) =
        rayon::join(|| stage1.fit(None).inspect(|_| fitted()), || stage1.out_of_fold(&fitted));
    let (last, unseen) = (last?, unseen?);
    progress(Progress::Calibrating);
    let folds: Vec<usize> = (0..corpus.rows()).map(|row| corpus.fold_of(row)).collect();
    let stage2 = stage2::fit(&unseen, stage1.targets, &folds, stage1.labels)?;
    Ok((last.linear, last.means, stage2))
}
