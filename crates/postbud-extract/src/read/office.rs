//! Word documents, presentations and OpenDocument.

use postbud_letter::DocumentTrouble;

use super::Reading;
use super::archive::Zip;
use super::xml::{self, Piece};

/// A document of OpenDocument names this namespace when it is encrypted.
const ENCRYPTED: &[u8] = b"encryption-data";

impl Reading<'_> {
    pub(super) fn docx(&mut self, zip: &mut Zip<'_>) {
        if let Some(bytes) = self.part(zip, "word/document.xml") {
            self.office_xml(&bytes);
        }
        for name in ["word/footnotes.xml", "word/comments.xml"] {
            if let Some(bytes) = self.part(zip, name) {
                self.out.fresh_line();
                self.office_xml(&bytes);
            }
        }
    }

    pub(super) fn pptx(&mut self, zip: &mut Zip<'_>) {
        let slides = numbered(zip, "ppt/slides/slide");
        self.pages = u32::try_from(slides.len()).ok();
        for name in self.within_pages(slides) {
            if self.out.is_full() {
                return;
            }
            if let Some(bytes) = self.part(zip, &name) {
                self.out.fresh_line();
                self.office_xml(&bytes);
            }
        }
    }

    /// No more pages than the budget has.
    pub(super) fn within_pages(&mut self, mut names: Vec<String>) -> Vec<String> {
        let most = usize::try_from(self.task.pages).unwrap_or(usize::MAX);
        if names.len() > most {
            names.truncate(most);
            self.out.note_cut();
        }
        names
    }

    /// Runs of text in Word's and PowerPoint's XML: `t` within `p`.
    fn office_xml(&mut self, bytes: &[u8]) {
        let (mut text, mut fallback) = (0_u32, 0_u32);
        let out = &mut self.out;
        let sound = xml::walk(bytes, |piece| {
            match piece {
                Piece::Start("t", _) => text += 1,
                Piece::End("t") => text = text.saturating_sub(1),
                // The same once more, for programs that are older.
                Piece::Start("Fallback", _) => fallback += 1,
                Piece::End("Fallback") => fallback = fallback.saturating_sub(1),
                Piece::Start("tab", _) => out.space(),
                Piece::End("tc") => out.space(),
                Piece::Start("br" | "cr", _) | Piece::End("p") => out.fresh_line(),
                Piece::Text(more) if text > 0 && fallback == 0 => out.push(more),
                _ => {}
            }
            !out.is_full()
        });
        if !sound {
            self.note(DocumentTrouble::Broken);
        }
    }

    pub(super) fn open_document(&mut self, zip: &mut Zip<'_>) {
        let manifest = self.part(zip, "META-INF/manifest.xml").unwrap_or_default();
        if manifest.windows(ENCRYPTED.len()).any(|at| at == ENCRYPTED) {
            self.note(DocumentTrouble::Encrypted);
            return;
        }
        let Some(bytes) = self.part(zip, "content.xml") else {
            return;
        };
        let mut body = 0_u32;
        let out = &mut self.out;
        let sound = xml::walk(&bytes, |piece| {
            match piece {
                Piece::Start("body", _) => body += 1,
                Piece::End("body") => body = body.saturating_sub(1),
                Piece::Start("s" | "tab", _) | Piece::End("table-cell") => out.space(),
                Piece::Start("line-break", _) | Piece::End("p" | "h" | "table-row") => {
                    out.fresh_line();
                }
                Piece::Text(more) if body > 0 => out.push(&more.replace('\n', " ")),
                _ => {}
            }
            !out.is_full()
        });
        if !sound {
            self.note(DocumentTrouble::Broken);
        }
    }
}

/// Parts whose names are `prefix`, a number and `.xml`, in the order of their numbers.
pub(super) fn numbered(zip: &Zip<'_>, prefix: &str) -> Vec<String> {
    let number = |name: &str| {
        let number = name.strip_prefix(prefix)?.strip_suffix(".xml")?;
        number.parse::<u32>().ok()
    };
    let names = zip.file_names().flatten();
    let mut found: Vec<(u32, String)> =
        names.filter_map(|name| Some((number(&name)?, name.into_owned()))).collect();
    found.sort();
    found.into_iter().map(|(_, name)| name).collect()
}
