//! Why a letter got its score: the contribution of every word, adding up exactly.

use std::collections::HashMap;

use crate::grams::{Origin, each_feature};
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

impl Model {
    /// Takes the score of `label` (a position in [`Model::labels`]) for this letter apart.
    /// `None` when there is no such label.
    ///
    /// A pair of words counts half for either word; the characters within a word count for it;
    /// what occurs several times is shared evenly between its places.
    #[must_use]
    pub fn explain(&self, text: Text<'_>, label: usize) -> Option<Explanation> {
        let bias = *self.linear.bias.get(label)?;
        let mut spans = Vec::new();
        let mut uses: HashMap<u32, Vec<Origin>> = HashMap::new();
        let grams = self.info.features.grams;
        each_feature(
            text,
            grams,
            &mut Vec::new(),
            |span, masked| spans.push((span, masked)),
            |_, _| (),
        );
        let mut scratch = Scratch::default();
        self.features_of(text, &mut scratch, |column, origin| {
            uses.entry(column).or_default().push(origin);
        });
        let mut units = vec![0_i64; spans.len()];
        let mut total = to_units(bias);
        for (&column, &value) in scratch.columns.iter().zip(&scratch.values) {
            let byte = self.linear.row(column).get(label).copied().unwrap_or(0);
            let term = to_units(self.linear.factor(column, value) * f64::from(byte));
            total += term;
            let places = uses.get(&column).map(Vec::as_slice).unwrap_or_default();
            share(term, places, &mut units);
        }
        Some(Explanation {
            label,
            score: from_units(total),
            bias,
            words: group(text, &spans, &units),
        })
    }
}

fn to_units(value: f64) -> i64 {
    (value / UNIT) as i64
}

fn from_units(units: i64) -> f64 {
    units as f64 * UNIT
}

/// Shares a term between the words it came from; no unit is lost.
fn share(term: i64, places: &[Origin], units: &mut [i64]) {
    let mut words = Vec::with_capacity(places.len() * 2);
    for place in places {
        words.push(place.word);
        if place.pair {
            words.push(place.word.saturating_sub(1));
        }
    }
    let mut rest = term;
    for (index, &word) in words.iter().enumerate() {
        let part = rest / i64::try_from(words.len() - index).unwrap_or(1);
        rest -= part;
        if let Some(unit) = units.get_mut(word as usize) {
            *unit += part;
        }
    }
}

/// One entry per distinct word.
fn group(text: Text<'_>, spans: &[(Span, bool)], units: &[i64]) -> Vec<WordContribution> {
    let mut by_word: HashMap<String, (Vec<Span>, i64)> = HashMap::new();
    for (&(span, masked), &units) in spans.iter().zip(units) {
        let word = if masked { MASKED.to_owned() } else { text.slice(span).to_lowercase() };
        let entry = by_word.entry(word).or_default();
        entry.0.push(span);
        entry.1 += units;
    }
    let mut words: Vec<WordContribution> = by_word
        .into_iter()
        .filter(|(_, (_, units))| *units != 0)
        .map(|(word, (spans, units))| WordContribution { word, spans, weight: from_units(units) })
        .collect();
    words.sort_by(|a, b| {
        b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.word.cmp(&b.word))
    });
    words
}
