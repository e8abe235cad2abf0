//! What points to a person: numbers, e-mail addresses, names and street addresses, found and masked
//! before a text is learnt from or shown where nobody must read it.
//!
//! Found by rules and not by a model: what they look at stands in these files, and nothing is learnt
//! from anybody's letter to find it. They miss some; `models/klitkobing/personal.tsv` and the example
//! `masking` say how many.

mod cpr;
mod given;
mod names;
mod numbers;
mod places;
mod tokens;
mod words;

use std::borrow::Cow;
use std::ops::Range;

pub use numbers::cpr_numbers;

/// What stands where something was masked: no word, and for a model a number that it must not learn.
pub const MASK: &str = "#00000#";

/// What points to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A CPR, telephone, account or card number.
    Number,
    /// An e-mail address.
    Email,
    /// A street with a house number, or a postal code with its town.
    Address,
    /// A person's name.
    Name,
}

/// Where something stands that points to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// The bytes of the text that it takes up.
    pub range: Range<usize>,
}

/// All that points to a person in a text, in its order. None overlaps another.
#[must_use]
pub fn find(text: &str) -> Vec<Found> {
    let of = |kind| move |range| Found { kind, range };
    let mut all: Vec<Found> = emails(text).into_iter().map(of(Kind::Email)).collect();
    let personal = numbers::numbers(text).into_iter().filter(numbers::Number::is_personal);
    all.extend(personal.map(|number| number.range).map(of(Kind::Number)));
    all.extend(cpr::find(text).into_iter().map(|cpr| cpr.range).map(of(Kind::Number)));
    let tokens = tokens::tokens(text);
    let inside = |token: &tokens::Token<'_>| {
        all.iter().any(|found| found.range.start < token.end() && token.start < found.range.end)
    };
    let mut taken: Vec<bool> = tokens.iter().map(inside).collect();
    all.extend(places::find(&tokens, &mut taken).into_iter().map(of(Kind::Address)));
    all.extend(names::find(&tokens, &taken).into_iter().map(of(Kind::Name)));
    all.sort_by_key(|found| (found.range.start, found.range.end));
    let mut end = 0;
    // "Skolevej 3-bent@eksempel.dk": where two overlap, the later one keeps what the first leaves of it.
    all.retain_mut(|found| {
        found.range.start = found.range.start.max(end);
        end = end.max(found.range.end);
        !found.range.is_empty()
    });
    all
}

/// The text with all that points to a person replaced by [`MASK`].
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    let found = find(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for Found { range, .. } in found {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(MASK);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(out)
}

/// Where e-mail addresses stand.
fn emails(text: &str) -> Vec<Range<usize>> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '%');
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let (before, behind) =
            (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
        let name: usize = before.chars().rev().take_while(|&c| part(c)).map(char::len_utf8).sum();
        let domain: usize = behind.chars().take_while(|&c| part(c)).map(char::len_utf8).sum();
        let domain_text = behind.get(..domain).unwrap_or_default().trim_end_matches('.');
        if name > 0 && domain_text.contains('.') {
            found.push(at - name..at + 1 + domain_text.len());
        }
    }
    found
}

#[cfg(test)]
mod tests;
