//! The readers themselves. They run in a worker and nowhere else.

mod archive;
mod fields;
mod mail;
mod office;
mod outlook;
mod pdf;
mod picture;
mod plain;
mod rtf;
mod sheet;
mod signed;
mod sink;
mod xml;

use postbud_letter::{DocumentFormat, DocumentTrouble};

pub use crate::message::Task;
use crate::message::{Answer, Found, Kind, Rest};
use crate::sniff::format_of;
pub(crate) use picture::LONG_SIDE;
use sink::Sink;

/// No more is handed over to other programs, all rests of a document together, in bytes.
pub(crate) const REST_BYTES: u64 = 64 << 20;

/// What a document says, as far as the task allows, and as far as it can be read here.
#[must_use]
pub fn document(bytes: &[u8], task: &Task) -> Found {
    let Answer { mut found, rests } = answer(bytes, task);
    if found.text.is_empty() && found.trouble.is_none() {
        found.trouble = rests.first().map(|rest| match rest.kind {
            Kind::Picture | Kind::Pages(_) => DocumentTrouble::OnlyPictures,
            Kind::OldWord => DocumentTrouble::UnknownFormat,
        });
    }
    found
}

/// The same, and what is left for other programs to read.
pub(crate) fn answer(bytes: &[u8], task: &Task) -> Answer {
    let mut reading = Reading::new(task);
    let format = reading.read(bytes, 0);
    reading.answer(format, bytes)
}

/// Text of another program with its white space tidied, and whether some did not fit.
pub(crate) fn tidied(text: &str, most_bytes: u64) -> (String, bool) {
    let mut out = Sink::new(most_bytes);
    out.push(text);
    out.finish()
}

/// A document that is being read, with everything in it.
struct Reading<'t> {
    task: &'t Task,
    out: Sink,
    /// What may still be unpacked, in bytes.
    unpacked_left: u64,
    entries_left: u32,
    pages: Option<u32>,
    /// Is there a signature on the document itself?
    signed: bool,
    trouble: Option<DocumentTrouble>,
    /// What other programs are to read.
    rests: Vec<Rest>,
    /// Pictures and pages that may still be among them.
    ocr_left: u32,
    /// What may still be handed over with them, in bytes.
    rest_bytes_left: u64,
}

impl<'t> Reading<'t> {
    fn new(task: &'t Task) -> Self {
        Self {
            task,
            out: Sink::new(task.text_bytes),
            unpacked_left: task.unpacked_bytes,
            entries_left: task.entries,
            pages: None,
            signed: false,
            trouble: None,
            rests: Vec::new(),
            ocr_left: task.ocr_pages,
            rest_bytes_left: REST_BYTES,
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
            DocumentFormat::Pdf => self.pdf(bytes, depth),
            DocumentFormat::Rtf => self.rtf(bytes),
            DocumentFormat::Mail => self.mail(bytes, depth),
            DocumentFormat::Zip => return self.archive(bytes, depth),
            DocumentFormat::Image => self.picture(bytes, depth),
            DocumentFormat::OldOffice => return self.old_office(bytes, depth),
            // A signature says nothing, and nothing is left unread.
            DocumentFormat::Signature => {}
            DocumentFormat::Unknown => return self.enveloped(bytes, depth),
            _ => self.note(DocumentTrouble::UnknownFormat),
        }
        format
    }

    /// The first trouble is the one that is told.
    fn note(&mut self, trouble: DocumentTrouble) {
        self.trouble.get_or_insert(trouble);
    }

    /// Leaves something to other programs, made `ready` for them or as it is. The document itself
    /// is at hand where they are started; other bytes must be handed over.
    fn leave(&mut self, kind: Kind, bytes: &[u8], ready: Option<Vec<u8>>, depth: u32) {
        let within = depth > 0;
        let bytes = ready.or_else(|| within.then(|| bytes.to_vec()));
        let size = bytes.as_ref().map_or(0, Vec::len) as u64;
        if size > self.rest_bytes_left {
            self.note(DocumentTrouble::TooLarge);
            return;
        }
        self.rest_bytes_left -= size;
        self.rests.push(Rest { kind, within, carried: bytes.is_some(), bytes });
    }

    /// Office from before 2007, and mails of Outlook. What is newer lies in the same container when
    /// it has a password.
    fn old_office(&mut self, bytes: &[u8], depth: u32) -> DocumentFormat {
        let holds = |name: &str| {
            let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            bytes.windows(name.len()).any(|at| at == name)
        };
        if self.outlook(bytes, depth) {
            return DocumentFormat::Mail;
        }
        if holds("EncryptedPackage") {
            self.note(DocumentTrouble::Encrypted);
        } else if holds("WordDocument") {
            self.leave(Kind::OldWord, bytes, None, depth);
        } else if holds("__substg1.0_") {
            self.note(DocumentTrouble::Broken);
            return DocumentFormat::Mail;
        } else {
            self.note(DocumentTrouble::UnknownFormat);
        }
        DocumentFormat::OldOffice
    }

    fn answer(self, format: DocumentFormat, bytes: &[u8]) -> Answer {
        let Self { pages, signed, trouble, out, rests, .. } = self;
        let (text, cut) = out.finish();
        // Whether there is nothing to say, those will know who read the rest.
        let speaks = !matches!(format, DocumentFormat::Signature);
        let silent =
            (speaks && text.is_empty() && rests.is_empty()).then(|| silence(format, bytes));
        let found = Found { format, text, pages, cut, signed, trouble: trouble.or(silent) };
        Answer { found, rests }
    }
}

/// Why a document that could be read says nothing.
fn silence(format: DocumentFormat, bytes: &[u8]) -> DocumentTrouble {
    let pages = matches!(format, DocumentFormat::Pdf) && !bytes.is_empty();
    if pages { DocumentTrouble::OnlyPictures } else { DocumentTrouble::Empty }
}

#[cfg(test)]
mod tests;
