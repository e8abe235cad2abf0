//! Splits a letter into lower-cased words, without an allocation per word.
//!
//! A word is a run of letters and digits. Numbers that may point to a person (a CPR number, a
//! phone number, an account) never become features: a word with five digits or more is replaced
//! by a placeholder, and so are the last four digits of a CPR number written apart.

use crate::text::{Part, Span, Text};

/// Words longer than this keep only their beginning: nobody writes them, but machines do.
const MAX_WORD_CHARS: usize = 64;
/// A word with this many digits is a number that must not be learnt.
const MASK_DIGITS: usize = 5;

/// One word, lower-cased, as characters.
pub(crate) struct Word<'b> {
    /// Its characters, lower-cased and composed, with a blank on either side; empty when it is
    /// masked.
    pub(crate) padded: &'b [char],
    /// Where it stands.
    pub(crate) span: Span,
    /// Stands first in its part.
    pub(crate) first: bool,
}

impl<'b> Word<'b> {
    /// Its characters without the blanks.
    pub(crate) fn chars(&self) -> &'b [char] {
        self.padded.get(1..self.padded.len().saturating_sub(1)).unwrap_or_default()
    }
}

/// Calls `each` with every word of `text`, in reading order. `buffer` is scratch space.
pub(crate) fn each_word(text: Text<'_>, buffer: &mut Vec<char>, mut each: impl FnMut(Word<'_>)) {
    for (part, text) in text.parts() {
        let mut reader = Reader { part, text, position: 0, after_birth_date: None, first: true };
        while reader.next(buffer, &mut each) {}
    }
}

struct Reader<'a> {
    part: Part,
    text: &'a str,
    position: usize,
    /// Where a word of exactly six digits ended: what may be the first half of a CPR number.
    after_birth_date: Option<usize>,
    first: bool,
}

impl Reader<'_> {
    /// Reads one word; `false` at the end of the text.
    fn next(&mut self, buffer: &mut Vec<char>, each: &mut impl FnMut(Word<'_>)) -> bool {
        let rest = self.text.get(self.position..).unwrap_or_default();
        let Some(offset) = rest.find(char::is_alphanumeric) else {
            return false;
        };
        let start = self.position + offset;
        buffer.clear();
        buffer.push(' ');
        let (mut digits, mut end) = (0, self.text.len());
        for (at, c) in self.text.get(start..).unwrap_or_default().char_indices() {
            if c.is_alphanumeric() {
                digits += usize::from(c.is_numeric());
                push_lower(buffer, c);
            } else if is_mark(c) {
                compose(buffer, c);
            } else {
                end = start + at;
                break;
            }
        }
        let all_digits = digits > 0 && digits == buffer.len() - 1;
        buffer.push(' ');
        let serial =
            all_digits && digits == 4 && self.after_birth_date.is_some_and(|at| start - at <= 3);
        self.after_birth_date = (all_digits && digits == 6).then_some(end);
        let padded: &[char] = if digits >= MASK_DIGITS || serial { &[] } else { buffer };
        let span = Span { part: self.part, start, end };
        each(Word { padded, span, first: self.first });
        self.first = false;
        self.position = end;
        true
    }
}

fn push_lower(buffer: &mut Vec<char>, c: char) {
    // The blank before the word is in the buffer as well.
    if buffer.len() > MAX_WORD_CHARS {
        return;
    }
    if c.is_ascii() {
        buffer.push(c.to_ascii_lowercase());
    } else {
        buffer.extend(c.to_lowercase().filter(|&c| !is_mark(c)));
    }
}

fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// Some systems send `å` as `a` and a ring; both must be the same word.
fn compose(buffer: &mut [char], mark: char) {
    let Some(last) = buffer.last_mut() else {
        return;
    };
    *last = match (*last, mark) {
        ('a', '\u{30a}') => 'å',
        ('a', '\u{308}') => 'ä',
        ('o', '\u{308}') => 'ö',
        ('u', '\u{308}') => 'ü',
        ('e', '\u{301}') => 'é',
        (other, _) => other,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(subject: &str, body: &str) -> Vec<String> {
        let mut out = Vec::new();
        each_word(Text { subject, body }, &mut Vec::new(), |word| {
            let word: String = word.chars().iter().collect();
            out.push(if word.is_empty() { "#".to_owned() } else { word });
        });
        out
    }

    #[test]
    fn lower_cases_danish_and_other_letters() {
        assert_eq!(words("ÆBLE", "Øl på Ås, ΣΑΣ!"), ["æble", "øl", "på", "ås", "σασ"]);
        assert_eq!(words("A\u{30a}s", "bla\u{30a}"), ["ås", "blå"]);
    }

    #[test]
    fn cpr_numbers_and_long_numbers_are_masked() {
        assert_eq!(words("", "010190-0000 bor"), ["#", "#", "bor"]);
        assert_eq!(words("", "010190 0000"), ["#", "#"]);
        assert_eq!(words("", "0101900000"), ["#"]);
        assert_eq!(words("", "kl. 1530 i 2026"), ["kl", "1530", "i", "2026"]);
        assert_eq!(words("", "tlf 12345678 AB12345"), ["tlf", "#", "#"]);
    }

    #[test]
    fn spans_point_at_the_word_as_written() {
        let text = Text { subject: "Pas?", body: "  Blå bil" };
        let mut out = Vec::new();
        each_word(text, &mut Vec::new(), |word| {
            out.push((text.slice(word.span), word.first));
        });
        assert_eq!(out, [("Pas", true), ("Blå", true), ("bil", false)]);
    }

    #[test]
    fn empty_and_endless_words_are_harmless() {
        assert!(words("", " \n\t…").is_empty());
        assert_eq!(words("", &"x".repeat(10_000))[0].len(), MAX_WORD_CHARS);
    }
}
