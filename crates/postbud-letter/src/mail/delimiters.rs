//! Where the parts of a multipart begin and end.

use super::fields::line_end;

/// The lines that separate the parts of one multipart, found one at a time.
pub(super) struct Delimiters<'b> {
    bytes: &'b [u8],
    boundary: &'b [u8],
    at: usize,
}

impl<'b> Delimiters<'b> {
    pub(super) fn new(bytes: &'b [u8], boundary: &'b str) -> Self {
        Self { bytes, boundary: boundary.as_bytes(), at: 0 }
    }
}

/// One such line.
pub(super) struct Delimiter {
    /// Where the part before it ends: the line end before the delimiter belongs to the delimiter.
    pub(super) content_end: usize,
    /// Where the part after it begins.
    pub(super) line_end: usize,
    /// No part follows.
    pub(super) closes: bool,
}

impl Iterator for Delimiters<'_> {
    type Item = Delimiter;

    fn next(&mut self) -> Option<Delimiter> {
        while self.at < self.bytes.len() {
            let start = self.at;
            let end = line_end(self.bytes, start);
            self.at = end;
            let line = &self.bytes[start..end];
            let Some(rest) = line.strip_prefix(b"--").and_then(|l| l.strip_prefix(self.boundary))
            else {
                continue;
            };
            let rest = rest.trim_ascii_end();
            if rest.is_empty() || rest == b"--" {
                let before = &self.bytes[..start];
                let before = before.strip_suffix(b"\n").unwrap_or(before);
                let before = before.strip_suffix(b"\r").unwrap_or(before);
                return Some(Delimiter {
                    content_end: before.len(),
                    line_end: end,
                    closes: !rest.is_empty(),
                });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lines_separate_and_the_line_end_before_them_is_theirs() {
        let body = b"intro\r\n--a\r\none\r\n--ab\r\n --a\r\n--a  \r\ntwo\n--a--\nepilogue";
        let found: Vec<Delimiter> = Delimiters::new(body, "a").collect();
        assert_eq!(found.len(), 3);
        assert_eq!(&body[found[0].line_end..found[1].content_end], b"one\r\n--ab\r\n --a");
        assert_eq!(&body[found[1].line_end..found[2].content_end], b"two");
        assert!(!found[1].closes && found[2].closes);
    }
}
