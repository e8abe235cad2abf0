//! Training letters as counted features, with document frequencies kept apart per fold, so that
//! a model for one fold never sees anything of the letters it is judged on.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bags::{Bags, Rows, TOGETHER};
use crate::csr;
use crate::grams::{CHAR_BLOCK, GramOptions};
use crate::senders::Senders;
use crate::svm::RowPrice;
use crate::text::Text;
use crate::vocabulary::{IdfTable, Vocabulary, Weights};

/// Counted features of all training letters.
pub(crate) struct Corpus {
    pub(crate) vocabulary: Vocabulary,
    /// Rows are the letters, and then the parts of the descriptions.
    starts: Vec<usize>,
    columns: Vec<u32>,
    counts: Vec<u16>,
    /// Per column, in how many letters of each fold it stands: `len × folds`.
    frequencies: Vec<u32>,
    folds: usize,
    fold_of: Vec<u8>,
    pub(crate) min_letters: u32,
    /// In so many letters a column must stand to be known without a fold. A sender may have letters
    /// in several folds; as many letters as senders are asked for comes close, and the final model,
    /// which is all that is stored, is exact.
    pub(crate) least: u32,
    /// Per letter and block: the sum of squared damped counts of features too rare to be kept.
    rare: Vec<[f32; 2]>,
    /// Per letter, how many n-grams of characters it has, known or not.
    grams: Vec<u32>,
    /// Columns that stand in a description: known in every fold.
    described: Vec<bool>,
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

/// The values of all entries for one fold, and the prices of the rows.
pub(crate) struct Weighted {
    values: Vec<f32>,
    pub(crate) prices: Vec<RowPrice>,
}

/// The column weights of one fold.
pub(crate) struct FoldIdf {
    pub(crate) idf: Vec<f32>,
    private: f32,
}

/// With more features than this, those of a single letter are left out (their file would be
/// large, and with so much text they add nothing).
const MANY_FEATURES: usize = 300_000;

/// Features are hashes already.
#[derive(Default)]
pub(crate) struct Identity(u64);

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

/// Features are counted in so many parts by their upper bits, side by side.
pub(crate) const SHARDS: u32 = 16;

/// The features of a sorted text that belong to a shard.
pub(crate) fn of_shard(ids: &[u32], shard: u32) -> impl Iterator<Item = u32> {
    let width = 32 - SHARDS.trailing_zeros();
    let from = ids.partition_point(|id| id >> width < shard);
    ids[from..].iter().copied().take_while(move |&id| id >> width == shard)
}

/// In how many bags each feature stands.
fn totals(bags: &[Bags]) -> Vec<HashMap<u32, u32, BuildHasherDefault<Identity>>> {
    (0..SHARDS)
        .into_par_iter()
        .map(|shard| {
            let mut totals = HashMap::default();
            for id in bags.iter().flat_map(Bags::texts).flat_map(|ids| of_shard(ids, shard)) {
                *totals.entry(id).or_default() += 1;
            }
            totals
        })
        .collect()
}

/// The features that stand in at least `min_letters` letters or in a description, and that
/// number, decided if it was left open. Words before characters; in each block the frequent ones
/// first, so that what is used all the time lies together in memory.
fn frequent(
    bags: &[Bags],
    parts: &Bags,
    min_letters: u32,
    senders: Senders<'_>,
) -> (Vec<u32>, u32) {
    let totals = totals(bags);
    let all: usize = totals.iter().map(HashMap::len).sum();
    let min_letters = match min_letters {
        0 if all <= MANY_FEATURES => 1,
        0 => 2,
        given => given,
    };
    let described: HashSet<u32> = parts.ids.iter().copied().collect();
    let shared = senders.shared(bags);
    let kept = |id: u32| shared.as_ref().is_none_or(|shared| shared.contains(&id));
    let mut known: Vec<(bool, Reverse<u32>, u32)> = totals
        .into_iter()
        .flatten()
        .filter(|(id, total)| *total >= min_letters && kept(*id) && !described.contains(id))
        .chain(described.iter().map(|&id| (id, u32::MAX)))
        .map(|(id, total)| (id & CHAR_BLOCK != 0, Reverse(total), id))
        .collect();
    known.par_sort_unstable();
    (known.into_iter().map(|(_, _, id)| id).collect(), min_letters)
}

impl Corpus {
    /// Counts the features of `texts`, letters with a fold each. Kept are those in at least
    /// `min_letters` letters of enough `senders`, and those of the descriptions' `parts`.
    pub(crate) fn new(
        texts: &[Text<'_>],
        fold_of: Vec<u8>,
        options: &FeatureOptions,
        parts: &[Text<'_>],
        senders: Senders<'_>,
    ) -> Self {
        let count = |texts: &[Text<'_>]| Bags::new(texts, options.grams);
        let bags: Vec<Bags> = texts.par_chunks(TOGETHER).map(count).collect();
        let parts = count(parts);
        let (known, min_letters) = frequent(&bags, &parts, options.min_letters, senders);
        let vocabulary = Vocabulary::new(known);
        let folds = fold_of.iter().max().map_or(1, |&max| usize::from(max) + 1);
        let mut corpus = Self {
            frequencies: vec![0; vocabulary.len() * folds],
            described: vec![false; vocabulary.len()],
            vocabulary,
            starts: vec![0],
            columns: Vec::new(),
            counts: Vec::new(),
            folds,
            fold_of,
            min_letters,
            least: min_letters.max(senders.least),
            rare: Vec::with_capacity(texts.len()),
            grams: Vec::with_capacity(texts.len()),
            idf_power: options.idf_power,
        };
        corpus.take(bags, parts);
        corpus
    }

    fn take(&mut self, bags: Vec<Bags>, parts: Bags) {
        let vocabulary = &self.vocabulary;
        let rows: Vec<_> = bags.into_par_iter().map(|bags| bags.look_up(vocabulary)).collect();
        let parts = parts.look_up(vocabulary);
        let entries = rows.iter().chain([&parts]).map(|rows| rows.columns.len()).sum();
        self.columns.reserve_exact(entries);
        self.counts.reserve_exact(entries);
        for &column in &parts.columns {
            self.described[column as usize] = true;
        }
        for rows in rows {
            self.count(&rows);
            self.rare.extend_from_slice(&rows.rare);
            self.grams.extend_from_slice(&rows.grams);
            self.append(&rows);
        }
        self.append(&parts);
    }

    /// Counts in which fold the letters have their features.
    fn count(&mut self, rows: &Rows) {
        let mut from = 0;
        for (&end, &fold) in rows.ends.iter().zip(&self.fold_of[self.grams.len()..]) {
            for &column in &rows.columns[from..end] {
                self.frequencies[column as usize * self.folds + usize::from(fold)] += 1;
            }
            from = end;
        }
    }

    fn append(&mut self, rows: &Rows) {
        let before = self.columns.len();
        self.columns.extend_from_slice(&rows.columns);
        self.counts.extend_from_slice(&rows.counts);
        self.starts.extend(rows.ends.iter().map(|end| before + end));
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
        let table = IdfTable::new(letters, self.idf_power);
        let weight = |df: u32| table.of(df);
        let weights = self.frequencies(without).into_iter().zip(&self.described);
        let known = weights.map(
            |(df, &described)| {
                if described || df >= self.least { weight(df) } else { 0.0 }
            },
        );
        FoldIdf { idf: known.collect(), private: weight(1) }
    }

    /// All letters and then the parts of the descriptions, weighted for one fold: the letters of
    /// `without` as a model would see them, the others as they are trained on.
    pub(crate) fn weighted(&self, weights: &FoldIdf, without: Option<usize>) -> Weighted {
        let mut values = Vec::with_capacity(self.columns.len());
        let mut prices = Vec::with_capacity(self.starts.len());
        let mut row_values = Vec::new();
        for (row, bounds) in self.starts.windows(2).enumerate() {
            let range = bounds[0]..bounds[1];
            let letter = row < self.rows();
            let trained = letter && Some(self.fold_of(row)) != without;
            let private = if trained { weights.private } else { 0.0 };
            let rare = self.rare.get(row).copied().unwrap_or_default();
            let idf = |column: u32| weights.idf[column as usize];
            let weigh = Weights { idf, words: self.vocabulary.words(), private };
            let private = weigh.weigh(
                &self.columns[range.clone()],
                &self.counts[range],
                rare,
                &mut row_values,
            );
            values.extend_from_slice(&row_values);
            prices.push(RowPrice { weight: 1.0, private });
        }
        Weighted { values, prices }
    }

    /// The rows with these values.
    pub(crate) fn view<'a>(&'a self, weighted: &'a Weighted) -> csr::Rows<'a> {
        csr::Rows::new(&self.starts, &self.columns, &weighted.values, self.vocabulary.len())
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
}
