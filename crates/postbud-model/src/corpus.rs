//! Training letters as counted features, with document frequencies kept apart per fold, so that
//! a model for one fold never sees anything of the letters it is judged on.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::csr::Csr;
use crate::grams::{CHAR_BLOCK, GramOptions, each_feature};
use crate::svm::RowPrice;
use crate::text::Text;
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
    pub(crate) min_letters: u32,
    /// Per letter and block: the sum of squared damped counts of features too rare to be kept.
    rare: Vec<[f32; 2]>,
    /// Per letter, how many n-grams of characters it has, known or not.
    grams: Vec<u32>,
    /// Columns that stand in a description: known in every fold.
    described: Vec<bool>,
    /// The parts of the descriptions: columns and counts.
    parts: Vec<(Vec<u32>, Vec<u16>)>,
    idf_power: f32,
}

/// How letters become features.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FeatureOptions {
    /// Which n-grams.
    pub grams: GramOptions,
    /// A feature must stand in this many training letters, or in a description, to be known.
    /// 0 lets the data decide: 1, unless that would make more than 300,000 features; then 2.
    pub min_letters: u32,
    /// Power of the inverse document frequency.
    pub idf_power: f32,
}

impl Default for FeatureOptions {
    fn default() -> Self {
        Self { grams: GramOptions::default(), min_letters: 0, idf_power: 1.5 }
    }
}

/// The column weights of one fold.
pub(crate) struct FoldIdf {
    pub(crate) idf: Vec<f32>,
    private: f32,
}

/// With more features than this, those of a single letter are left out (their file would be
/// large, and with so much text they add nothing).
const MANY_FEATURES: usize = 300_000;

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

/// The features that stand in at least `min_letters` letters, and that number, decided if it was
/// left open.
fn frequent(bags: &[Bag], min_letters: u32) -> (Vec<u32>, u32) {
    let mut totals: HashMap<u32, u32, BuildHasherDefault<Identity>> = HashMap::default();
    for (id, _) in bags.iter().flatten() {
        *totals.entry(*id).or_default() += 1;
    }
    let min_letters = match min_letters {
        0 if totals.len() <= MANY_FEATURES => 1,
        0 => 2,
        given => given,
    };
    let known = totals.into_iter().filter(|&(_, total)| total >= min_letters);
    (known.map(|(id, _)| id).collect(), min_letters)
}

/// The known features of a bag.
fn columns_of(vocabulary: &Vocabulary, bag: &Bag) -> (Vec<u32>, Vec<u16>) {
    bag.iter().filter_map(|&(id, count)| Some((vocabulary.column(id)?, count))).unzip()
}

impl Corpus {
    /// Counts the features of `texts`, letters with a fold each. Kept are those in at least
    /// `min_letters` letters, and those of the descriptions' `parts`.
    pub(crate) fn new(
        texts: &[Text<'_>],
        fold_of: Vec<u8>,
        options: &FeatureOptions,
        parts: &[Text<'_>],
    ) -> Self {
        let bags: Vec<Bag> = texts.par_iter().map(|&text| count(text, options.grams)).collect();
        let parts: Vec<Bag> = parts.iter().map(|&text| count(text, options.grams)).collect();
        let (mut known, min_letters) = frequent(&bags, options.min_letters);
        known.extend(parts.iter().flatten().map(|&(id, _)| id));
        known.sort_unstable();
        known.dedup();
        let vocabulary = Vocabulary::new(known);
        let folds = fold_of.iter().max().map_or(1, |&max| usize::from(max) + 1);
        let mut described = vec![false; vocabulary.len()];
        let parts = parts.iter().map(|bag| columns_of(&vocabulary, bag)).collect::<Vec<_>>();
        for &column in parts.iter().flat_map(|(columns, _)| columns) {
            described[column as usize] = true;
        }
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
            grams: Vec::with_capacity(texts.len()),
            described,
            parts,
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
        let chars = bag.iter().filter(|(id, _)| id & CHAR_BLOCK != 0);
        self.grams.push(chars.map(|&(_, count)| u32::from(count)).sum());
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
        let weight = |df: u32| idf(letters, df, self.idf_power);
        let weights = self.frequencies(without).into_iter().zip(&self.described);
        let known = weights.map(
            |(df, &described)| {
                if described || df >= self.min_letters { weight(df) } else { 0.0 }
            },
        );
        FoldIdf { idf: known.collect(), private: weight(1) }
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

    /// Of how many n-grams of characters a letter consists, and how many of them are known.
    pub(crate) fn known(&self, row: usize, weights: &FoldIdf) -> (u32, u32) {
        let range = self.starts[row]..self.starts[row + 1];
        let known = self.columns[range.clone()]
            .iter()
            .zip(&self.counts[range])
            .filter(|&(&column, _)| column as usize >= self.vocabulary.words())
            .filter(|&(&column, _)| weights.idf[column as usize] != 0.0)
            .map(|(_, &count)| u32::from(count))
            .sum();
        (known, self.grams[row])
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

    /// The parts of the descriptions as rows of these weights.
    pub(crate) fn described(&self, weights: &FoldIdf) -> impl Iterator<Item = Vec<(u32, f32)>> {
        let words = self.vocabulary.words();
        self.parts.iter().map(move |(columns, counts)| {
            let mut values = Vec::new();
            Weights { idf: &weights.idf, words, private: 0.0 }.weigh(
                columns,
                counts,
                [0.0; 2],
                &mut values,
            );
            columns.iter().copied().zip(values).collect()
        })
    }
}
