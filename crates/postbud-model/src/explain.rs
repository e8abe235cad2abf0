//! Why a letter got its score: the contribution of every word, adding up exactly.

use std::collections::HashMap;

use crate::grams::Origin;
use crate::linear::UNIT;
use crate::model::{Model, Scratch};
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
    /// Exactly `bias` plus the weights of all words, in whatever order they are added.
    pub score: f64,
    /// What the score would be for an empty letter.
    pub bias: f64,
    /// All words that count, largest absolute weight first, ties by word.
    pub words: Vec<WordContribution>,
}

/// Where the features of a letter stand.
#[derive(Default)]
pub(crate) struct Uses {
    /// The words in reading order, and whether each is masked.
    pub(crate) words: Vec<(Span, bool)>,
    /// Every occurrence of a known feature: the feature's place in the letter's columns, and the
    /// words it comes from.
    pub(crate) features: Vec<(u32, Origin)>,
}

/// What is left to share of a feature's term, and between how many words.
struct Share {
    term: i64,
    words: i64,
}

impl Share {
    /// The next word's part; no unit is lost.
    fn next(&mut self) -> i64 {
        // Nearly all stand in one word, and dividing takes its time.
        let part = if self.words <= 1 { self.term } else { self.term / self.words };
        self.term -= part;
        self.words -= 1;
        part
    }
}

impl Model {
    /// Takes the score of `label` for the letter in `scratch` apart.
    pub(crate) fn explanation(
        &self,
        text: Text<'_>,
        label: usize,
        scratch: &Scratch,
        uses: &Uses,
    ) -> Explanation {
        let bias = self.linear.bias.get(label).copied().unwrap_or(0.0);
        let mut total = to_units(bias);
        let features = scratch.columns.iter().zip(&scratch.values);
        let mut shares: Vec<Share> = features
            .map(|(&column, &value)| {
                let byte = self.linear.row(column).get(label).copied().unwrap_or(0);
                let term = to_units(self.linear.factor(column, value) * f64::from(byte));
                total += term;
                Share { term, words: 0 }
            })
            .collect();
        for &(place, origin) in &uses.features {
            shares[place as usize].words += if origin.pair { 2 } else { 1 };
        }
        let mut units = vec![0_i64; uses.words.len()];
        for &(place, origin) in &uses.features {
            let share = &mut shares[place as usize];
            let word = origin.word as usize;
            units[word] += share.next();
            if origin.pair {
                units[word - 1] += share.next();
            }
        }
        let words = group(text, &uses.words, &units);
        Explanation { label, score: from_units(total), bias, words }
    }
}

fn to_units(value: f64) -> i64 {
    (value / UNIT) as i64
}

fn from_units(units: i64) -> f64 {
    units as f64 * UNIT
}

/// One entry per distinct word.
fn group(text: Text<'_>, spans: &[(Span, bool)], units: &[i64]) -> Vec<WordContribution> {
    // As they are written first: most are written one way only, and that needs no new text.
    let mut positions: HashMap<&str, usize> = HashMap::new();
    let mut written: Vec<(Vec<Span>, i64)> = Vec::new();
    for (&(span, masked), &units) in spans.iter().zip(units) {
        let word = if masked { MASKED } else { text.slice(span) };
        let position = *positions.entry(word).or_insert(written.len());
        if position == written.len() {
            written.push((Vec::new(), 0));
        }
        written[position].0.push(span);
        written[position].1 += units;
    }
    let mut by_word: HashMap<String, (Vec<Span>, i64)> = HashMap::new();
    for (word, position) in positions {
        let (spans, units) = &mut written[position];
        let entry = by_word.entry(word.to_lowercase()).or_default();
        entry.0.append(spans);
        entry.1 += *units;
    }
    let mut words: Vec<WordContribution> = by_word
        .into_iter()
        .filter(|(_, (_, units))| *units != 0)
        .map(|(word, (mut spans, units))| {
            spans.sort_unstable();
            WordContribution { word, spans, weight: from_units(units) }
        })
        .collect();
    words.sort_by(|a, b| {
        b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.word.cmp(&b.word))
    });
    words
}
