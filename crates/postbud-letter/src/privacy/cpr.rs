//! CPR numbers whose two halves stand further apart than those of other numbers may: in a table, at
//! the end of a line, with several signs between, or without a space before or behind.

use std::ops::Range;

use super::numbers::is_cpr;

/// Signs between the two halves, at most.
const APART: usize = 4;

/// A CPR number, and where it stands.
pub(super) struct Cpr {
    pub(super) range: Range<usize>,
    /// Its ten digits.
    pub(super) digits: String,
}

/// Ten digits together, or six and four, that can be a CPR number.
pub(super) fn find(text: &str) -> Vec<Cpr> {
    let groups = groups(text);
    let mut found = Vec::new();
    for (place, first) in groups.iter().enumerate() {
        let second = match first.len() {
            10 => None,
            6 => groups.get(place + 1).filter(|next| next.len() == 4),
            _ => continue,
        };
        let between = second.map(|second| text.get(first.end..second.start).unwrap_or("?"));
        if (first.len() == 6 && second.is_none()) || !between.is_none_or(joins) {
            continue;
        }
        let range = first.start..second.unwrap_or(first).end;
        let halves = [Some(first), second].into_iter().flatten();
        let digits: String = halves.filter_map(|half| text.get(half.clone())).collect();
        if is_cpr(&digits) && !is_code(text, &range) {
            found.push(Cpr { range, digits });
        }
    }
    found
}

/// Where digits stand together.
fn groups(text: &str) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let digits = text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit());
    for (at, _) in digits {
        match groups.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            _ => groups.push(at..at + 1),
        }
    }
    groups
}

/// Can this stand between the halves? White space with one line end at most, and one sign.
fn joins(between: &str) -> bool {
    let sign = |c: &char| matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '_' | '.' | '/');
    let known = between.chars().all(|c| c.is_whitespace() || sign(&c));
    known
        && between.chars().count() <= APART
        && between.chars().filter(sign).count() <= 1
        && between.matches('\n').count() <= 1
}

/// One letter right before or behind makes it a code; a word there has only lost its space.
fn is_code(text: &str, range: &Range<usize>) -> bool {
    let letters = |at: &mut dyn Iterator<Item = char>| {
        at.take_while(|c| c.is_alphanumeric()).take(2).filter(|c| c.is_alphabetic()).count()
    };
    let before = letters(&mut text.get(..range.start).unwrap_or_default().chars().rev());
    let behind = letters(&mut text.get(range.end..).unwrap_or_default().chars());
    before == 1 || behind == 1
}

#[cfg(test)]
mod tests {
    use super::super::{cpr_numbers, mask};

    #[test]
    fn halves_that_stand_apart_are_one_number() {
        for text in [
            "010190  0000",
            "010190\t0000",
            "010190\n0000",
            "010190-\r\n0000",
            "010190 _ 0000",
            "010190_0000",
            "cpr0101900000",
            "CPRnr010190-0000",
            "født 010190-0000og bor her",
        ] {
            assert_eq!(cpr_numbers(text), ["0101900000"], "{text}");
            assert!(!mask(text).contains("0190"), "{}", mask(text));
            assert!(cpr_numbers(&mask(text)).is_empty(), "{}", mask(text));
        }
    }

    #[test]
    fn what_stands_too_far_apart_is_none() {
        for text in [
            "010190     0000",
            "010190\n\n0000",
            "010190 - - 0000",
            "010190, 0000",
            "A010190-0000",
            "010190-0000x",
            "010190 og 0000",
            "0101901 000",
        ] {
            assert!(cpr_numbers(text).is_empty(), "{text}");
        }
    }
}
