//! Names of people: those on the list of given names, and whatever stands where a name stands.

use std::ops::Range;

use super::given::{Given, given};
use super::places::UNITS;
use super::tokens::{Gap, Shape, Token};
use super::words::{
    BETWEEN, CLOSINGS, GREETINGS, JOINING, PLACING, RELATIONS, TELLING, TITLES, is_institution,
    is_patronymic, may_be_name,
};

/// Words of one name, at most.
const MOST_WORDS: usize = 6;
/// Words of a line that is a signature, at most.
const SIGNATURE_WORDS: usize = 6;
/// Lines from the end of a letter in which a signature is looked for.
const SIGNATURE_LINES: usize = 4;

/// Where names stand. What is `taken` is none.
pub(super) fn find(tokens: &[Token<'_>], taken: &[bool]) -> Vec<Range<usize>> {
    let mut names = Names {
        tokens,
        taken,
        lower: tokens.iter().map(|t| t.text.to_lowercase()).collect(),
        mark: vec![false; tokens.len()],
    };
    for at in 0..tokens.len() {
        names.listed(at);
        names.by_surname(at);
        names.introduced(at);
        names.closing(at);
        names.beside_cpr(at);
    }
    names.signature();
    names.ranges()
}

struct Names<'a> {
    tokens: &'a [Token<'a>],
    taken: &'a [bool],
    lower: Vec<String>,
    mark: Vec<bool>,
}

