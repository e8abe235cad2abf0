//! Spreadsheets of Excel: the cells row by row, shared texts put in their place.

use postbud_letter::DocumentTrouble;

use super::Reading;
use super::archive::Zip;
use super::office::numbered;
use super::xml::{self, Piece};

impl Reading<'_> {
    pub(super) fn xlsx(&mut self, zip: &mut Zip<'_>) {
        let shared = match self.part(zip, "xl/sharedStrings.xml") {
            Some(bytes) => self.shared(&bytes),
            None => Vec::new(),
        };
        let sheets = numbered(zip, "xl/worksheets/sheet");
        self.pages = u32::try_from(sheets.len()).ok();
        for name in self.within_pages(sheets) {
            if self.out.is_full() {
                return;
            }
            if let Some(bytes) = self.part(zip, &name) {
                self.out.fresh_line();
                self.sheet(&bytes, &shared);
            }
        }
    }

    /// The texts that cells refer to by number.
    fn shared(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        let mut inside = false;
        let sound = xml::walk(bytes, |piece| {
            match piece {
                Piece::Start("si", _) => texts.push(String::new()),
                Piece::Start("t", _) => inside = true,
                Piece::End("t") => inside = false,
                Piece::Text(more) if inside => {
                    if let Some(last) = texts.last_mut() {
                        last.push_str(more);
                    }
                }
                _ => {}
            }
            true
        });
        if !sound {
            self.note(DocumentTrouble::Broken);
        }
        texts
    }

    fn sheet(&mut self, bytes: &[u8], shared: &[String]) {
        let (mut is_shared, mut inside) = (false, false);
        let out = &mut self.out;
        let mut value = String::new();
        let sound = xml::walk(bytes, |piece| {
            match piece {
                Piece::Start("c", start) => {
                    is_shared = xml::attribute(start, "t").as_deref() == Some("s");
                    value.clear();
                }
                Piece::Start("v" | "t", _) => inside = true,
                Piece::End("v" | "t") => inside = false,
                Piece::Text(more) if inside => value.push_str(more),
                Piece::End("c") => {
                    let number = value.trim().parse::<usize>().ok().filter(|_| is_shared);
                    let text = number.and_then(|number| shared.get(number));
                    out.push(text.unwrap_or(&value));
                    out.space();
                }
                Piece::End("row") => out.fresh_line(),
                _ => {}
            }
            !out.is_full()
        });
        if !sound {
            self.note(DocumentTrouble::Broken);
        }
    }
}
