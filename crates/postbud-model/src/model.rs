//! A trained model: letters in, probabilities out.

use std::cell::RefCell;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::calibrate::{Calibration, Method};
use crate::corpus::FeatureOptions;
use crate::explain::{Explanation, Shares};
use crate::grams::CHAR_BLOCK;
use crate::linear::Linear;
use crate::nearness::compared;
use crate::reading::{Distinct, Reading};
use crate::records::OutOfFold;
use crate::served::{Served, Sums};
use crate::sharpness::circumstances;
use crate::softmax::argmax;
use crate::text::Text;
use crate::vocabulary::{IdfTable, Vocabulary, Weights};

/// What is known of a model's origin. Holds no clock: the same data give the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// Version of the crate that trained it.
    pub trained_by: String,
    /// The labels with the number of training letters each, sorted by label.
    pub labels: Vec<(String, u32)>,
    /// Number of training letters.
    pub letters: u32,
    /// SHA-256 over the training letters and their labels, as hex.
    pub data_hash: String,
    /// The seed.
    pub seed: u64,
    /// How letters became features.
    pub features: FeatureOptions,
    /// Price of an error in stage 1.
    pub cost: f32,
    /// Which stage 2 was kept.
    pub calibration: Method,
    /// Log loss of the candidates for stage 2, cross-fitted.
    pub candidates: Vec<(Method, f64)>,
}

/// A model's answer for one letter.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// One per label, in the order of [`Model::labels`]; never NaN, together 1.
    pub probabilities: Vec<f64>,
    /// Share of the letter's n-grams of characters that the model has learnt, 0 to 1. Low values
    /// mean that the letter is unlike the training mail (another language, hardly any text); the
    /// probabilities take account of it.
    pub known: f64,
    /// How many n-grams of characters the letter has, known or not.
    pub grams: u32,
}

impl Prediction {
    /// The most probable label's position and its probability.
    #[must_use]
    pub fn best(&self) -> (usize, f64) {
        let best = argmax(&self.probabilities);
        (best, self.probabilities.get(best).copied().unwrap_or(0.0))
    }

    /// Positions by falling probability, ties by position.
    #[must_use]
    pub fn ranked(&self) -> Vec<(usize, f64)> {
        let mut ranked: Vec<_> = self.probabilities.iter().copied().enumerate().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked
    }
}

/// A trained model. `Send` and `Sync`; prediction needs no lock.
pub struct Model {
    pub(crate) info: ModelInfo,
    pub(crate) labels: Vec<String>,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) frequencies: Vec<u32>,
    pub(crate) served: Served,
    pub(crate) calibration: Calibration,
    pub(crate) out_of_fold: OutOfFold,
    pub(crate) checksum: [u8; 32],
}

/// Everything that makes a model, before the derived tables are built.
pub(crate) struct Parts {
    pub(crate) info: ModelInfo,
    pub(crate) features: Vec<u32>,
    pub(crate) frequencies: Vec<u32>,
    pub(crate) linear: Linear,
    /// The mean letter of each label, where there were few letters.
    pub(crate) means: Option<Linear>,
    pub(crate) calibration: Calibration,
    pub(crate) out_of_fold: OutOfFold,
}

impl Parts {
    /// The same model with the features of many letters first, words still before characters:
    /// what is used all the time then lies together in memory. Changes no result: sums of scores
    /// are exact, and values are computed in the order of the letter.
    fn frequent_first(self) -> Self {
        let rarity = |column: usize| {
            let of_chars = self.features.get(column).map(|&id| id & CHAR_BLOCK != 0);
            (of_chars, self.frequencies.get(column).map_or(u32::MAX, |df| df.leading_zeros()))
        };
        let mut order: Vec<u32> = (0..u32::try_from(self.features.len()).unwrap_or(0)).collect();
        order.sort_by_key(|&column| rarity(column as usize));
        let reordered = |of: &[u32]| -> Vec<u32> {
            order.iter().filter_map(|&column| of.get(column as usize)).copied().collect()
        };
        Self {
            features: reordered(&self.features),
            frequencies: reordered(&self.frequencies),
            linear: self.linear.reordered(&order),
            means: self.means.map(|means| means.reordered(&order)),
            ..self
        }
    }
}

/// Working space of one thread: no allocation per letter once it has grown.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) reading: Reading,
    /// The known features: their columns, and their places among the distinct ones.
    pub(crate) columns: Vec<u32>,
    pub(crate) places: Vec<u32>,
    counts: Vec<u16>,
    pub(crate) values: Vec<f32>,
    sums: Sums,
    cosines: Vec<f64>,
    pub(crate) shares: Shares,
}

