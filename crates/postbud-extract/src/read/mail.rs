//! A mail as a file: read as the letter it is, without its own documents beyond the depth allowed.

use postbud_letter::{DefectKind, DocumentFormat, DocumentTrouble, Limits, read};

use super::Reading;
use crate::format_of;

impl Reading<'_> {
    pub(super) fn mail(&mut self, bytes: &[u8], depth: u32) {
        let text_bytes = usize::try_from(self.task.text_bytes).unwrap_or(usize::MAX);
        let parts = usize::try_from(self.entries_left).unwrap_or(usize::MAX);
        let limits = Limits { text_bytes, parts, ..Limits::default() };
        let letter = read(bytes, &limits);
        self.out.fresh_line();
        self.out.push(&letter.subject);
        for text in [&letter.text.new, &letter.text.quoted] {
            self.out.fresh_line();
            self.out.push(text);
        }
        for defect in &letter.defects {
            match defect.kind {
                DefectKind::TooDeep => self.note(DocumentTrouble::TooDeep),
                DefectKind::TooManyParts | DefectKind::TextCut => self.out.note_cut(),
                DefectKind::BrokenMime | DefectKind::BrokenBase64 | DefectKind::ReaderFault => {
                    self.note(DocumentTrouble::Broken);
                }
                _ => {}
            }
        }
        for document in &letter.documents {
            self.signed |= format_of(&document.bytes) == DocumentFormat::Signature;
            if !self.enter(document.bytes.len() as u64, depth) {
                return;
            }
            self.within(&document.bytes, depth + 1);
        }
    }
}
