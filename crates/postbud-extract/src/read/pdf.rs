//! PDF: the text of each page in the order in which it is drawn.

use std::collections::{BTreeMap, BTreeSet};

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Encoding, Error, LoadOptions, Object, ObjectId};
use postbud_letter::DocumentTrouble;

use super::Reading;
use crate::message::Kind;

/// Drawing instructions of one page, unpacked, in bytes: text is short, and each instruction takes
/// a hundred times its size in memory.
const PAGE_BYTES: usize = 4 << 20;
/// Words and brackets in the drawing instructions of one page. The shortest take the most memory for
/// their size: two million of them, in 4 MiB, are more than a gigabyte.
const PAGE_WORDS: usize = 1 << 20;
/// A page with less text than this, in bytes, may be a scan with a page number or a stamp.
const NEXT_TO_NO_TEXT: usize = 40;
/// A shift to the left of this many thousandths within a line of text is a space.
const SPACE: f32 = -180.0;

/// How many pages the document says that it has.
fn declared(pdf: &Document) -> u64 {
    let tree = pdf.catalog().and_then(|catalog| catalog.get_deref(b"Pages", pdf));
    let count = tree.and_then(Object::as_dict).and_then(|tree| tree.get_deref(b"Count", pdf));
    count.and_then(Object::as_i64).ok().and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}

