//! Training letters as counted features, with document frequencies kept apart per fold, so that
//! a model for one fold never sees anything of the letters it is judged on.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::csr::Csr;
use crate::grams::{CHAR_BLOCK, GramOptions, each_feature};
use crate::text::Text;
use crate::svm::RowPrice;
use crate::vocabulary::{Vocabulary, Weights, damped, idf};

/// Counted features of all training letters.
pub(crate) struct Corpus {
    pub(crate) vocabulary: Vocabulary,
    starts: Vec<usize>,
    columns: Vec<u32>,
    counts: Vec<u16>,
    /// Per column, in how many letters of each fold it stands: `len × folds`.
    frequencies: Vec<u32>,
    folds: usize,
    fold_of: Vec<u8>,
    min_letters: u32,
    /// Per letter and block: the sum of squared damped counts of features too rare to be kept.
    rare: Vec<[f32; 2]>,
    idf_power: f32,
}

/// How letters become features.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FeatureOptions {
    /// Which n-grams.
    pub grams: GramOptions,
    /// A feature must stand in this many training letters to be known.
    pub min_letters: u32,
    /// Power of the inverse document frequency.
    pub idf_power: f32,
}

impl Default for FeatureOptions {
    fn default() -> Self {
        Self { grams: GramOptions::default(), min_letters: 2, idf_power: 1.5 }
    }
}

/// The column weights of one fold.
pub(crate) struct FoldIdf {
    pub(crate) idf: Vec<f32>,
    private: f32,
}

/// Features and how often each occurs, by rising feature.
type Bag = Vec<(u32, u16)>;

