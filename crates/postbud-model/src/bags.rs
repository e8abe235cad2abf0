//! The features of many texts, counted: some hundred texts share their memory, which goes back to
//! the system in one piece when they are done with.

use crate::grams::{CHAR_BLOCK, GramOptions, each_feature};
use crate::text::Text;
use crate::vocabulary::{Vocabulary, damped};

/// So many texts share their memory.
pub(crate) const TOGETHER: usize = 256;

/// Features of some texts: rising within a text, and how often each occurs.
#[derive(Default)]
pub(crate) struct Bags {
    pub(crate) ids: Vec<u32>,
    pub(crate) counts: Vec<u16>,
    /// Where each text ends.
    pub(crate) ends: Vec<usize>,
}

/// The same texts as a vocabulary sees them.
pub(crate) struct Rows {
    /// Columns, rising within a text, so that a walk meets the frequent ones side by side.
    pub(crate) columns: Vec<u32>,
    pub(crate) counts: Vec<u16>,
    pub(crate) ends: Vec<usize>,
    /// Per text and block: the sum of squared damped counts of features outside the vocabulary.
    pub(crate) rare: Vec<[f32; 2]>,
    /// Per text, how many n-grams of characters it has, known or not.
    pub(crate) grams: Vec<u32>,
}

impl Bags {
    pub(crate) fn new(texts: &[Text<'_>], options: GramOptions) -> Self {
        let (mut buffer, mut ids) = (Vec::new(), Vec::new());
        let mut bags = Self::default();
        for &text in texts {
            ids.clear();
            each_feature(text, options, &mut buffer, |id| ids.push(id));
            ids.sort_unstable();
            for same in ids.chunk_by(|a, b| a == b) {
                bags.ids.extend(same.first());
                bags.counts.push(u16::try_from(same.len()).unwrap_or(u16::MAX));
            }
            bags.ends.push(bags.ids.len());
        }
        bags.ids.shrink_to_fit();
        bags.counts.shrink_to_fit();
        bags
    }

    fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(&from, &to)| from..to)
    }

    /// The features of each text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &[u32]> {
        self.ranges().map(|range| &self.ids[range])
    }

    /// Looks the features up; their memory is used again.
    pub(crate) fn look_up(mut self, vocabulary: &Vocabulary) -> Rows {
        let (mut rare, mut grams, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        let mut known: Vec<(u32, u16)> = Vec::new();
        let ranges: Vec<_> = self.ranges().collect();
        let mut end = 0;
        for range in ranges {
            let (mut hidden, mut of_text) = ([0.0; 2], 0);
            known.clear();
            for (&id, &count) in self.ids[range.clone()].iter().zip(&self.counts[range]) {
                let of_chars = id & CHAR_BLOCK != 0;
                of_text += u32::from(of_chars) * u32::from(count);
                if let Some(column) = vocabulary.column(id) {
                    known.push((column, count));
                } else {
                    hidden[usize::from(of_chars)] += damped(count).powi(2);
                }
            }
            known.sort_unstable();
            // Never more than were read: what is not read yet stays.
            for &(column, count) in &known {
                (self.ids[end], self.counts[end]) = (column, count);
                end += 1;
            }
            ends.push(end);
            rare.push(hidden);
            grams.push(of_text);
        }
        self.ids.truncate(end);
        self.counts.truncate(end);
        Rows { columns: self.ids, counts: self.counts, ends, rare, grams }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_up_what_it_counted() {
        let text = |body| Text { subject: "", body };
        let options = GramOptions { pairs: false, chars_min: 3, chars_max: 0 };
        let bags = Bags::new(&[text("hus hus bil"), text(""), text("bil vej")], options);
        let texts: Vec<Vec<u32>> = bags.texts().map(<[u32]>::to_vec).collect();
        assert_eq!(texts.iter().map(Vec::len).collect::<Vec<_>>(), [2, 0, 2]);
        let car = *texts[0].iter().find(|&id| texts[2].contains(id)).unwrap();
        let house = *texts[0].iter().find(|&&id| id != car).unwrap();
        let rows = bags.look_up(&Vocabulary::new(vec![car, house]));
        assert_eq!(rows.columns, [0, 1, 0]);
        assert_eq!(rows.counts, [1, 2, 1]);
        assert_eq!(rows.ends, [2, 2, 3]);
        assert_eq!(rows.rare, [[0.0; 2], [0.0; 2], [1.0, 0.0]]);
        assert_eq!(rows.grams, [0; 3]);
    }
}
