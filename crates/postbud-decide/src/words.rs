//! Whole words in a text, and patterns of them.

use std::fmt;

use crate::pattern::fold;

/// One word or several in a row: `aktindsigt`, `aktindsigt*`, `tabt arbejdsfortjeneste`.
///
/// Compared word by word without regard to case; what stands between words does not matter. A
/// `*` at the end of a word stands for any ending.
#[derive(Clone, PartialEq, Eq)]
pub struct WordPattern {
    raw: String,
    words: Vec<(String, bool)>,
}

/// The text holds nothing that could be a word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordPatternError {
    /// No letter and no digit.
    #[error(
        "there is no word in it; write a word such as aktindsigt, or aktindsigt* for any ending"
    )]
    Empty,
    /// A `*` that does not end a word.
    #[error("* stands only at the end of a word: aktindsigt*")]
    Star,
}

impl WordPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When there is no word in it, or a `*` elsewhere than at the end of one.
    pub fn parse(text: &str) -> Result<Self, WordPatternError> {
        let mut words = Vec::new();
        for piece in text.split_whitespace() {
            let (body, open) = match piece.strip_suffix('*') {
                Some(body) => (body, true),
                None => (piece, false),
            };
            if body.contains('*') {
                return Err(WordPatternError::Star);
            }
            if open && !body.ends_with(in_word) {
                return Err(WordPatternError::Star);
            }
            words.extend(Words::new(body).iter().map(|word| (word.to_owned(), false)));
            if let (true, Some(last)) = (open, words.last_mut()) {
                last.1 = true;
            }
        }
        if words.is_empty() {
            return Err(WordPatternError::Empty);
        }
        Ok(Self { raw: text.trim().to_owned(), words })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// Do these words stand in the text, in a row?
    #[must_use]
    pub fn matches(&self, text: &Words) -> bool {
        (0..text.len()).any(|start| self.matches_at(text, start))
    }

    fn matches_at(&self, text: &Words, start: usize) -> bool {
        let fits = |(word, open): &(String, bool), at: usize| {
            text.get(at).is_some_and(|found| {
                if *open { found.starts_with(word.as_str()) } else { found == word }
            })
        };
        self.words.iter().enumerate().all(|(offset, word)| fits(word, start + offset))
    }

    fn first_byte(&self) -> Option<u8> {
        self.words.first()?.0.bytes().next()
    }
}

/// Many patterns, for which a text is gone through once.
pub(crate) struct WordPatterns {
    all: Vec<WordPattern>,
    /// Those that begin with each byte, by their places in `all`.
    by_first: [Vec<usize>; 256],
}

impl WordPatterns {
    pub(crate) fn new(all: Vec<WordPattern>) -> Self {
        let mut by_first = [const { Vec::new() }; 256];
        for (at, pattern) in all.iter().enumerate() {
            let first = pattern.first_byte().map(usize::from);
            if let Some(places) = first.and_then(|first| by_first.get_mut(first)) {
                places.push(at);
            }
        }
        Self { all, by_first }
    }

    /// The first of the patterns that stands in one of the texts.
    pub(crate) fn first_in(&self, texts: &[&Words]) -> Option<&WordPattern> {
        let found = texts.iter().filter_map(|text| self.place_in(text)).min();
        found.and_then(|at| self.all.get(at))
    }

    fn place_in(&self, text: &Words) -> Option<usize> {
        let at_word = |start: usize| {
            let first = text.get(start)?.bytes().next()?;
            let places = self.by_first.get(usize::from(first))?;
            let stands =
                |at: &&usize| self.all.get(**at).is_some_and(|p| p.matches_at(text, start));
            places.iter().find(stands).copied()
        };
        (0..text.len()).filter_map(at_word).min()
    }
}

impl fmt::Debug for WordPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.raw)
    }
}

/// The words of a text, folded: runs of letters, digits and combining marks.
pub struct Words {
    folded: String,
    ranges: Vec<(usize, usize)>,
}

impl Words {
    /// Takes a text apart.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let folded = fold(text);
        let mut ranges = Vec::new();
        let mut start = None;
        for (at, c) in folded.char_indices() {
            if in_word(c) {
                start.get_or_insert(at);
            } else if let Some(start) = start.take() {
                ranges.push((start, at));
            }
        }
        if let Some(start) = start {
            ranges.push((start, folded.len()));
        }
        Self { folded, ranges }
    }

    /// How many words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// No word at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    fn get(&self, at: usize) -> Option<&str> {
        let (start, end) = *self.ranges.get(at)?;
        self.folded.get(start..end)
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

impl fmt::Debug for Words {
    /// The count only: a letter's words never reach a log by accident.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({})", self.len())
    }
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        WordPattern::parse(pattern).is_ok_and(|pattern| pattern.matches(&Words::new(text)))
    }

    #[test]
    fn whole_words_only() {
        assert!(fits("pas", "Mit PAS er væk."));
        assert!(!fits("pas", "Pasning af vores barn"));
        assert!(!fits("pas", "kompas"));
        assert!(fits("pas*", "Pasning af vores barn"));
        assert!(!fits("*pas", "kompas"));
    }

    #[test]
    fn danish_letters_in_both_spellings() {
        assert!(fits("børn", "BØRN"));
        assert!(fits("år", "I to a\u{30a}r nu"));
        assert!(fits("a\u{30a}r", "I to år nu"));
        assert!(!fits("bo", "bør"));
    }

    #[test]
    fn several_words_in_a_row() {
        assert!(fits("tabt arbejdsfortjeneste", "om TABT\narbejdsfortjeneste."));
        assert!(!fits("tabt arbejdsfortjeneste", "tabt min arbejdsfortjeneste"));
        assert!(fits("klage* over sagsbehandling*", "klager over sagsbehandlingen"));
        assert!(fits("e-boks", "i e-Boks"));
        assert!(fits("e-boks*", "i min e-boksen"));
    }

    #[test]
    fn what_is_no_pattern() {
        for bad in ["", "  ", "*", "a*b", "*a", "- *", "ord *"] {
            assert!(WordPattern::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn debug_shows_no_words() {
        assert_eq!(format!("{:?}", Words::new("meget privat")), "Words(2)");
    }

    proptest::proptest! {
        #[test]
        fn many_patterns_find_what_each_alone_finds(
            texts in proptest::collection::vec("[abå ]{0,12}", 2),
            patterns in proptest::collection::vec("[abå]{1,2}[*]?( [abå])?", 0..6),
        ) {
            let patterns: Vec<_> =
                patterns.iter().filter_map(|text| WordPattern::parse(text).ok()).collect();
            let texts: Vec<_> = texts.iter().map(|text| Words::new(text)).collect();
            let alone = patterns.iter().find(|p| texts.iter().any(|text| p.matches(text))).cloned();
            let texts: Vec<&Words> = texts.iter().collect();
            let many = WordPatterns::new(patterns);
            proptest::prop_assert_eq!(many.first_in(&texts), alone.as_ref());
        }
    }
}
