//! Where the text of a document gathers, up to its budget.

/// Text with a limit. White space is kept to one space or at most one empty line.
pub(super) struct Sink {
    text: String,
    most: usize,
    /// Nothing more fits.
    full: bool,
    /// Something was left out.
    cut: bool,
    gap: bool,
}

impl Sink {
    pub(super) fn new(most_bytes: u64) -> Self {
        let most = usize::try_from(most_bytes).unwrap_or(usize::MAX);
        Self { text: String::new(), most, full: false, cut: false, gap: false }
    }

    /// Bytes of text so far.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Nothing more is taken.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Adds text; runs of white space become one space, line ends stay.
    pub(super) fn push(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\n' => self.line(),
                c if c.is_whitespace() => self.gap = true,
                c if c.is_control() || matches!(c, '\u{ad}' | '\u{200b}' | '\u{feff}') => {}
                c => self.character(c),
            }
        }
    }

    fn character(&mut self, c: char) {
        let gap = self.gap && !self.text.is_empty() && !self.text.ends_with('\n');
        self.gap = false;
        if self.text.len() + c.len_utf8() + usize::from(gap) > self.most {
            self.full = true;
        }
        if self.full {
            return;
        }
        if gap {
            self.text.push(' ');
        }
        self.text.push(c);
    }

    /// A space before what comes next.
    pub(super) fn space(&mut self) {
        self.gap = true;
    }

    /// What comes next begins a line; twice, a paragraph.
    pub(super) fn line(&mut self) {
        self.gap = false;
        if !self.text.is_empty() && !self.text.ends_with("\n\n") && self.text.len() < self.most {
            self.text.push('\n');
        }
    }

    /// What comes next begins a line, unless it does already.
    pub(super) fn fresh_line(&mut self) {
        if !self.text.ends_with('\n') {
            self.line();
        }
    }

    /// Something was left out.
    pub(super) fn note_cut(&mut self) {
        self.cut = true;
    }

    /// The text, and whether some was left out.
    pub(super) fn finish(mut self) -> (String, bool) {
        self.text.truncate(self.text.trim_end().len());
        (self.text, self.cut || self.full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_tidied() {
        let mut sink = Sink::new(100);
        sink.push("\n  Kære \t kommune\n\n\n\nJeg\u{ad} søger\u{a0}om ");
        sink.space();
        sink.push("hjælp\n");
        assert_eq!(sink.finish(), ("Kære kommune\n\nJeg søger om hjælp".to_owned(), false));
    }

    proptest::proptest! {
        #[test]
        fn never_more_than_the_limit(parts in proptest::collection::vec("\\PC{0,20}|\n", 0..20), most in 0_u64..50) {
            let mut sink = Sink::new(most);
            for part in &parts {
                sink.push(part);
            }
            let (text, _) = sink.finish();
            proptest::prop_assert!(text.len() as u64 <= most);
        }
    }
}
