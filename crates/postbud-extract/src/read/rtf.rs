//! Rich Text Format: a small state machine over its control words.

use postbud_letter::{DocumentTrouble, charset_text};

use super::Reading;

/// Groups that hold no text of the document.
const SILENT: [&str; 20] = [
    "fonttbl",
    "colortbl",
    "stylesheet",
    "info",
    "pict",
    "object",
    "header",
    "headerl",
    "headerr",
    "headerf",
    "footer",
    "footerl",
    "footerr",
    "footerf",
    "themedata",
    "datastore",
    "listtable",
    "listoverridetable",
    "rsidtbl",
    "fldinst",
];
/// Groups within groups; deeper ones are read as if they were not.
const MOST_DEPTH: usize = 1_000;

/// What holds until a group ends.
#[derive(Clone, Copy)]
struct Group {
    silent: bool,
    /// Characters to be skipped behind a `\u`.
    fallback: usize,
}

struct Rtf<'b> {
    rest: &'b [u8],
    groups: Vec<Group>,
    now: Group,
    skip: usize,
    /// Bytes of the code page that are not yet decoded.
    pending: Vec<u8>,
    charset: &'static str,
    /// The first half of a character beyond the first 65,536.
    high: Option<u16>,
}

impl Reading<'_> {
    pub(super) fn rtf(&mut self, bytes: &[u8]) {
        let mut rtf = Rtf {
            rest: bytes,
            groups: Vec::new(),
            now: Group { silent: false, fallback: 1 },
            skip: 0,
            pending: Vec::new(),
            charset: "windows-1252",
            high: None,
        };
        while let Some((&byte, rest)) = rtf.rest.split_first() {
            if self.out.is_full() {
                return;
            }
            rtf.rest = rest;
            match byte {
                b'{' => {
                    rtf.flush(self);
                    if rtf.groups.len() < MOST_DEPTH {
                        rtf.groups.push(rtf.now);
                    }
                }
                b'}' => {
                    rtf.flush(self);
                    match rtf.groups.pop() {
                        Some(before) => rtf.now = before,
                        None => break,
                    }
                }
                b'\\' => rtf.control(self),
                b'\r' | b'\n' => {}
                byte => rtf.byte(byte),
            }
        }
        rtf.flush(self);
        if !rtf.groups.is_empty() {
            self.note(DocumentTrouble::Broken);
        }
    }
}

impl Rtf<'_> {
    fn byte(&mut self, byte: u8) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if !self.now.silent {
            self.pending.push(byte);
        }
    }

    fn flush(&mut self, reading: &mut Reading<'_>) {
        if !self.pending.is_empty() {
            reading.out.push(&charset_text(&self.pending, self.charset));
            self.pending.clear();
        }
    }

    /// What follows a backslash: a word with a number, or one sign.
    fn control(&mut self, reading: &mut Reading<'_>) {
        let letters = self.rest.iter().take(32).take_while(|b| b.is_ascii_alphabetic()).count();
        if letters == 0 {
            self.sign(reading);
            return;
        }
        let (word, rest) = self.rest.split_at(letters);
        let sign = usize::from(rest.first() == Some(&b'-'));
        let digits = rest.iter().skip(sign).take(10).take_while(|b| b.is_ascii_digit()).count();
        let length = if digits == 0 { 0 } else { sign + digits };
        let (number, rest) = rest.split_at(length);
        self.rest = rest.strip_prefix(b" ").unwrap_or(rest);
        let number = std::str::from_utf8(number).ok().and_then(|number| number.parse::<i64>().ok());
        self.word(std::str::from_utf8(word).unwrap_or_default(), number, reading);
    }

    fn sign(&mut self, reading: &mut Reading<'_>) {
        let Some((&sign, rest)) = self.rest.split_first() else {
            return;
        };
        self.rest = rest;
        match sign {
            b'\'' => {
                let hex = self.rest.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
                if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                    self.rest = self.rest.get(2..).unwrap_or_default();
                    self.byte(byte);
                }
            }
            b'*' => self.now.silent = true,
            b'~' => self.byte(b' '),
            b'\\' | b'{' | b'}' => self.byte(sign),
            b'\r' | b'\n' => self.line(reading),
            _ => {}
        }
    }

    fn line(&mut self, reading: &mut Reading<'_>) {
        self.flush(reading);
        if !self.now.silent {
            reading.out.line();
        }
    }

    fn word(&mut self, word: &str, number: Option<i64>, reading: &mut Reading<'_>) {
        match word {
            "par" | "line" | "row" | "sect" | "page" => self.line(reading),
            "tab" | "cell" => self.byte(b' '),
            "uc" => self.now.fallback = usize::try_from(number.unwrap_or(1)).unwrap_or(1).min(16),
            "u" => self.unicode(number.unwrap_or(0), reading),
            "mac" => self.charset = "macintosh",
            "pc" | "pca" => self.charset = "ibm850",
            "bin" => {
                let skip = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
                self.rest = self.rest.get(skip..).unwrap_or_default();
            }
            word if SILENT.contains(&word) => self.now.silent = true,
            _ => {}
        }
    }

    /// `\u229` and what stands behind it for programs that do not know it.
    fn unicode(&mut self, number: i64, reading: &mut Reading<'_>) {
        self.flush(reading);
        self.skip = self.now.fallback;
        if self.now.silent {
            return;
        }
        // Numbers above 32,767 are written as negative ones.
        let unit = u16::try_from(number.rem_euclid(65_536)).unwrap_or(0);
        let high = self.high.take();
        if (0xd800..0xdc00).contains(&unit) {
            self.high = Some(unit);
            return;
        }
        let units = high.into_iter().chain([unit]);
        let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
        reading.out.push(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, text};
    use postbud_letter::DocumentTrouble;

    #[test]
    fn text_paragraphs_and_danish_letters() {
        let rtf = br"{\rtf1\ansi\deff0{\fonttbl{\f0 Arial;}}{\info{\author Bo}}
\pard K\'e6re {\b kommune}\par Jeg s\u248?ger om hj\u230 ?lp\~nu.\par{\*\generator X;}\{slut\}}";
        assert_eq!(text(rtf), "Kære kommune\nJeg søger om hjælp nu.\n{slut}");
    }

    #[test]
    fn beyond_the_first_plane() {
        assert_eq!(text(br"{\rtf1 \u-10179?\u-8704? ok}"), "😀 ok");
    }

    #[test]
    fn a_file_that_ends_early_is_broken_and_read_so_far() {
        let found = found(br"{\rtf1 Hej {med");
        assert_eq!(
            (found.text.as_str(), found.trouble),
            ("Hej med", Some(DocumentTrouble::Broken))
        );
    }
}