/// Features are hashes already.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 << 8) | u64::from(byte);
        }
    }
    fn write_u32(&mut self, id: u32) {
        self.0 = u64::from(id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

fn count(text: Text<'_>, options: GramOptions) -> Bag {
    let mut ids = Vec::new();
    each_feature(text, options, &mut Vec::new(), |_, _| (), |id, _| ids.push(id));
    ids.sort_unstable();
    let mut bag: Bag = Vec::new();
    for id in ids {
        match bag.last_mut() {
            Some((last, count)) if *last == id => *count = count.saturating_add(1),
            _ => bag.push((id, 1)),
        }
    }
    bag
}

impl Corpus {
    /// Counts the features of `texts`; those in fewer than `min_letters` letters are dropped.
    pub(crate) fn new(texts: &[Text<'_>], fold_of: Vec<u8>, options: &FeatureOptions) -> Self {
        let bags: Vec<Bag> = texts.par_iter().map(|&text| count(text, options.grams)).collect();
        let min_letters = options.min_letters.max(1);
        let folds = fold_of.iter().max().map_or(1, |&max| usize::from(max) + 1);
        let mut index: HashMap<u32, u32, BuildHasherDefault<Identity>> = HashMap::default();
        let mut totals: Vec<u32> = Vec::new();
        for (id, _) in bags.iter().flatten() {
            let next = u32::try_from(totals.len()).unwrap_or(u32::MAX);
            let at = *index.entry(*id).or_insert(next);
            if at == next {
                totals.push(0);
            }
            totals[at as usize] += 1;
        }
        let mut known: Vec<u32> = index
            .iter()
            .filter(|&(_, &at)| totals[at as usize] >= min_letters)
            .map(|(&id, _)| id)
            .collect();
        drop((index, totals));
        known.sort_unstable();
        let vocabulary = Vocabulary::new(known);
        let mut corpus = Self {
            frequencies: vec![0; vocabulary.len() * folds],
            vocabulary,
            starts: vec![0],
            columns: Vec::new(),
            counts: Vec::new(),
            folds,
            fold_of,
            min_letters,
            rare: Vec::with_capacity(texts.len()),
            idf_power: options.idf_power,
        };
        for (row, bag) in bags.into_iter().enumerate() {
            corpus.push(row, &bag);
        }
        corpus
    }

    fn push(&mut self, row: usize, bag: &Bag) {
        let fold = usize::from(self.fold_of[row]);
        let mut rare = [0.0; 2];
        for &(id, count) in bag {
            if let Some(column) = self.vocabulary.column(id) {
                self.columns.push(column);
                self.counts.push(count);
                self.frequencies[column as usize * self.folds + fold] += 1;
            } else {
                rare[usize::from(id & CHAR_BLOCK != 0)] += damped(count).powi(2);
            }
        }
        self.rare.push(rare);
        self.starts.push(self.columns.len());
    }

    pub(crate) fn rows(&self) -> usize {
        self.fold_of.len()
    }

    pub(crate) fn folds(&self) -> usize {
        self.folds
    }

    pub(crate) fn fold_of(&self, row: usize) -> usize {
        usize::from(self.fold_of[row])
    }

    /// In how many letters each column stands, the letters of `without` left out.
    pub(crate) fn frequencies(&self, without: Option<usize>) -> Vec<u32> {
        self.frequencies
            .chunks_exact(self.folds)
            .map(|counts| {
                let total: u32 = counts.iter().sum();
                total - without.and_then(|fold| counts.get(fold)).copied().unwrap_or(0)
            })
            .collect()
    }

    /// Weights per column, learnt without the fold `without`: 0 for a column that is then too
    /// rare to be known.
    pub(crate) fn idf(&self, without: Option<usize>) -> FoldIdf {
        let letters = (0..self.rows()).filter(|&row| Some(self.fold_of(row)) != without).count();
        let known = |df: u32| {
            if df < self.min_letters { 0.0 } else { idf(letters, df, self.idf_power) }
        };
        let idf = |df| idf(letters, df, self.idf_power);
        FoldIdf { idf: self.frequencies(without).into_iter().map(known).collect(), private: idf(1) }
    }

    /// Weighted rows of the letters for which `take` says yes, in order, as they are trained on.
    pub(crate) fn training(
        &self,
        weights: &FoldIdf,
        take: impl Fn(usize) -> bool,
    ) -> (Csr, Vec<RowPrice>) {
        self.matrix(weights, weights.private, take)
    }

    /// The same letters as a model would see them.
    pub(crate) fn judging(&self, weights: &FoldIdf, take: impl Fn(usize) -> bool) -> Csr {
        self.matrix(weights, 0.0, take).0
    }

    fn matrix(
        &self,
        weights: &FoldIdf,
        private: f32,
        take: impl Fn(usize) -> bool,
    ) -> (Csr, Vec<RowPrice>) {
        let rows: Vec<usize> = (0..self.rows()).filter(|&row| take(row)).collect();
        let entries = rows.iter().map(|&row| self.starts[row + 1] - self.starts[row]).sum();
        let mut out = Csr::with_capacity(self.vocabulary.len(), rows.len(), entries);
        let mut prices = Vec::with_capacity(rows.len());
        let mut values = Vec::new();
        let weights = Weights { idf: &weights.idf, words: self.vocabulary.words(), private };
        for row in rows {
            let range = self.starts[row]..self.starts[row + 1];
            let columns = &self.columns[range.clone()];
            let private = weights.weigh(columns, &self.counts[range], self.rare[row], &mut values);
            out.push_row(columns.iter().copied().zip(values.iter().copied()));
            prices.push(RowPrice { weight: 1.0, private });
        }
        (out, prices)
    }

    /// A text as a row of these weights: for a mailbox's description.
    pub(crate) fn row(&self, text: Text<'_>, grams: GramOptions, weights: &FoldIdf) -> Vec<(u32, f32)> {
        let (mut columns, mut counts) = (Vec::new(), Vec::new());
        for (id, count) in count(text, grams) {
            if let Some(column) = self.vocabulary.column(id) {
                columns.push(column);
                counts.push(count);
            }
        }
        let mut values = Vec::new();
        let weights = Weights { idf: &weights.idf, words: self.vocabulary.words(), private: 0.0 };
        weights.weigh(&columns, &counts, [0.0; 2], &mut values);
        columns.into_iter().zip(values).collect()
    }
}
