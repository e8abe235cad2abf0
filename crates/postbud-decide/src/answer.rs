//! A model's answer, made safe to decide on: ordered, finite, without repetitions.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::seal::Seen;
use crate::{
    Contribution, Doubt, Evidence, Mailbox, MailboxId, ModelId, Score, Scores, Settings,
    Suggestion, TextNote, Tier, Unlike,
};

/// How many suggestions a decision keeps.
const SUGGESTIONS_MAX: usize = 5;
/// How many words a decision keeps.
const WORDS_MAX: usize = 10;
/// Longer words are left out: they are no words.
const WORD_CHARS_MAX: usize = 40;
/// A word with so many digits may be part of a CPR, account or telephone number.
const WORD_DIGITS_MIN: usize = 6;

/// The model, asked at most once.
pub(crate) struct Asked<'a> {
    evidence: &'a Evidence<'a>,
    answer: OnceCell<Option<Answer>>,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(evidence: &'a Evidence<'a>) -> Self {
        Self { evidence, answer: OnceCell::new() }
    }

    /// Its answer; `None` when no model is loaded.
    pub(crate) fn answer(&self) -> Option<&Answer> {
        self.answer.get_or_init(|| (self.evidence.scores)().map(Answer::new)).as_ref()
    }
}

/// What the model said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) model: ModelId,
    /// Most probable first, ties by id, every mailbox once, all numbers finite.
    ranked: Vec<Score>,
    words: Vec<Contribution>,
    /// Why its word does not count, if so.
    pub(crate) unlike: Option<Unlike>,
    /// How the text looked to it; numbers that are none are left out.
    pub(crate) text: Option<TextNote>,
}

impl Answer {
    fn new(scores: Scores) -> Self {
        let Scores { model, mut ranked, words, unlike, text } = scores;
        for score in &mut ranked {
            // What is no number becomes 0: about that mailbox nothing is known.
            let number = if score.probability.is_nan() { 0.0 } else { score.probability };
            // Adding zero turns -0.0 into 0.0, which would sort behind it.
            score.probability = number.clamp(0.0, 1.0) + 0.0;
            score.threshold = score.threshold.filter(|threshold| threshold.is_finite());
        }
        ranked.sort_by(most_probable_first);
        let mut seen = BTreeSet::new();
        ranked.retain(|score| seen.insert(score.mailbox.clone()));
        let text = text.filter(|text| text.known.is_finite());
        Self { model, ranked, unlike, text, words: kept(words) }
    }

    /// The most probable mailbox.
    pub(crate) fn best(&self) -> Option<&Score> {
        self.ranked.first()
    }

    /// Does the model know any of the configured mailboxes?
    pub(crate) fn knows_any(&self, settings: &Settings) -> bool {
        self.ranked.iter().any(|score| settings.mailbox(&score.mailbox).is_some())
    }

    /// The configured mailboxes that the model would name, most probable first.
    fn suggestions(&self, settings: &Settings) -> Vec<Suggestion> {
        let known = self.ranked.iter().filter(|score| settings.mailbox(&score.mailbox).is_some());
        let suggestion = |score: &Score| Suggestion {
            mailbox: score.mailbox.clone(),
            probability: score.probability,
        };
        known.take(SUGGESTIONS_MAX).map(suggestion).collect()
    }

    /// What a decision keeps of the answer.
    pub(crate) fn seen(&self, settings: &Settings) -> Seen {
        Seen { suggestions: self.suggestions(settings), text: self.text }
    }

    /// The words that spoke for and against the first suggestion: none when the model's best
    /// mailbox, about which they are, is not the one suggested first.
    pub(crate) fn words(&self, settings: &Settings) -> Vec<Contribution> {
        let configured = self.best().is_some_and(|best| settings.mailbox(&best.mailbox).is_some());
        if configured { self.words.clone() } else { Vec::new() }
    }

    /// A doubt for each must-not-miss mailbox other than `except` that is too probable, most
    /// probable first.
    pub(crate) fn must_not_miss(
        &self,
        settings: &Settings,
        except: Option<&MailboxId>,
    ) -> Vec<Doubt> {
        let must_not_miss = |mailbox: &Mailbox| mailbox.tier == Tier::MustNotMiss;
        let limit = settings.must_not_miss_probability;
        // A limit that is no number is no permission: then every such mailbox is too probable.
        let too_probable = |score: &&Score| score.probability > limit || limit.is_nan();
        let scores = self.ranked.iter().filter(|score| Some(&score.mailbox) != except);
        let careful =
            scores.filter(|score| settings.mailbox(&score.mailbox).is_some_and(must_not_miss));
        let doubt = |score: &Score| Doubt::MustNotMiss {
            mailbox: score.mailbox.clone(),
            probability: score.probability,
        };
        careful.filter(too_probable).map(doubt).collect()
    }
}

/// By falling probability, ties by id. Of a mailbox named twice the stricter entry comes first, so
/// that the order in which a model lists them does not matter.
fn most_probable_first(a: &Score, b: &Score) -> Ordering {
    let strictness = |score: &Score| score.threshold.unwrap_or(f64::INFINITY);
    b.probability
        .total_cmp(&a.probability)
        .then_with(|| a.mailbox.cmp(&b.mailbox))
        .then_with(|| strictness(b).total_cmp(&strictness(a)))
}

/// The words that may be stored, and everything else where the model has said what that is. What is
/// left out here is added to it.
fn kept(words: Vec<Contribution>) -> Vec<Contribution> {
    let (rest, words): (Vec<_>, Vec<_>) = words.into_iter().partition(Contribution::is_rest);
    let mut kept = Vec::new();
    let mut other: f64 = rest.iter().map(|rest| rest.weight).sum();
    for word in words {
        if kept.len() < WORDS_MAX && may_be_kept(&word) {
            kept.push(word);
        } else if word.weight.is_finite() {
            other += word.weight;
        }
    }
    if !rest.is_empty() && other.is_finite() {
        kept.push(Contribution { word: String::new(), weight: other });
    }
    kept
}

fn may_be_kept(word: &Contribution) -> bool {
    let digits = word.word.chars().filter(|c| c.is_numeric()).count();
    word.weight.is_finite()
        && digits < WORD_DIGITS_MIN
        && word.word.chars().count() <= WORD_CHARS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(word: &str, weight: f64) -> Contribution {
        Contribution { word: word.to_owned(), weight }
    }

    #[test]
    fn what_is_not_kept_is_in_the_rest_and_nothing_is_invented() {
        let mut words: Vec<_> = (0..12).map(|n| word(&format!("ord{n}"), 0.5)).collect();
        words.push(word("nummer123456", 2.0));
        assert_eq!(kept(words.clone()).len(), WORDS_MAX);
        words.push(word("", -1.0));
        let all = kept(words);
        let rest = all.last().unwrap();
        assert!(rest.is_rest() && all.len() == WORDS_MAX + 1);
        assert_eq!(rest.weight, -1.0 + 2.0 * 0.5 + 2.0);
        assert_eq!(all.iter().map(|word| word.weight).sum::<f64>(), 12.0 * 0.5 + 2.0 - 1.0);
    }
}
