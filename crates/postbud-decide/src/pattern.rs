//! Patterns for codes and ids: equal without regard to case, with `*` for "anything" at the ends.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A code, id or label to compare with: `Pladsanvisning`, `27*`, `*@firma.dk`, `*skole*`, `*`.
///
/// Compared without regard to case and to white space around. A `*` stands for any run of
/// characters, also none, and is special at the start and at the end only.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Pattern {
    raw: String,
    folded: String,
    open_start: bool,
    open_end: bool,
}

impl Pattern {
    /// A pattern from the text of a configuration.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let raw = text.trim().to_owned();
        let body = raw.strip_suffix('*').unwrap_or(&raw);
        let open_end = body.len() < raw.len();
        let inner = body.strip_prefix('*').unwrap_or(body);
        let open_start = inner.len() < body.len();
        Self { folded: fold(inner), open_start, open_end, raw }
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// Does `text` fit?
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let text = fold(text.trim());
        match (self.open_start, self.open_end) {
            (false, false) => text == self.folded,
            (false, true) => text.starts_with(&self.folded),
            (true, false) => text.ends_with(&self.folded),
            (true, true) => text.contains(&self.folded),
        }
    }

    /// How much a match says: an exact pattern more than an open one, a longer one more than a
    /// shorter one.
    #[must_use]
    pub(crate) fn specificity(&self) -> (bool, usize) {
        (!self.open_start && !self.open_end, self.folded.chars().count())
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.raw
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.raw)
    }
}

/// The first combining mark of Unicode.
const COMBINING: char = '\u{300}';

/// Lower case, and one spelling of letters such as å that Unicode can spell in two ways.
pub(crate) fn fold(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    // Below the first combining mark every letter has one spelling; that is nearly every letter here.
    if text.chars().all(|c| c < COMBINING) {
        text.chars().flat_map(char::to_lowercase).collect()
    } else {
        text.nfc().flat_map(char::to_lowercase).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_at_the_ends() {
        for (pattern, text, fits) in [
            ("BORGER", "borger", true),
            (" borger ", "Borger", true),
            ("borger", "borgerservice", false),
            ("borger*", "Borgerservice", true),
            ("borger*", "borger", true),
            ("*@firma.dk", "post@FIRMA.dk", true),
            ("*@firma.dk", "post@firma.dk.example", false),
            ("*skole*", "Nørreskolens SFO", true),
            ("*", "", true),
            ("*", "hvad som helst", true),
            ("", "", true),
            ("", "x", false),
            ("a*b", "a*b", true),
            ("a*b", "axb", false),
            ("ÆØÅ", "æøå", true),
            ("pa\u{30a}", "p\u{e5}", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), fits, "{pattern:?} on {text:?}");
        }
    }

    #[test]
    fn an_exact_pattern_says_more_than_an_open_one() {
        let exact = Pattern::new("ab").specificity();
        let long = Pattern::new("abcdef*").specificity();
        let short = Pattern::new("abc*").specificity();
        assert!(exact > long && long > short);
    }

    proptest::proptest! {
        #[test]
        fn folding_is_the_same_with_and_without_combining_marks(text in "\\PC{0,20}|[a-zÆØÅæøåéÿ \u{2f0}-\u{310}]{0,20}") {
            use unicode_normalization::UnicodeNormalization as _;
            let slowly: String = text.nfc().flat_map(char::to_lowercase).collect();
            proptest::prop_assert_eq!(fold(&text), slowly);
        }
    }
}