impl Reading<'_> {
    pub(super) fn pdf(&mut self, bytes: &[u8], depth: u32) {
        let most = usize::try_from(self.unpacked_left).unwrap_or(usize::MAX);
        let options = LoadOptions { max_decompressed_size: Some(most), ..LoadOptions::default() };
        let pdf = match Document::load_mem_with_options(bytes, options) {
            Ok(pdf) => pdf,
            Err(error) => {
                self.note(trouble_of(&error));
                return;
            }
        };
        // The library has opened it already where anybody may read it (an empty password).
        if pdf.trailer.has(b"Encrypt") {
            self.note(DocumentTrouble::Encrypted);
            return;
        }
        let most = usize::try_from(self.task.pages).unwrap_or(usize::MAX);
        let mut pages: Vec<(u32, ObjectId)> =
            (1..).zip(pdf.page_iter().take(most.saturating_add(1))).collect();
        if pages.is_empty() {
            self.note(DocumentTrouble::Broken);
        }
        // A list of pages may hold itself. Nothing is lost when a page is read only once.
        let named = pages.len();
        let mut seen = BTreeSet::new();
        pages.retain(|(_, page)| seen.insert(*page));
        self.pages = u32::try_from(pages.len().min(most)).ok();
        // The same page may be named more often than the library follows.
        if named > most || pages.len() < named || declared(&pdf) > named as u64 {
            self.out.note_cut();
        }
        self.fields(&pdf);
        let mut scanned = Vec::new();
        for (number, page) in pages.into_iter().take(most) {
            self.out.fresh_line();
            let before = self.out.len();
            let pictures = self.page(&pdf, page);
            if pictures && self.out.len() - before < NEXT_TO_NO_TEXT {
                scanned.push(number);
            }
        }
        self.scanned(scanned, bytes, depth);
    }

    /// Pages that hold pictures and next to no text are left to OCR.
    fn scanned(&mut self, mut pages: Vec<u32>, bytes: &[u8], depth: u32) {
        let left = usize::try_from(self.ocr_left).unwrap_or(usize::MAX);
        if left > 0 && pages.len() > left {
            self.out.note_cut();
        }
        pages.truncate(left);
        if !pages.is_empty() {
            self.ocr_left -= u32::try_from(pages.len()).unwrap_or(self.ocr_left);
            self.leave(Kind::Pages(pages), bytes, None, depth);
        }
    }

    /// Reads a page; says whether there are pictures on it.
    fn page(&mut self, pdf: &Document, page: ObjectId) -> bool {
        let budget = usize::try_from(self.unpacked_left).unwrap_or(usize::MAX).min(PAGE_BYTES);
        let drawn = match pdf.get_page_content_with_limit(page, budget) {
            Ok(drawn) => drawn,
            Err(error) => {
                self.note(trouble_of(&error));
                return false;
            }
        };
        self.unpacked_left = self.unpacked_left.saturating_sub(drawn.len() as u64);
        if words(&drawn) > PAGE_WORDS {
            self.note(DocumentTrouble::TooLarge);
            return false;
        }
        // Without its fonts, what the page says cannot be told.
        let fonts = pdf.get_page_fonts(page).unwrap_or_else(|_| {
            self.note(DocumentTrouble::Broken);
            BTreeMap::new()
        });
        let encodings: BTreeMap<Vec<u8>, Encoding<'_>> = fonts
            .into_iter()
            .filter_map(|(name, font)| Some((name, encoding(pdf, font)?)))
            .collect();
        match Content::decode(&drawn) {
            Ok(content) => {
                self.draw(&content.operations, &encodings);
                let picture = |drawn: &Operation| matches!(drawn.operator.as_str(), "Do" | "BI");
                content.operations.iter().any(picture)
            }
            Err(_) => {
                self.note(DocumentTrouble::Broken);
                false
            }
        }
    }

    fn draw(&mut self, operations: &[Operation], encodings: &BTreeMap<Vec<u8>, Encoding<'_>>) {
        let mut encoding = None;
        let mut line = None;
        for Operation { operator, operands } in operations {
            match operator.as_str() {
                "Tf" => {
                    let name = operands.first().and_then(|name| name.as_name().ok());
                    encoding = name.and_then(|name| encodings.get(name));
                }
                "Td" | "TD" => match number(operands, 1) {
                    Some(down) if down != 0.0 => self.out.fresh_line(),
                    _ => self.out.space(),
                },
                "Tm" => {
                    let now = number(operands, 5);
                    if now == line {
                        self.out.space();
                    } else {
                        self.out.fresh_line();
                    }
                    line = now;
                }
                "T*" | "ET" => self.out.fresh_line(),
                "'" | "\"" => {
                    self.out.fresh_line();
                    self.show(operands.last(), encoding);
                }
                "Tj" => self.show(operands.first(), encoding),
                "TJ" => {
                    for part in
                        operands.first().and_then(|o| o.as_array().ok()).into_iter().flatten()
                    {
                        match part.as_float() {
                            Ok(shift) if shift < SPACE => self.out.space(),
                            Ok(_) => {}
                            Err(_) => self.show(Some(part), encoding),
                        }
                    }
                }
                _ => {}
            }
            if self.out.is_full() {
                return;
            }
        }
    }

    fn show(&mut self, text: Option<&Object>, encoding: Option<&Encoding<'_>>) {
        if let (Some(Ok(bytes)), Some(encoding)) = (text.map(Object::as_str), encoding)
            && let Ok(text) = Document::decode_text(encoding, bytes)
        {
            self.out.push(&text);
        }
    }
}

fn encoding<'p>(pdf: &'p Document, font: &'p Dictionary) -> Option<Encoding<'p>> {
    font.get_font_encoding_with_limit(pdf, PAGE_BYTES).ok()
}

/// How many words and brackets there are, those within strings included; never fewer than a parser
/// makes objects of.
fn words(drawn: &[u8]) -> usize {
    let parts = |byte: u8| byte.is_ascii_whitespace() || byte == 0;
    let mut count = 0;
    let mut within = false;
    for &byte in drawn {
        let bracket = matches!(byte, b'(' | b'[' | b'<' | b'/');
        let word = !parts(byte);
        count += usize::from(bracket || (word && !within));
        within = word && !matches!(byte, b')' | b']' | b'>');
    }
    count
}

fn number(operands: &[Object], place: usize) -> Option<f32> {
    operands.get(place).and_then(|number| number.as_float().ok())
}

pub(super) fn trouble_of(error: &Error) -> DocumentTrouble {
    match error {
        Error::Decryption(_) | Error::InvalidPassword | Error::AlreadyEncrypted => {
            DocumentTrouble::Encrypted
        }
        Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. }) => {
            DocumentTrouble::TooLarge
        }
        _ => DocumentTrouble::Broken,
    }
}
