//! Patterns, words and numbers that rules and claims compare with.

use postbud_decide::{Pattern, SenderId, WordPattern};

use super::section::{At, Section};

/// Longer entries are a mistake.
const ENTRY_CHARS_MAX: usize = 200;

/// Codes, ids and labels, with `*` at their ends.
pub(super) fn patterns(section: &Section<'_, '_>, key: &'static str) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for entry in short_texts(section, key) {
        let inner = entry.value.trim();
        let inner = inner.strip_suffix('*').unwrap_or(inner);
        let inner = inner.strip_prefix('*').unwrap_or(inner);
        if inner.contains('*') {
            section.reader.fault(
                entry.span,
                &section.name(key),
                "* stands for anything only at the start and at the end",
                format!("{key} = [\"begins with*\", \"*ends with\", \"*contains*\"]"),
            );
        } else {
            patterns.push(Pattern::new(&entry.value));
        }
    }
    patterns
}

/// Words and rows of words.
pub(super) fn words(section: &Section<'_, '_>, key: &'static str) -> Vec<WordPattern> {
    let mut words = Vec::new();
    for entry in short_texts(section, key) {
        match WordPattern::parse(&entry.value) {
            Ok(word) => words.push(word),
            Err(error) => section.reader.fault(
                entry.span,
                &section.name(key),
                error.to_string(),
                format!("{key} = [\"aktindsigt*\", \"tabt arbejdsfortjeneste\"]"),
            ),
        }
    }
    words
}

/// CPR and CVR numbers. Reports never repeat them.
pub(super) fn sender_ids(section: &Section<'_, '_>, key: &'static str) -> Vec<SenderId> {
    let mut ids = Vec::new();
    for entry in section.texts(key) {
        match SenderId::parse(&entry.value) {
            Ok(id) => ids.push(id),
            Err(error) => section.reader.fault(
                entry.span,
                &section.name(key),
                error.to_string(),
                format!("{key} = [\"12345678\"]"),
            ),
        }
    }
    ids
}

fn short_texts(section: &Section<'_, '_>, key: &'static str) -> Vec<At<String>> {
    let mut texts = section.texts(key);
    texts.retain(|entry| {
        let fits = entry.value.chars().count() <= ENTRY_CHARS_MAX
            && !entry.value.chars().any(char::is_control);
        if !fits {
            section.reader.fault(
                entry.span.clone(),
                &section.name(key),
                format!("an entry is one line of at most {ENTRY_CHARS_MAX} characters"),
                "a shorter entry",
            );
        }
        fits
    });
    texts
}
