//! Numbers that point to a person: CPR numbers, telephones, accounts, cards.
//!
//! A CPR number is told by its form (a possible date, then four digits) and not by its check digit,
//! which new numbers no longer have.

use std::borrow::Cow;
use std::ops::Range;

use super::cpr;
use crate::Letter;

/// CPR numbers of one letter, at most.
const MOST_CPR: usize = 1_000;
/// Digits of the longest number that counts: an IBAN has 32 signs, some of them letters.
const MOST_DIGITS: usize = 40;

/// The CPR numbers that stand in a text, as ten digits each, every one once, in their order.
///
/// Also without a hyphen, with spaces, with a date written apart (`01 01 90 0000`, `01.01.90-0000`),
/// and with halves that stand in two columns or on two lines. Days of replacement numbers (plus 60)
/// count.
#[must_use]
pub fn cpr_numbers(text: &str) -> Vec<String> {
    let together = numbers(text).into_iter().flat_map(|number| {
        let start = number.range.start;
        number.cprs().into_iter().map(move |digits| (start, digits))
    });
    let apart = cpr::find(text).into_iter().map(|cpr| (cpr.range.start, cpr.digits));
    let mut all: Vec<(usize, String)> = together.chain(apart).collect();
    all.sort_by_key(|&(start, _)| start);
    let mut found: Vec<String> = Vec::new();
    for (_, digits) in all {
        if found.len() < MOST_CPR && !found.contains(&digits) {
            found.push(digits);
        }
    }
    found
}

impl Letter {
    /// All CPR numbers that stand in this letter: who sent it, whom it concerns, what it says and
    /// what was read of its documents. `raw` are the letter's own bytes, in which a Digital Post
    /// message names people in more places than are kept.
    #[must_use]
    pub fn cpr_numbers(&self, raw: &[u8]) -> Vec<String> {
        let mut texts: Vec<Cow<'_, str>> = vec![
            self.subject.as_str().into(),
            self.text.new.as_str().into(),
            self.text.quoted.as_str().into(),
        ];
        texts.extend([&self.sender.id, &self.recipient.id].into_iter().flatten().map(Into::into));
        texts.extend(self.attached.iter().map(|found| found.text.as_str().into()));
        texts.extend(self.documents.iter().map(|found| found.filename.as_str().into()));
        texts.push(String::from_utf8_lossy(raw));
        let mut found: Vec<String> = Vec::new();
        for text in texts {
            for cpr in cpr_numbers(&text) {
                if found.len() < MOST_CPR && !found.contains(&cpr) {
                    found.push(cpr);
                }
            }
        }
        found
    }
}

/// Groups of digits that stand together.
pub(super) struct Number {
    pub(super) range: Range<usize>,
    digits: String,
    /// How many digits each group has.
    groups: Vec<usize>,
    /// Between the groups.
    signs: Vec<char>,
    plus: bool,
}

impl Number {
    /// The CPR numbers in it: the whole of it, or four digits behind a date in a longer run of groups.
    pub(super) fn cprs(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut start = 0;
        for first in 0..self.groups.len() {
            let mut length = 0;
            for group in self.groups.get(first..).unwrap_or_default() {
                length += group;
                if length >= 10 {
                    break;
                }
            }
            let digits = self.digits.get(start..start + 10);
            if length == 10
                && self.splits_as_cpr(first)
                && let Some(digits) = digits.filter(|digits| is_cpr(digits))
            {
                found.push(digits.to_owned());
            }
            start += self.groups.get(first).copied().unwrap_or(0);
        }
        found
    }

    /// Are the groups from here on divided as a CPR number may be?
    fn splits_as_cpr(&self, first: usize) -> bool {
        let groups = self.groups.get(first..).unwrap_or_default();
        matches!(groups, [10, ..] | [6, 4, ..] | [2, 2, 2, 4, ..] | [2, 2, 6, ..] | [6, 2, 2, ..])
    }

    fn is_date(&self) -> bool {
        let dotted = self.signs.iter().all(|sign| matches!(sign, '.' | '-' | '/'));
        dotted && matches!(self.groups.as_slice(), [1 | 2, 1 | 2, 2 | 4] | [4, 2, 2])
    }

    /// Does it point to a person? A CPR number, a telephone number (eight digits), an account
    /// (four and seven to ten digits), a card (sixteen) or an IBAN.
    pub(super) fn is_personal(&self) -> bool {
        if !self.cprs().is_empty() {
            return true;
        }
        if self.is_date() {
            return false;
        }
        self.digits.len() >= 8 || (self.plus && self.digits.len() >= 6)
    }
}

/// Two digits of day, of month, of year, and four: can that be?
pub(super) fn is_cpr(digits: &str) -> bool {
    let number = |range: Range<usize>| digits.get(range).and_then(|two| two.parse::<u8>().ok());
    let (Some(day), Some(month)) = (number(0..2), number(2..4)) else {
        return false;
    };
    let day = if day > 60 { day - 60 } else { day };
    let most = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return false,
    };
    (1..=most).contains(&day)
}

