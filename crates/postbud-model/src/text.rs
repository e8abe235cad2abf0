//! What goes in: the plain text of a letter, and how much of it is read.

/// A letter's text as the model reads it.
///
/// Deliberately without `Debug`: the text of a letter must not end up in a log.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    /// The subject line; empty when there is none.
    pub subject: &'a str,
    /// The body as plain text.
    pub body: &'a str,
}

/// At most this many bytes of a subject are read.
pub const MAX_SUBJECT_BYTES: usize = 4 * 1024;
/// At most this many bytes of a body are read: the first pages decide where a letter belongs,
/// and the time for one letter stays bounded.
pub const MAX_BODY_BYTES: usize = 128 * 1024;

/// Where in a letter a word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// In the subject line.
    Subject,
    /// In the body.
    Body,
}

/// A stretch of a letter's text, in bytes; always on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Subject or body.
    pub part: Part,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl<'a> Text<'a> {
    /// The parts in reading order, cut to the limits.
    pub(crate) fn parts(self) -> [(Part, &'a str); 2] {
        [
            (Part::Subject, cut(self.subject, MAX_SUBJECT_BYTES)),
            (Part::Body, cut(self.body, MAX_BODY_BYTES)),
        ]
    }

    /// The text under `span`; empty when the span is not of this letter.
    #[must_use]
    pub fn slice(self, span: Span) -> &'a str {
        let text = match span.part {
            Part::Subject => self.subject,
            Part::Body => self.body,
        };
        text.get(span.start..span.end).unwrap_or_default()
    }
}

/// The longest beginning of `text` of at most `limit` bytes that ends between two characters.
fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let end = (0..=limit).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_keeps_characters_whole() {
        assert_eq!(cut("blåbær", 3), "bl");
        assert_eq!(cut("blåbær", 4), "blå");
        assert_eq!(cut("blåbær", 99), "blåbær");
    }

    #[test]
    fn a_foreign_span_gives_nothing() {
        let text = Text { subject: "å", body: "" };
        assert_eq!(text.slice(Span { part: Part::Subject, start: 1, end: 2 }), "");
        assert_eq!(text.slice(Span { part: Part::Body, start: 0, end: 9 }), "");
    }
}
