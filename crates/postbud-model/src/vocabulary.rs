//! The features a model knows: hash to column, and how rare each is.

use crate::grams::CHAR_BLOCK;

/// Features, the word block before the character block, and a table to find them.
pub(crate) struct Vocabulary {
    features: Vec<u32>,
    /// Columns below this are words.
    words: usize,
    /// Open addressing: feature and column + 1; a column of 0 marks a free slot.
    table: Vec<(u32, u32)>,
    mask: usize,
}

impl Vocabulary {
    /// `features` must differ, and the words among them must stand first.
    pub(crate) fn new(features: Vec<u32>) -> Self {
        let words = features.partition_point(|&id| id & CHAR_BLOCK == 0);
        let size = (features.len() * 2).next_power_of_two().max(2);
        let mask = size - 1;
        let mut table = vec![(0, 0); size];
        for (column, &id) in (1_u32..).zip(&features) {
            let mut slot = id as usize & mask;
            while table[slot].1 != 0 {
                slot = (slot + 1) & mask;
            }
            table[slot] = (id, column);
        }
        Self { features, words, table, mask }
    }

    /// The column of a feature.
    #[inline]
    pub(crate) fn column(&self, id: u32) -> Option<u32> {
        let mut slot = id as usize & self.mask;
        loop {
            match self.table[slot] {
                (_, 0) => return None,
                (known, column) if known == id => return Some(column - 1),
                _ => slot = (slot + 1) & self.mask,
            }
        }
    }

    /// The columns of those features that are known, each with its place among `ids`.
    pub(crate) fn columns(&self, ids: &[u32], columns: &mut Vec<u32>, places: &mut Vec<u32>) {
        columns.clear();
        places.clear();
        for (place, &id) in (0_u32..).zip(ids) {
            if let Some(column) = self.column(id) {
                columns.push(column);
                places.push(place);
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.features.len()
    }

    /// How many columns are words; the rest are characters.
    pub(crate) fn words(&self) -> usize {
        self.words
    }

    pub(crate) fn features(&self) -> &[u32] {
        &self.features
    }
}

/// Weight of a feature that stands in `df` of `documents` letters: scikit-learn's smoothed
/// inverse document frequency, `ln((1 + n) / (1 + df)) + 1`, to a power. A power above 1 lets
/// the rare words speak louder. A word known only from a description counts as standing in one.
pub(crate) fn idf(documents: usize, df: u32, power: f32) -> f32 {
    let idf = ((1.0 + documents as f64) / (1.0 + f64::from(df.max(1)))).ln() + 1.0;
    idf.powf(f64::from(power)) as f32
}

/// [`idf`] of many features, computed once for each document frequency that occurs often.
pub(crate) struct IdfTable {
    documents: usize,
    power: f32,
    low: Vec<f32>,
}

impl IdfTable {
    pub(crate) fn new(documents: usize, power: f32) -> Self {
        let low = (0..1_024).map(|df| idf(documents, df, power)).collect();
        Self { documents, power, low }
    }

    #[inline]
    pub(crate) fn of(&self, df: u32) -> f32 {
        let low = self.low.get(df as usize).copied();
        low.unwrap_or_else(|| idf(self.documents, df, self.power))
    }
}

/// How the features of a letter are weighted.
#[derive(Clone, Copy)]
pub(crate) struct Weights<Idf> {
    /// Of a column; 0 for one that is not known.
    pub(crate) idf: Idf,
    /// Columns below this are words.
    pub(crate) words: usize,
    /// In training: the weight of a feature that no other letter has. 0 otherwise.
    pub(crate) private: f32,
}

/// `1 + ln n`.
pub(crate) fn damped(count: u16) -> f32 {
    LOG_COUNT.get(usize::from(count)).copied().unwrap_or_else(|| 1.0 + f32::from(count).ln())
}

impl<Idf: Fn(u32) -> f32> Weights<Idf> {
    /// TF-IDF of one letter: `(1 + ln tf) · idf`, then each block (words, characters) to
    /// length 1. `out` gets one value per column. `rare` is, per block, the sum of squared damped
    /// counts of features outside the vocabulary; they count in the length when `private` is
    /// set. Returns the squared length of what is private.
    pub(crate) fn weigh(
        &self,
        columns: &[u32],
        counts: &[u16],
        rare: [f32; 2],
        out: &mut Vec<f32>,
    ) -> f32 {
        out.clear();
        let mut squares = [0.0_f32; 2];
        let mut private = rare;
        for (&column, &count) in columns.iter().zip(counts) {
            let block = usize::from(column as usize >= self.words);
            let weight = (self.idf)(column);
            let damped = damped(count);
            let value = damped * weight;
            squares[block] += value * value;
            if weight == 0.0 {
                private[block] += damped * damped;
            }
            out.push(value);
        }
        let mut share = 0.0;
        let mut scale = [0.0; 2];
        for block in 0..2 {
            let hidden = private[block] * self.private * self.private;
            let square = squares[block] + hidden;
            if square > 0.0 {
                scale[block] = square.sqrt().recip();
                share += hidden / square;
            }
        }
        for (value, &column) in out.iter_mut().zip(columns) {
            *value *= scale[usize::from(column as usize >= self.words)];
        }
        share
    }
}

/// `1 + ln n` for the counts that nearly all features have.
const LOG_COUNT: [f32; 9] = [
    0.0,
    1.0,
    1.693_147_2,
    2.098_612_3,
    2.386_294_4,
    2.609_438,
    2.791_759_5,
    2.945_910_1,
    3.079_441_5,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_it_knows_and_nothing_else() {
        let ids: Vec<u32> =
            (0..5_000).map(|i| i * 7 + 1).chain([CHAR_BLOCK + 3, u32::MAX]).collect();
        let vocabulary = Vocabulary::new(ids.clone());
        for (column, &id) in ids.iter().enumerate() {
            assert_eq!(vocabulary.column(id), u32::try_from(column).ok());
            assert_eq!(
                vocabulary.column(id.wrapping_add(1)).is_some(),
                ids.contains(&id.wrapping_add(1))
            );
        }
        assert_eq!(vocabulary.words(), 5_000);
        assert_eq!(Vocabulary::new(Vec::new()).column(0), None);
    }

    #[test]
    fn blocks_have_length_one() {
        let mut out = Vec::new();
        let idf = [1.0, 2.0, 1.5, 0.0];
        let weights = Weights { idf: |column| idf[column as usize], words: 2, private: 0.0 };
        assert_eq!(weights.weigh(&[0, 1, 2, 3], &[1, 20, 3, 1], [5.0, 5.0], &mut out), 0.0);
        assert!((out[0].hypot(out[1]) - 1.0).abs() < 1e-6);
        assert!((out[2] - 1.0).abs() < 1e-6);
        assert_eq!(out[3], 0.0);
    }

    #[test]
    fn what_is_private_takes_its_share_of_the_length() {
        let mut out = Vec::new();
        let weights = Weights { idf: |_| 1.0, words: 1, private: 2.0 };
        let share = weights.weigh(&[0], &[1], [0.75, 0.0], &mut out);
        assert!((share - 0.75).abs() < 1e-6);
        assert!((out[0] * out[0] + share - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_table_of_logarithms_is_right() {
        for (count, log) in (1_u8..).zip(&LOG_COUNT[1..]) {
            assert!((1.0 + f32::from(count).ln() - log).abs() < 1e-6);
        }
    }
}
