//! The readers themselves. They run in a worker and nowhere else.

mod archive;
mod fields;
mod mail;
mod office;
mod pdf;
mod plain;
mod rtf;
mod sheet;
mod sink;
mod xml;

use postbud_letter::{DocumentFormat, DocumentTrouble};

use crate::message::Found;
pub use crate::message::Task;
use crate::sniff::format_of;
use sink::Sink;

/// What a document says, as far as the task allows.
#[must_use]
pub fn document(bytes: &[u8], task: &Task) -> Found {
    let mut reading = Reading::new(task);
    let format = reading.read(bytes, 0);
    reading.found(format, bytes)
}

/// A document that is being read, with everything in it.
struct Reading<'t> {
    task: &'t Task,
    out: Sink,
    /// What may still be unpacked, in bytes.
    unpacked_left: u64,
    entries_left: u32,
    pages: Option<u32>,
    trouble: Option<DocumentTrouble>,
}

impl<'t> Reading<'t> {
    fn new(task: &'t Task) -> Self {
        Self {
            task,
            out: Sink::new(task.text_bytes),
            unpacked_left: task.unpacked_bytes,
            entries_left: task.entries,
            pages: None,
            trouble: None,
        }
    }

    /// Reads a document, which may lie `depth` deep in others, and says what it is.
    fn read(&mut self, bytes: &[u8], depth: u32) -> DocumentFormat {
        let format = format_of(bytes);
        if bytes.is_empty() {
            self.note(DocumentTrouble::Empty);
            return format;
        }
        match format {
            DocumentFormat::Text => self.plain(bytes),
            DocumentFormat::Html => self.html(bytes),
            DocumentFormat::Pdf => self.pdf(bytes),
            DocumentFormat::Rtf => self.rtf(bytes),
            DocumentFormat::Mail => self.mail(bytes, depth),
            DocumentFormat::Zip => return self.archive(bytes, depth),
            DocumentFormat::Image => self.note(DocumentTrouble::OnlyPictures),
            DocumentFormat::OldOffice => self.old_office(bytes),
            _ => self.note(DocumentTrouble::UnknownFormat),
        }
        format
    }

    /// The first trouble is the one that is told.
    fn note(&mut self, trouble: DocumentTrouble) {
        self.trouble.get_or_insert(trouble);
    }

    /// Office from before 2007. What is newer lies in the same container when it has a password.
    fn old_office(&mut self, bytes: &[u8]) {
        let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let encrypted = bytes.windows(name.len()).any(|at| at == name);
        self.note(if encrypted {
            DocumentTrouble::Encrypted
        } else {
            DocumentTrouble::UnknownFormat
        });
    }

    fn found(self, format: DocumentFormat, bytes: &[u8]) -> Found {
        let Self { pages, trouble, out, .. } = self;
        let (text, cut) = out.finish();
        let silent = text.is_empty().then(|| silence(format, bytes));
        Found { format, text, pages, cut, trouble: trouble.or(silent) }
    }
}

/// Why a document that could be read says nothing.
fn silence(format: DocumentFormat, bytes: &[u8]) -> DocumentTrouble {
    let pages = matches!(format, DocumentFormat::Pdf) && !bytes.is_empty();
    if pages { DocumentTrouble::OnlyPictures } else { DocumentTrouble::Empty }
}

#[cfg(test)]
mod tests;
