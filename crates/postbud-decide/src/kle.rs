//! KLE subjects: the numbers by which Danish municipalities file their cases.

use std::fmt;

use postbud_letter::Letter;
use serde::{Deserialize, Serialize};

use crate::header;

/// A KLE subject or a branch of them: `27.36.04`, `27.36.*`, `27.*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KlePattern(String);

/// The text is no KLE pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a KLE subject is written 27.36.04; a whole branch 27.36.* or 27.*")]
pub struct KlePatternError;

impl KlePattern {
    /// Checks the form of a pattern.
    ///
    /// # Errors
    /// [`KlePatternError`] when it has another form.
    pub fn parse(text: &str) -> Result<Self, KlePatternError> {
        let parts: Vec<&str> = text.trim().split('.').collect();
        let fits = match parts.as_slice() {
            [a, "*"] => is_number(a),
            [a, b, c] => is_number(a) && is_number(b) && (is_number(c) || *c == "*"),
            _ => false,
        };
        if fits { Ok(Self(text.trim().to_owned())) } else { Err(KlePatternError) }
    }

    /// The pattern as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is it one subject and no branch?
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.0.ends_with('*')
    }

    /// Does a subject belong to it?
    #[must_use]
    pub fn takes(&self, subject: &KleSubject) -> bool {
        match self.0.strip_suffix('*') {
            Some(branch) => subject.as_str().starts_with(branch),
            None => subject.as_str() == self.0,
        }
    }

    /// Does the subject of a message fit? An activity facet behind it (`27.36.04-G01`) does not
    /// matter. Messages hold malformed numbers; those fit nothing.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        KleSubject::parse(text).is_some_and(|subject| self.takes(&subject))
    }

    /// How much a match says. Of two patterns that take the same subject, the one of a smaller
    /// branch has the larger number, and those with the same number are the same pattern.
    pub(crate) fn specificity(&self) -> usize {
        self.0.trim_end_matches('*').len()
    }
}

/// The KLE subject of one letter, well formed: `27.36.04`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KleSubject(String);

impl KleSubject {
    /// Reads a subject; a facet behind it (`27.36.04-G01`) is left off. `None` for anything else,
    /// also for a branch.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.split('-').next().unwrap_or_default().trim();
        let pattern = KlePattern::parse(number).ok().filter(KlePattern::is_exact)?;
        Some(Self(pattern.0))
    }

    /// The KLE subject that a letter names in its header, when it is a well-formed one.
    #[must_use]
    pub fn of(letter: &Letter) -> Option<Self> {
        Self::parse(header::kle_subject(letter)?)
    }

    /// The number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A KLE action facet, well formed: a capital letter and two digits, `G01`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KleFacet(String);

/// The text is no KLE facet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a KLE facet is a capital letter and two digits, such as G01")]
pub struct KleFacetError;

impl KleFacet {
    /// Reads a facet. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut chars = text.chars();
        let letter = chars.next()?;
        let fits = letter.is_ascii_uppercase() || matches!(letter, 'Æ' | 'Ø' | 'Å');
        (fits && is_number(chars.as_str())).then(|| Self(text.to_owned()))
    }

    /// The facet that a letter names in its header, in a field of its own or behind the subject.
    #[must_use]
    pub fn of(letter: &Letter) -> Option<Self> {
        let own = header::kle_facet(letter).and_then(Self::parse);
        let behind = || Self::parse(header::kle_subject(letter)?.split_once('-')?.1);
        own.or_else(behind)
    }

    /// The facet as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Two digits?
fn is_number(part: &str) -> bool {
    part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())
}

impl TryFrom<String> for KlePattern {
    type Error = KlePatternError;
    fn try_from(text: String) -> Result<Self, KlePatternError> {
        Self::parse(&text)
    }
}

impl From<KlePattern> for String {
    fn from(pattern: KlePattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for KlePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for KleSubject {
    type Error = KlePatternError;
    fn try_from(text: String) -> Result<Self, KlePatternError> {
        Self::parse(&text).ok_or(KlePatternError)
    }
}

impl From<KleSubject> for String {
    fn from(subject: KleSubject) -> Self {
        subject.0
    }
}

impl TryFrom<String> for KleFacet {
    type Error = KleFacetError;
    fn try_from(text: String) -> Result<Self, KleFacetError> {
        Self::parse(&text).ok_or(KleFacetError)
    }
}

impl From<KleFacet> for String {
    fn from(facet: KleFacet) -> Self {
        facet.0
    }
}

impl fmt::Display for KleFacet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for KleSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form() {
        for good in ["27.36.04", "27.36.*", "27.*", " 00.01.00 "] {
            assert!(KlePattern::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "*", "27", "27.", "27.36", "27.6956", "27.36.4", "27.*.04", "27.36.04.01"] {
            assert!(KlePattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn branches() {
        let fits = |pattern: &str, subject: &str| {
            KlePattern::parse(pattern).is_ok_and(|pattern| pattern.matches(subject))
        };
        assert!(fits("27.36.04", "27.36.04"));
        assert!(fits("27.36.04", "27.36.04-G01"));
        assert!(fits("27.36.*", "27.36.04"));
        assert!(fits("27.*", "27.36.04"));
        assert!(!fits("27.*", "28.36.04"));
        assert!(!fits("27.36.*", "27.35.04"));
        assert!(!fits("27.*", "27.6956"));
        assert!(!fits("27.*", "27.*"));
        assert!(!fits("27.*", ""));
    }

    #[test]
    fn facets() {
        for good in ["G01", "A00", "Ø12", " P25 "] {
            assert!(KleFacet::parse(good).is_some(), "{good}");
        }
        for bad in ["", "G1", "g01", "G011", "101", "GO1", ",01", "27.36.04"] {
            assert!(KleFacet::parse(bad).is_none(), "{bad}");
        }
    }
}
