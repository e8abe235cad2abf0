//! The values of a table: texts, numbers and words, each within its limits.

use std::ops::RangeInclusive;

use super::nearest::nearest;
use super::section::{At, Section, Span};

impl Section<'_, '_> {
    /// A text.
    pub(super) fn text(&self, key: &'static str) -> Option<At<String>> {
        let item = self.item(key)?;
        match item.as_str() {
            Some(text) if !text.trim().is_empty() => {
                Some(At { value: text.to_owned(), span: item.span() })
            }
            Some(_) => {
                self.fault(key, "the text is empty", "write a text, or leave the key out");
                None
            }
            None => {
                self.wrong_type(key, item, "a text", &format!("{key} = \"…\""));
                None
            }
        }
    }

    /// A text that must be there; `example` shows one.
    pub(super) fn required_text(&self, key: &'static str, example: &str) -> Option<At<String>> {
        if self.table.is_some_and(|table| table.get(key).is_none()) {
            self.fault(key, "this key is missing", format!("{key} = \"{example}\""));
        }
        self.text(key)
    }

    /// A list of texts; one text alone is a list of one.
    pub(super) fn texts(&self, key: &'static str) -> Vec<At<String>> {
        let Some(item) = self.item(key) else {
            return Vec::new();
        };
        let values: Vec<(Option<&str>, Span)> = match (item.as_str(), item.as_array()) {
            (Some(text), _) => vec![(Some(text), item.span())],
            (None, Some(list)) => list.iter().map(|v| (v.as_str(), v.span())).collect(),
            (None, None) => {
                self.wrong_type(key, item, "a list of texts", &format!("{key} = [\"…\", \"…\"]"));
                return Vec::new();
            }
        };
        if values.is_empty() {
            self.fault(key, "the list is empty", "write at least one entry, or leave the key out");
        }
        let mut texts = Vec::new();
        for (text, span) in values {
            match text {
                Some(text) if !text.trim().is_empty() => {
                    texts.push(At { value: text.to_owned(), span });
                }
                _ => self.reader.fault(
                    span,
                    &self.name(key),
                    "each entry of this list is a text that is not empty",
                    format!("{key} = [\"…\", \"…\"]"),
                ),
            }
        }
        texts
    }

    /// A whole number within limits.
    pub(super) fn whole(
        &self,
        key: &'static str,
        default: u64,
        limits: RangeInclusive<u64>,
    ) -> u64 {
        let Some(item) = self.item(key) else {
            return default;
        };
        let found = item.as_integer().and_then(|number| u64::try_from(number).ok());
        match found.filter(|number| limits.contains(number)) {
            Some(number) => number,
            None => {
                let what = format!(
                    "a whole number from {} to {} belongs here",
                    limits.start(),
                    limits.end()
                );
                self.fault(key, what, format!("{key} = {default}"));
                default
            }
        }
    }

    /// A number within limits; the limits themselves are within when `inclusive`.
    pub(super) fn number(
        &self,
        key: &'static str,
        default: f64,
        (low, high): (f64, f64),
        inclusive: bool,
    ) -> f64 {
        let Some(item) = self.item(key) else {
            return default;
        };
        // Small whole numbers only: far outside of every limit, precision does not matter.
        #[allow(clippy::cast_precision_loss)]
        let found = item.as_float().or_else(|| item.as_integer().map(|number| number as f64));
        let fits = |number: &f64| {
            if inclusive { (low..=high).contains(number) } else { *number > low && *number < high }
        };
        match found.filter(fits) {
            Some(number) => number,
            None => {
                let word = if inclusive { "from" } else { "between" };
                let joint = if inclusive { "to" } else { "and" };
                let what = format!("a number {word} {low} {joint} {high} belongs here");
                self.fault(key, what, format!("{key} = {default}"));
                default
            }
        }
    }

    /// `true` or `false`; `None` when the key is not there.
    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        let item = self.item(key)?;
        let found = item.as_bool();
        if found.is_none() {
            self.wrong_type(key, item, "true or false", &format!("{key} = true"));
        }
        found
    }

    /// One word of a few.
    pub(super) fn choice<T: Copy>(
        &self,
        key: &'static str,
        default: T,
        words: &[(&'static str, T)],
    ) -> T {
        let Some(found) = self.text(key) else {
            return default;
        };
        match words.iter().find(|(word, _)| *word == found.value) {
            Some((_, value)) => *value,
            None => {
                let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                self.not_one_of(key, &found, &all);
                default
            }
        }
    }

    /// Notes that a word is none of those allowed.
    pub(super) fn not_one_of(&self, key: &str, found: &At<String>, words: &[&str]) {
        let listed: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let what = format!("\"{}\" is not one of {}", found.value, listed.join(", "));
        let best = nearest(&found.value, words).or(words.first().copied()).unwrap_or_default();
        self.reader.fault(found.span.clone(), &self.name(key), what, format!("\"{best}\""));
    }
}
