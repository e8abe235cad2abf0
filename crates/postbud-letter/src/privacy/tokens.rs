//! A text as words, numbers and signs, with what stands between them.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A word with a capital first letter.
    Upper,
    /// Any other word.
    Lower,
    /// Begins with a digit: `12`, `12B`.
    Number,
    /// One sign.
    Sign(char),
}

/// What stands before a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing: it stands close to the one before.
    None,
    /// Spaces.
    Space,
    /// At least one line break, or it is the first of all.
    Line,
}

/// A word, a number or a sign.
#[derive(Clone, Copy)]
pub(super) struct Token<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
    pub(super) shape: Shape,
    pub(super) gap: Gap,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(super) fn is_word(&self) -> bool {
        matches!(self.shape, Shape::Upper | Shape::Lower)
    }

    pub(super) fn is(&self, sign: char) -> bool {
        self.shape == Shape::Sign(sign)
    }

    /// Does it end a sentence?
    pub(super) fn ends_sentence(&self) -> bool {
        matches!(self.shape, Shape::Sign('.' | '!' | '?' | '…' | ')' | '"' | '”'))
    }
}

/// The tokens of a text, in order.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut all = Vec::with_capacity(text.len() / 6);
    let mut gap = Gap::Line;
    let mut at = 0;
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if first.is_whitespace() {
            let line = matches!(first, '\n' | '\r' | '\u{2028}' | '\u{2029}');
            gap = if line || gap == Gap::Line { Gap::Line } else { Gap::Space };
            at += first.len_utf8();
            continue;
        }
        let end = at + length(text.get(at..).unwrap_or_default(), first);
        let shape = match first {
            c if c.is_numeric() => Shape::Number,
            c if c.is_uppercase() => Shape::Upper,
            c if c.is_alphabetic() => Shape::Lower,
            c => Shape::Sign(c),
        };
        all.push(Token { text: text.get(at..end).unwrap_or_default(), start: at, shape, gap });
        gap = Gap::None;
        at = end;
    }
    all
}

/// Bytes of the token at the beginning of `rest`. A hyphen or an apostrophe between letters joins.
fn length(rest: &str, first: char) -> usize {
    if !first.is_alphanumeric() {
        return first.len_utf8();
    }
    let mut signs = rest.char_indices().peekable();
    while let Some((at, c)) = signs.next() {
        let joins = first.is_alphabetic()
            && matches!(c, '-' | '\'' | '’')
            && signs.peek().is_some_and(|(_, next)| next.is_alphabetic());
        if !c.is_alphanumeric() && !is_mark(c) && !joins {
            return at;
        }
    }
    rest.len()
}

/// Some systems send `å` as `a` and a ring.
fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_and_signs_with_their_gaps() {
        let all = tokens("Hej, Hans-Peter!\nbor 12B  A\u{30a}s");
        let shown: Vec<_> = all.iter().map(|token| (token.text, token.gap)).collect();
        assert_eq!(
            shown,
            [
                ("Hej", Gap::Line),
                (",", Gap::None),
                ("Hans-Peter", Gap::Space),
                ("!", Gap::None),
                ("bor", Gap::Line),
                ("12B", Gap::Space),
                ("A\u{30a}s", Gap::Space),
            ]
        );
        assert_eq!(all.last().map(|last| (last.shape, last.end())), Some((Shape::Upper, 30)));
    }
}
