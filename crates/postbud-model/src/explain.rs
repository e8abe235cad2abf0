//! Why a letter got its score: the contribution of every word, adding up exactly.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::linear::UNIT;
use crate::model::{Model, Scratch};
use crate::reading::Reading;
use crate::text::{Span, Text};

/// A word and what it did to a score.
#[derive(Debug, Clone, PartialEq)]
pub struct WordContribution {
    /// The word in lower case; [`MASKED`] for a number that the model does not read.
    pub word: String,
    /// Everywhere it stands in the letter.
    pub spans: Vec<Span>,
    /// Positive: spoke for the label; negative: against it.
    pub weight: f64,
}

/// Stands for a number that the model does not read.
pub const MASKED: &str = "#";

/// A stage-1 score taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Position of the label.
    pub label: usize,
    /// Exactly `bias` plus the weights of all words, in whatever order they are added; also where
    /// only some of them are named.
    pub score: f64,
    /// What the score would be for an empty letter.
    pub bias: f64,
    /// The words that count, largest absolute weight first, ties by word: all of them, or as many
    /// as were asked for.
    pub words: Vec<WordContribution>,
}

/// Working space.
#[derive(Default)]
pub(crate) struct Shares {
    /// Per distinct feature of the letter.
    of: Vec<Share>,
    /// Per word, what it did to the score.
    units: Vec<i64>,
}

/// How a feature's term is shared between the words where it stands.
#[derive(Clone, Copy, Default)]
struct Share {
    /// What is to be shared, and later what every word gets.
    each: i64,
    /// Units that are left over, all of one sign: the last words get one each.
    over: i32,
    /// Words that are still to get their part.
    words: i32,
}

impl Share {
    /// After all words are counted. Unknown features have nothing to share, and dividing takes its
    /// time.
    fn divide(&mut self) {
        if self.words > 1 && self.each != 0 {
            let words = i64::from(self.words);
            // What is left over is less than the number of words.
            (self.each, self.over) = (self.each / words, (self.each % words) as i32);
        }
    }

    /// The next word's part; no unit is lost.
    #[inline]
    fn next(&mut self) -> i64 {
        let extra = if self.over.abs() == self.words { self.over.signum() } else { 0 };
        self.over -= extra;
        self.words -= 1;
        self.each + i64::from(extra)
    }
}

impl Model {
    /// Takes the score of `label` for the letter in `scratch` apart, and names at most so many
    /// words.
    pub(crate) fn explanation(
        &self,
        text: Text<'_>,
        label: usize,
        scratch: &mut Scratch,
        most: usize,
    ) -> Explanation {
        let Scratch { reading, columns, places, values, shares, .. } = scratch;
        let Shares { of: shares, units } = shares;
        let bias = self.served.bias.get(label).copied().unwrap_or(0.0);
        let mut total = to_units(bias);
        shares.clear();
        shares.resize(reading.distinct.ids.len(), Share::default());
        for ((&column, &value), &place) in columns.iter().zip(values.iter()).zip(places.iter()) {
            let term = to_units(self.served.term(column, value, label));
            total += term;
            shares[place as usize].each = term;
        }
        // Each occurrence counts for one word, but that of a pair for two.
        for (share, &count) in shares.iter_mut().zip(&reading.distinct.counts) {
            share.words = count as i32;
        }
        for pair in reading.words.iter().filter_map(|word| word.pair) {
            shares[pair as usize].words += 1;
        }
        shares.iter_mut().for_each(Share::divide);
        units.clear();
        for word in &reading.words {
            let mut sum = shares[word.single as usize].next();
            if let Some(pair) = word.pair {
                let pair = &mut shares[pair as usize];
                sum += pair.next();
                if let Some(before) = units.last_mut() {
                    *before += pair.next();
                }
            }
            for &place in reading.char_grams(word) {
                sum += shares[place as usize].next();
            }
            units.push(sum);
        }
        let words = strongest(text, reading, units, most);
        Explanation { label, score: from_units(total), bias, words }
    }
}

fn to_units(value: f64) -> i64 {
    (value / UNIT) as i64
}

fn from_units(units: i64) -> f64 {
    units as f64 * UNIT
}

/// A word in lower case; most are written so and need no new text.
fn lower(word: &str) -> Cow<'_, str> {
    let is_lower =
        |c: char| matches!(c, 'a'..='z' | '0'..='9' | 'æ' | 'ø' | 'å' | 'é' | 'ä' | 'ö' | 'ü');
    if word.chars().all(is_lower) { Cow::Borrowed(word) } else { Cow::Owned(word.to_lowercase()) }
}

/// One entry for each of at most so many distinct words.
fn strongest(
    text: Text<'_>,
    reading: &Reading,
    units: &[i64],
    most: usize,
) -> Vec<WordContribution> {
    let numbered = Numbered::new(text, reading, units);
    let sum = |number: u32| numbered.sums[number as usize];
    let mut words: Vec<(Cow<'_, str>, u32)> =
        numbered.words.into_iter().filter(|(_, number)| sum(*number) != 0).collect();
    let stronger = |a: &(Cow<'_, str>, u32), b: &(Cow<'_, str>, u32)| {
        sum(b.1).abs().cmp(&sum(a.1).abs()).then_with(|| a.0.cmp(&b.0))
    };
    if most < words.len() {
        words.select_nth_unstable_by(most, stronger);
        words.truncate(most);
    }
    words.sort_unstable_by(stronger);
    let mut position_of = vec![usize::MAX; numbered.sums.len()];
    let mut out: Vec<WordContribution> = Vec::with_capacity(words.len());
    for (word, number) in words {
        position_of[number as usize] = out.len();
        let weight = from_units(sum(number));
        out.push(WordContribution { word: word.into_owned(), spans: Vec::new(), weight });
    }
    for (word, &number) in reading.words.iter().zip(&numbered.of) {
        if let Some(named) = out.get_mut(position_of[number as usize]) {
            named.spans.push(word.span);
        }
    }
    out
}

/// The distinct words of a letter.
struct Numbered<'a> {
    /// In lower case, each with its number.
    words: HashMap<Cow<'a, str>, u32, FixedState>,
    /// Per number, what all its places did to the score.
    sums: Vec<i64>,
    /// Per word in reading order, its number.
    of: Vec<u32>,
}

impl<'a> Numbered<'a> {
    fn new(text: Text<'a>, reading: &Reading, units: &[i64]) -> Self {
        let kinds = reading.kinds();
        let mut words = HashMap::with_capacity_and_hasher(kinds, FixedState::default());
        let (mut sums, mut of) = (Vec::with_capacity(kinds), Vec::with_capacity(units.len()));
        // Per kind, how it was written last, and its number: most are written one way only.
        let mut lasts = vec![("", 0); kinds];
        for (word, &units) in reading.words.iter().zip(units) {
            let written = if word.masked { MASKED } else { text.slice(word.span) };
            let (last, number) = &mut lasts[word.kind as usize];
            if *last != written {
                let next = sums.len() as u32;
                *number = *words.entry(lower(written)).or_insert(next);
                *last = written;
                if *number == next {
                    sums.push(0);
                }
            }
            sums[*number as usize] += units;
            of.push(*number);
        }
        Self { words, sums, of }
    }
}
