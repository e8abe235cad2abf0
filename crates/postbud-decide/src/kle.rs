//! KLE subjects: the numbers by which Danish municipalities file their cases.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A KLE subject or a branch of them: `27.36.04`, `27.36.*`, `27.*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
        let number = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        let fits = match parts.as_slice() {
            [a, "*"] => number(a),
            [a, b, c] => number(a) && number(b) && (number(c) || *c == "*"),
            _ => false,
        };
        if fits { Ok(Self(text.trim().to_owned())) } else { Err(KlePatternError) }
    }

    /// The pattern as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Does the subject of a message fit? An activity facet behind it (`27.36.04-G01`) does not
    /// matter. Messages hold malformed numbers; those fit nothing.
    #[must_use]
    pub fn matches(&self, subject: &str) -> bool {
        let subject = subject.trim().split('-').next().unwrap_or_default().trim_end();
        if Self::parse(subject).is_err() || subject.ends_with('*') {
            return false;
        }
        match self.0.strip_suffix('*') {
            Some(branch) => subject.starts_with(branch),
            None => subject == self.0,
        }
    }
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
}