/// How many n-grams of characters of a letter are known, and how many there are.
#[derive(Clone, Copy)]
struct Grams {
    known: u32,
    all: u32,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Model {
    pub(crate) fn assemble(parts: Parts, checksum: [u8; 32]) -> Self {
        let parts = parts.frequent_first();
        let letters = parts.info.letters as usize;
        let idf = IdfTable::new(letters, parts.info.features.idf_power);
        let idf: Vec<f32> = parts.frequencies.iter().map(|&df| idf.of(df)).collect();
        Self {
            labels: parts.info.labels.iter().map(|(label, _)| label.clone()).collect(),
            served: Served::new(&parts.linear, parts.means.as_ref(), &idf),
            vocabulary: Vocabulary::new(parts.features),
            frequencies: parts.frequencies,
            info: parts.info,
            calibration: parts.calibration,
            out_of_fold: parts.out_of_fold,
            checksum,
        }
    }

    /// The labels, sorted; positions in [`Prediction::probabilities`] refer to this list.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The position of a label.
    #[must_use]
    pub fn position(&self, label: &str) -> Option<usize> {
        self.labels.iter().position(|known| known == label)
    }

    /// Where the model comes from.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// How many features it knows.
    #[must_use]
    pub fn features(&self) -> usize {
        self.vocabulary.len()
    }

    /// The evidence for certification.
    #[must_use]
    pub fn out_of_fold(&self) -> &OutOfFold {
        &self.out_of_fold
    }

    /// SHA-256 that names this model: of its file.
    #[must_use]
    pub fn checksum(&self) -> [u8; 32] {
        self.checksum
    }

    /// [`Model::checksum`] as 64 hexadecimal digits.
    #[must_use]
    pub fn checksum_hex(&self) -> String {
        crate::file::hex(&self.checksum)
    }

    /// Probabilities for one letter.
    #[must_use]
    pub fn predict(&self, text: Text<'_>) -> Prediction {
        SCRATCH.with_borrow_mut(|scratch| {
            let grams = self.features_of(text, scratch);
            self.prediction(grams, scratch)
        })
    }

    /// Probabilities for one letter, and why its most probable label got its score: the letter is
    /// read once for both. Only the `most` words of the largest weight are named.
    #[must_use]
    pub fn predict_and_explain(&self, text: Text<'_>, most: usize) -> (Prediction, Explanation) {
        SCRATCH.with_borrow_mut(|scratch| {
            let grams = self.features_of(text, scratch);
            let prediction = self.prediction(grams, scratch);
            let explanation = self.explanation(text, prediction.best().0, scratch, most);
            (prediction, explanation)
        })
    }

    /// Takes the score of `label` (a position in [`Model::labels`]) for this letter apart, down to
    /// the last word. `None` when there is no such label.
    ///
    /// A pair of words counts half for either word; the characters within a word count for it;
    /// what occurs several times is shared evenly between its places.
    #[must_use]
    pub fn explain(&self, text: Text<'_>, label: usize) -> Option<Explanation> {
        self.labels.get(label)?;
        SCRATCH.with_borrow_mut(|scratch| {
            self.features_of(text, scratch);
            Some(self.explanation(text, label, scratch, usize::MAX))
        })
    }

    /// The answer for the letter in `scratch`.
    fn prediction(&self, grams: Grams, scratch: &mut Scratch) -> Prediction {
        let Grams { known, all } = grams;
        let mut probabilities = Vec::with_capacity(self.labels.len());
        let Scratch { columns, values, sums, cosines, .. } = scratch;
        self.served.scores((columns, values), sums, &mut probabilities, cosines);
        let near = compared(cosines, &probabilities);
        let circumstances = circumstances(known, all, &probabilities, near);
        self.calibration.apply(&mut probabilities, &circumstances);
        let known = f64::from(known) / f64::from(all.max(1));
        Prediction { probabilities, known, grams: all }
    }

    /// Probabilities for many letters, on all threads of rayon's pool.
    #[must_use]
    pub fn predict_batch(&self, texts: &[Text<'_>]) -> Vec<Prediction> {
        texts.par_iter().map(|&text| self.predict(text)).collect()
    }

    /// Stage 1's decision scores: before calibration, one per label.
    #[must_use]
    pub fn scores(&self, text: Text<'_>) -> Vec<f64> {
        SCRATCH.with_borrow_mut(|scratch| {
            self.features_of(text, scratch);
            let Scratch { columns, values, sums, cosines, .. } = scratch;
            let mut scores = Vec::new();
            self.served.scores((columns, values), sums, &mut scores, cosines);
            scores
        })
    }

    /// How many different features of a letter the model knows.
    #[must_use]
    pub fn known_features(&self, text: Text<'_>) -> usize {
        SCRATCH.with_borrow_mut(|scratch| {
            self.features_of(text, scratch);
            scratch.columns.len()
        })
    }

    /// Fills `scratch` with the known features of a letter, in order of appearance.
    fn features_of(&self, text: Text<'_>, scratch: &mut Scratch) -> Grams {
        let Scratch { reading, columns, places, counts, values, .. } = scratch;
        reading.read(text, self.info.features.grams);
        let Distinct { ids, counts: all_counts, .. } = &reading.distinct;
        self.vocabulary.columns(ids, columns, places);
        counts.clear();
        let mut known = 0;
        for &place in places.iter() {
            let count = all_counts[place as usize];
            known += (ids[place as usize] >> 31) * count;
            counts.push(u16::try_from(count).unwrap_or(u16::MAX));
        }
        let all = ids.iter().zip(all_counts).map(|(id, &count)| (id >> 31) * count).sum();
        let weights = Weights {
            idf: |column| self.served.idf(column),
            words: self.vocabulary.words(),
            private: 0.0,
        };
        weights.weigh(columns, counts, [0.0; 2], values);
        Grams { known, all }
    }
}
