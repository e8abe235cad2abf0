//! The documents of one letter, within the letter's budget.

use std::time::{Duration, Instant};

use postbud_letter::{AttachedText, Document, DocumentRole, DocumentTrouble, Letter};

use crate::message::Found;
use crate::pool::{Look, Reader};
use crate::process::unread;

/// What is left for the documents of a letter.
struct Left {
    /// No document is read past this.
    until: Instant,
    bytes: u64,
    look: Look,
}

impl Reader {
    /// Reads the letter's documents and notes in it what they say. Those that are for machines are
    /// left alone; what the budget does not reach is noted as unread.
    pub fn attach(&self, letter: &mut Letter) {
        let until = Instant::now() + self.budget.letter_time;
        if let Some(attached) = self.read(letter, until, Look::Whole) {
            letter.attach(attached);
        }
    }

    /// The same for at most `time`, and without other programs. `false`: more is needed, and nothing
    /// is noted. That a worker has to be started first is not the letter's fault, and does not count.
    pub fn glance(&self, letter: &mut Letter, time: Duration) -> bool {
        self.be_ready();
        let until = Instant::now() + time.min(self.budget.letter_time);
        let attached = self.read(letter, until, Look::Glance);
        let done = attached.is_some();
        if let Some(attached) = attached {
            letter.attach(attached);
        }
        done
    }

    /// `None`: a glance was not enough.
    fn read(&self, letter: &Letter, until: Instant, look: Look) -> Option<Vec<AttachedText>> {
        let mut left = Left { until, bytes: self.budget.letter_bytes, look };
        let mut attached = Vec::new();
        for (place, document) in letter.documents.iter().enumerate() {
            if document.role == DocumentRole::Technical {
                continue;
            }
            let found = if attached.len() >= self.budget.letter_documents {
                unread(&document.bytes, DocumentTrouble::BudgetUsedUp)
            } else {
                self.one(document, &mut left)?
            };
            let Found { format, text, pages, cut, signed, trouble } = found;
            let document = place;
            attached.push(AttachedText { document, format, text, pages, cut, signed, trouble });
        }
        Some(attached)
    }

    fn one(&self, document: &Document, left: &mut Left) -> Option<Found> {
        let size = document.bytes.len() as u64;
        let time = left.until.saturating_duration_since(Instant::now());
        if time.is_zero() && left.look == Look::Glance {
            return None;
        }
        if size > left.bytes || time.is_zero() {
            return Some(unread(&document.bytes, DocumentTrouble::BudgetUsedUp));
        }
        left.bytes -= size;
        self.document(&document.bytes, time.min(self.budget.document_time), left.look)
    }
}
