//! The documents of one letter, within the letter's budget.

use std::time::Instant;

use postbud_letter::{AttachedText, Document, DocumentRole, DocumentTrouble, Letter};

use crate::message::Found;
use crate::pool::Reader;
use crate::process::unread;

impl Reader {
    /// Reads the letter's documents and notes in it what they say. Those that are for machines are
    /// left alone; what the budget does not reach is noted as unread.
    pub fn attach(&self, letter: &mut Letter) {
        let begun = Instant::now();
        let mut bytes_left = self.budget.letter_bytes;
        let mut attached = Vec::new();
        for (place, document) in letter.documents.iter().enumerate() {
            if document.role == DocumentRole::Technical {
                continue;
            }
            let found = if attached.len() >= self.budget.letter_documents {
                unread(&document.bytes, DocumentTrouble::BudgetUsedUp)
            } else {
                self.one(document, begun, &mut bytes_left)
            };
            let Found { format, text, pages, cut, trouble } = found;
            attached.push(AttachedText { document: place, format, text, pages, cut, trouble });
        }
        letter.attach(attached);
    }

    fn one(&self, document: &Document, begun: Instant, bytes_left: &mut u64) -> Found {
        let size = document.bytes.len() as u64;
        let time_left = self.budget.letter_time.saturating_sub(begun.elapsed());
        if size > *bytes_left || time_left.is_zero() {
            return unread(&document.bytes, DocumentTrouble::BudgetUsedUp);
        }
        *bytes_left -= size;
        self.document(&document.bytes, time_left.min(self.budget.document_time))
    }
}