/// Every run of digit groups. Letters right before or behind make it no number but a code, except
/// the two of an IBAN.
pub(super) fn numbers(text: &str) -> Vec<Number> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = text.get(at..).and_then(|rest| rest.find(|c: char| c.is_ascii_digit()))
    {
        let start = at + offset;
        let number = run(text, start);
        at = number.range.end.max(start + 1);
        let before = text.get(..start).unwrap_or_default().chars().next_back();
        let glued = before.is_some_and(char::is_alphanumeric);
        let behind = text.get(number.range.end..).and_then(|rest| rest.chars().next());
        let coded = behind.is_some_and(char::is_alphanumeric);
        let iban = glued && number.digits.len() >= 14;
        if (!glued && !coded) || iban {
            found.push(number);
        }
    }
    found
}

fn run(text: &str, start: usize) -> Number {
    let plus = text.get(..start).is_some_and(|before| before.ends_with('+'));
    let mut number = Number {
        range: start..start,
        digits: String::new(),
        groups: vec![0],
        signs: Vec::new(),
        plus,
    };
    let mut rest = text.get(start..).unwrap_or_default().char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        if c.is_ascii_digit() && number.digits.len() < MOST_DIGITS {
            number.digits.push(c);
            if let Some(group) = number.groups.last_mut() {
                *group += 1;
            }
            number.range.end = start + at + c.len_utf8();
            continue;
        }
        // One sign between groups, with a space on either side of a dash.
        let mut sign = c;
        let mut next = rest.peek().map(|&(_, next)| next);
        if is_space(c) && next.is_some_and(is_dash) {
            sign = '-';
            rest.next();
            next = rest.peek().map(|&(_, next)| next);
        }
        if is_dash(sign) && next.is_some_and(is_space) {
            rest.next();
            next = rest.peek().map(|&(_, next)| next);
        }
        let joins = is_space(sign) || is_dash(sign) || matches!(sign, '.' | '/');
        if !joins || !next.is_some_and(|next| next.is_ascii_digit()) {
            break;
        }
        number.signs.push(if is_dash(sign) { '-' } else { sign });
        number.groups.push(0);
    }
    number
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::mask;
    use super::*;

    #[test]
    fn cpr_numbers_however_they_are_written() {
        for text in [
            "010190-0000",
            "0101900000",
            "010190 0000",
            "010190 - 0000",
            "010190\u{2013}0000",
            "01 01 90 0000",
            "01.01.90-0000",
            "01-01-90-0000",
            "CPR:010190-0000.",
            "(010190-0000)",
            "010190\u{a0}0000",
            "cpr.nr. 010190/0000",
        ] {
            assert_eq!(cpr_numbers(text), ["0101900000"], "{text}");
            assert!(
                !mask(text).contains("0000\u{0}") && !mask(text).contains("0190"),
                "{}",
                mask(text)
            );
        }
        assert_eq!(
            cpr_numbers("610190-0000 og 310299-0000, 010190-0000"),
            ["6101900000", "0101900000"]
        );
    }

    #[test]
    fn what_is_no_cpr_number_is_none() {
        for text in [
            "991390-0000",
            "sag 20261124001",
            "EAN 5798000000001",
            "01019",
            "A0101900000",
            "0101900000x",
            "1.000.000",
        ] {
            assert!(cpr_numbers(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_letter_is_looked_through_everywhere() {
        let raw = "From: a@b.example\r\nSubject: sag 010170-0000\r\n\r\nMit barn 0101200000\r\n\
                   > 01 01 80 0000\r\n";
        let letter = crate::read(raw.as_bytes(), &crate::Limits::default());
        let mut found = letter.cpr_numbers(raw.as_bytes());
        found.sort();
        assert_eq!(found, ["0101200000", "0101700000", "0101800000"]);
    }

    proptest! {
        #[test]
        fn every_cpr_number_in_a_text_is_found_and_masked(
            before in "[a-zæøå ,]{0,20}", day in 1_u8..=28, month in 1_u8..=12, year in 0_u8..100,
            serial in 0_u16..10_000, sign in 0_usize..6, after in "[ ,.!a-zæøå]{0,20}",
        ) {
            let sign = ["", "-", " ", " - ", "\u{2013}", "/"][sign];
            let number = format!("{day:02}{month:02}{year:02}{sign}{serial:04}");
            let text = format!("{before} {number} {after}");
            let plain = format!("{day:02}{month:02}{year:02}{serial:04}");
            prop_assert_eq!(cpr_numbers(&text), vec![plain.clone()]);
            prop_assert!(!mask(&text).contains(&number));
            prop_assert!(cpr_numbers(&mask(&text)).is_empty());
        }
    }
}
