//! Words to features: single words, pairs of words, and characters within words, each hashed to
//! 32 bits. Hashing while walking the characters needs no string per n-gram.
//!
//! The top bit of a feature tells its block (0 words, 1 characters), so that a sorted list of
//! features has the words first. The other 31 bits are a hash: with half a million known
//! features, about one unseen n-gram in 4,000 is taken for a known one.

use serde::{Deserialize, Serialize};

use crate::text::Text;
use crate::words::{Word, each_word};

/// Changes whenever the same letter would give other features; stored in the model file. 2: what
/// points to a person is masked in the text before it comes here.
pub(crate) const FEATURE_VERSION: u16 = 2;
/// The top bit of a feature made of characters.
pub(crate) const CHAR_BLOCK: u32 = 1 << 31;

/// Which n-grams are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GramOptions {
    /// Also pairs of neighbouring words.
    pub pairs: bool,
    /// Fewest characters of an n-gram within a word (the word's edges count as one each).
    pub chars_min: u8,
    /// Most characters; below `chars_min` for none at all.
    pub chars_max: u8,
}

impl Default for GramOptions {
    fn default() -> Self {
        Self { pairs: true, chars_min: 3, chars_max: 5 }
    }
}

/// One step of the hash: multiply and rotate, as in FxHash.
#[inline]
fn step(hash: u64, value: u32) -> u64 {
    (hash.rotate_left(5) ^ u64::from(value)).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// Spreads the state over 31 bits.
#[inline]
fn finish(hash: u64) -> u32 {
    let mixed = (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 33) as u32
}

/// Where a word stands among the hashes of words and pairs.
#[derive(Clone, Copy)]
pub(crate) struct Whole(pub(crate) u64);

impl Whole {
    #[inline]
    pub(crate) fn of(word: &Word<'_>) -> Self {
        Self(word.chars().iter().fold(1, |hash, &c| step(hash, c as u32)))
    }

    /// The feature of the word alone.
    #[inline]
    pub(crate) fn single(self) -> u32 {
        finish(self.0)
    }

    /// The feature of this word and the next one.
    #[inline]
    pub(crate) fn pair(self, next: Self) -> u32 {
        finish(step(step(self.0, 3) ^ next.0.rotate_left(32), 2))
    }
}

/// Calls `feature` for every feature of `text`, once per occurrence. `buffer` is scratch space.
pub(crate) fn each_feature(
    text: Text<'_>,
    options: GramOptions,
    buffer: &mut Vec<char>,
    mut feature: impl FnMut(u32),
) {
    let mut previous: Option<Whole> = None;
    each_word(text, buffer, |word| {
        let whole = Whole::of(&word);
        feature(whole.single());
        if let (true, false, Some(previous)) = (options.pairs, word.first, previous) {
            feature(previous.pair(whole));
        }
        previous = Some(whole);
        char_grams(word.padded, options, &mut feature);
    });
}

/// The features of one word's n-grams with its blanks, shortest first at each place; a word shorter than n
/// gives itself once, as in scikit-learn's `char_wb`.
#[inline]
pub(crate) fn char_grams(padded: &[char], options: GramOptions, mut feature: impl FnMut(u32)) {
    let (min, max) = (usize::from(options.chars_min), usize::from(options.chars_max));
    if padded.is_empty() || max < min {
        return;
    }
    let mut feature = |hash| feature(finish(hash) | CHAR_BLOCK);
    let hash = |chars: &[char]| chars.iter().fold(7, |hash, &c| step(hash, c as u32));
    if padded.len() < min.max(1) {
        feature(hash(padded));
        return;
    }
    for start in 0..=padded.len() - min.max(1) {
        let rest = &padded[start..];
        let (head, tail) = rest[..max.min(rest.len())].split_at(min.max(1) - 1);
        let mut hash = hash(head);
        for &c in tail {
            hash = step(hash, c as u32);
            feature(hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn features(body: &str, options: GramOptions) -> Vec<u32> {
        let mut out = Vec::new();
        let text = Text { subject: "", body };
        each_feature(text, options, &mut Vec::new(), |id| out.push(id));
        out
    }

    #[test]
    fn counts_of_each_kind() {
        // " hus " has 3 + 2 + 1 n-grams of 3, 4 and 5 characters.
        let all = features("hus", GramOptions::default());
        assert_eq!(all.len(), 1 + 6);
        assert_eq!(all.iter().filter(|&&id| id & CHAR_BLOCK != 0).count(), 6);
        let words = GramOptions { chars_max: 0, ..GramOptions::default() };
        assert_eq!(features("et to tre", words).len(), 5);
        assert_eq!(features("å", GramOptions::default()).len(), 2, "the word and ' å '");
    }

    #[test]
    fn different_text_gives_different_features() {
        let text: String = (0..2_000).map(|i| format!("ord{i} ")).collect();
        let words = GramOptions { pairs: false, chars_max: 0, chars_min: 3 };
        let unique: HashSet<u32> = features(&text, words).into_iter().collect();
        assert_eq!(unique.len(), 2_000);
        assert_ne!(features("ab cd", words), features("cd ab", words));
    }

    #[test]
    fn numbers_leave_one_placeholder_and_no_characters() {
        let one = features("0101900000", GramOptions::default());
        assert_eq!(one, features("123456", GramOptions::default()));
        assert_eq!(one.len(), 1);
    }
}