impl Names<'_> {
    fn word(&self, at: usize) -> &str {
        self.lower.get(at).map_or("", String::as_str)
    }

    fn is_free(&self, at: usize) -> bool {
        self.taken.get(at).is_some_and(|taken| !taken)
    }

    /// A capital word that can be part of a name.
    fn is_name_word(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.shape == Shape::Upper)
            && self.is_free(at)
            && !self.is_abbreviation(at)
            && may_be_name(self.word(at))
    }

    /// "FK", "BBR": capital letters alone, and no given name.
    fn is_abbreviation(&self, at: usize) -> bool {
        let text = self.tokens.get(at).map_or("", |token| token.text);
        let capital = !text.chars().any(char::is_lowercase);
        capital && text.chars().count() < 5 && given(self.word(at)).is_none()
    }

    /// A capital letter with a dot, as in "K. Laursen".
    fn is_initial(&self, at: usize) -> bool {
        let Some([letter, dot, ..]) = self.tokens.get(at..) else { return false };
        letter.shape == Shape::Upper
            && letter.text.chars().count() == 1
            && dot.is('.')
            && dot.gap == Gap::None
    }

    /// Does the token at `at` stand on the same line as the one before it?
    fn goes_on(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.gap == Gap::Space)
    }

    /// Where the name that begins at `at` ends: capital words, initials, and what joins them.
    fn run(&self, at: usize) -> Option<usize> {
        let (mut end, mut words) = (at, 0);
        while words < MOST_WORDS {
            let next = if end == at || self.goes_on(end) { end } else { break };
            let joined = next + 1;
            if self.is_initial(next) {
                end = next + 2;
            } else if self.is_name_word(next) {
                end = next + 1;
            } else if end > at
                && (JOINING.contains(self.word(next))
                    || self.tokens.get(next).is_some_and(|t| t.is('&')))
                && self.goes_on(joined)
                && self.is_name_word(joined)
            {
                end = joined + 1;
            } else {
                break;
            }
            words += 1;
        }
        (end > at).then_some(end)
    }

    fn take(&mut self, from: usize, to: usize) {
        self.mark.get_mut(from..to).unwrap_or_default().fill(true);
    }

    /// A given name of the list, with the capital words behind it.
    fn listed(&mut self, at: usize) {
        let Some(token) = self.tokens.get(at).filter(|token| token.is_word()) else { return };
        let Some(how) = given(self.word(at)).filter(|_| self.is_free(at)) else { return };
        let behind = self.goes_on(at + 1) && (self.is_name_word(at + 1) || self.is_initial(at + 1));
        let upper = token.shape == Shape::Upper;
        let counts = match how {
            Given::Surely => upper || token.text.chars().count() >= 4,
            Given::Capital => upper,
            Given::Perhaps => upper && behind,
        };
        if !counts {
            return;
        }
        let end = if upper && behind { self.run(at + 1).unwrap_or(at + 1) } else { at + 1 };
        self.take(at, end);
    }

    /// A surname that ends in -sen, or a capital word behind an initial.
    fn by_surname(&mut self, at: usize) {
        if self.is_initial(at) && self.goes_on(at + 2) && self.is_name_word(at + 2) {
            let end = self.run(at).unwrap_or(at);
            self.take(at, end);
        }
        if !self.is_name_word(at) || !is_patronymic(self.word(at)) {
            return;
        }
        let Some(before) = at.checked_sub(1).filter(|_| self.goes_on(at)) else { return };
        // Not the first word of a sentence, which has a capital letter anyway.
        if self.is_name_word(before) {
            self.take(before, at + 1);
        } else if self.tokens.get(before).is_some_and(Token::is_word)
            && !PLACING.contains(self.word(before))
            && !is_institution(self.word(before))
        {
            self.take(at, at + 1);
        }
    }

    /// Behind "jeg hedder", "min søn", "Kære", "fru".
    fn introduced(&mut self, at: usize) {
        let word = self.word(at);
        let first = self.tokens.get(at).is_some_and(|token| token.gap == Gap::Line);
        let abbreviated =
            self.tokens.get(at + 1).is_some_and(|dot| dot.is('.') && dot.gap == Gap::None);
        let introduces = RELATIONS.contains(word)
            || (TITLES.contains(word) && at > 0)
            || (first && GREETINGS.contains(word))
            || TELLING.contains(word) && self.tells(at);
        let name = at + 1 + usize::from(abbreviated && TITLES.contains(word));
        if introduces
            && self.goes_on(name)
            && let Some(end) = self.run(name)
        {
            self.take(name, end);
        }
    }

    /// "I am …" and "My name is …", but not "this is …".
    fn tells(&self, at: usize) -> bool {
        let before = at.checked_sub(1).map_or("", |before| self.word(before));
        match self.word(at) {
            "am" => before == "i",
            "is" => before == "name",
            _ => true,
        }
    }

    /// Behind "Med venlig hilsen", on the same line or on the next.
    fn closing(&mut self, at: usize) {
        let dotted = matches!(self.tokens.get(at..), Some([a, b, c, d, e, ..])
            if b.is('.') && d.is('.') && (a.text.eq_ignore_ascii_case("m") && c.text.eq_ignore_ascii_case("v") && e.text.eq_ignore_ascii_case("h")));
        if !dotted && !CLOSINGS.contains(self.word(at)) {
            return;
        }
        let mut next = at + if dotted { 5 } else { 1 };
        let passes = |at: usize| {
            BETWEEN.contains(self.word(at))
                || self.tokens.get(at).is_some_and(|t| {
                    matches!(t.shape, Shape::Sign(',' | '.' | '!' | ':' | '-' | '–' | '/'))
                })
        };
        while next < at + 9 && passes(next) {
            next += 1;
        }
        if let Some(end) = self.run(next) {
            self.take(next, end);
        } else if self.is_small_signature(next) {
            self.take(next, next + 1);
        }
    }

    /// "hilsen lone" at the very end: who writes without capital letters has a name too.
    fn is_small_signature(&self, at: usize) -> bool {
        let last = at + 1 == self.tokens.len();
        last && self.is_free(at)
            && self.tokens.get(at).is_some_and(Token::is_word)
            && !RELATIONS.contains(self.word(at))
            && may_be_name(self.word(at))
    }

    /// A name right before or right behind a CPR number.
    fn beside_cpr(&mut self, at: usize) {
        if !is_cpr(self.tokens, at) {
            return;
        }
        let mut before = at;
        while let Some(sign) = before.checked_sub(1)
            && at - before < 4
            && (self
                .tokens
                .get(sign)
                .is_some_and(|t| matches!(t.shape, Shape::Sign(',' | '(' | ':' | '.' | '-')))
                || ["cpr", "cprnr", "cpr-nr", "nr", "personnummer", "født"]
                    .contains(&self.word(sign)))
        {
            before = sign;
        }
        let mut first = before;
        while let Some(word) = first.checked_sub(1)
            && before - first < 4
            && (first == before || self.goes_on(first))
            && self.is_name_word(word)
        {
            first = word;
        }
        self.take(first, before);
        let behind = at + 3;
        if self.goes_on(behind)
            && let Some(end) = self.run(behind)
        {
            self.take(behind, end);
        }
    }

    /// What stands at the end and can be nothing but who wrote: the last lines, or the last words
    /// behind the last sentence.
    fn signature(&mut self) {
        let mut end = self.tokens.len();
        for _ in 0..SIGNATURE_LINES {
            let Some(first) =
                (0..end).rev().find(|&at| self.tokens.get(at).is_some_and(|t| t.gap == Gap::Line))
            else {
                return;
            };
            let sentence = (first..end.saturating_sub(1)).rev().find(|&at| {
                self.tokens.get(at).is_some_and(Token::ends_sentence)
                    && self.goes_on(at + 1)
                    && !(at > first && self.is_initial(at - 1))
            });
            let from = sentence.map_or(first, |sentence| sentence + 1);
            if from > 0 && (self.is_signature(from, end) || self.is_last_part(from, end)) {
                return;
            }
            let words =
                (first..end).filter(|&at| self.tokens.get(at).is_some_and(Token::is_word)).count();
            if sentence.is_some() || words > SIGNATURE_WORDS {
                return;
            }
            end = first;
        }
    }

    /// Takes the name with which the words from `from` to `end` begin, if they are a signature.
    fn is_signature(&mut self, from: usize, end: usize) -> bool {
        let signs =
            |t: &&Token<'_>| matches!(t.shape, Shape::Sign('/' | '-' | '–' | ',' | '*' | '('));
        let name = from
            + self
                .tokens
                .get(from..end)
                .unwrap_or_default()
                .iter()
                .take(2)
                .take_while(signs)
                .count();
        let Some(behind) = self.run(name).filter(|behind| *behind <= end) else {
            let small =
                name + 1 == end && self.tokens.get(name).is_some_and(|t| t.gap == Gap::Line);
            if small && self.is_small_signature(name) {
                self.take(name, end);
                return true;
            }
            return false;
        };
        let stops = self.tokens.get(behind).is_none_or(|next| {
            behind >= end
                || next.shape == Shape::Number
                || matches!(next.shape, Shape::Sign(',' | '(' | '/' | '-' | '–'))
        }) && !self.is_quantity(name, behind);
        if stops {
            self.take(name, behind);
        }
        stops
    }

    /// "Forbrug 412 m3", "Lokale 12": a word that says what the number behind it, or behind a dash,
    /// counts. A telephone number counts nothing, and two capital words are rarely more than a name
    /// unless a unit follows.
    fn is_quantity(&self, name: usize, behind: usize) -> bool {
        let dashed =
            self.tokens.get(behind).is_some_and(|t| matches!(t.shape, Shape::Sign('-' | '–')));
        let number = behind + usize::from(dashed);
        let counts = self.is_free(number)
            && self.goes_on(number)
            && self.tokens.get(number).is_some_and(|token| token.shape == Shape::Number);
        let known = (name..behind).any(|at| given(self.word(at)).is_some());
        let unit = self.goes_on(number + 1) && UNITS.contains(self.word(number + 1));
        counts && !known && (behind == name + 1 || unit)
    }

    /// "Thanks a million, Aoife Brannigan": takes what stands behind the last comma up to the end.
    fn is_last_part(&mut self, from: usize, end: usize) -> bool {
        let comma = (from..end).rev().find(|&at| self.tokens.get(at).is_some_and(|t| t.is(',')));
        let Some(name) = comma.map(|comma| comma + 1).filter(|_| end == self.tokens.len()) else {
            return false;
        };
        let several = end > name + 1 || given(self.word(name)).is_some();
        let is_name = several && self.goes_on(name) && self.run(name) == Some(end);
        if is_name {
            self.take(name, end);
        }
        is_name
    }

    /// The marked tokens, those that stand together as one.
    fn ranges(&self) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        let mut joins = false;
        for (at, token) in self.tokens.iter().enumerate() {
            let marked = self.mark.get(at).copied().unwrap_or(false);
            match found.last_mut() {
                Some(last) if marked && joins && token.gap != Gap::Line => last.end = token.end(),
                _ if marked => found.push(token.start..token.end()),
                _ => {}
            }
            joins = marked;
        }
        found
    }
}

/// Six digits, a dash and four.
fn is_cpr(tokens: &[Token<'_>], at: usize) -> bool {
    let digits = |token: &Token<'_>, count: usize| {
        token.text.len() == count && token.text.bytes().all(|byte| byte.is_ascii_digit())
    };
    matches!(tokens.get(at..), Some([date, dash, serial, ..])
        if digits(date, 6) && dash.is('-') && digits(serial, 4) && serial.gap == Gap::None)
}
