//! What was signed or sealed as S/MIME does it.

use postbud_letter::{DocumentFormat, DocumentTrouble};

use super::Reading;
use crate::cms::{self, Cms};

impl Reading<'_> {
    /// Reads what a signature holds, says that an envelope is closed, and of anything else that nobody
    /// knows it.
    pub(super) fn enveloped(&mut self, bytes: &[u8], depth: u32) -> DocumentFormat {
        match cms::read(bytes) {
            Some(Cms::Holds(held)) => return self.held(held, depth),
            Some(Cms::Detached) => return DocumentFormat::Signature,
            Some(Cms::Enveloped) => self.note(DocumentTrouble::Encrypted),
            None => self.note(DocumentTrouble::UnknownFormat),
        }
        DocumentFormat::Unknown
    }

    /// A document that lies within its signature is read in the signature's stead.
    fn held(&mut self, held: Vec<u8>, depth: u32) -> DocumentFormat {
        self.signed = true;
        if !self.enter(held.len() as u64, depth) {
            return DocumentFormat::Unknown;
        }
        // The part of a mail that was signed has only the fields that say what it is.
        let name = b"content-";
        let part = held.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
        let held = if part { [b"MIME-Version: 1.0\r\n", held.as_slice()].concat() } else { held };
        self.read(&held, depth + 1)
    }
}
