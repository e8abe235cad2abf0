//! What a decision keeps of the letter's documents: how far each was read, and none of its text.

use postbud_letter::{AttachedText, DocumentFormat, DocumentTrouble, Letter};
use serde::{Deserialize, Serialize};

/// A decision keeps notes on so many documents.
pub const DOCUMENTS_MAX: usize = 50;

/// How far one document was read when the decision was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentNote {
    /// Its number among the letter's documents, from 1.
    pub number: u32,
    /// What it is.
    pub format: DocumentFormat,
    /// So many bytes of text were read of it.
    pub text_bytes: u64,
    /// Was some of it left unread because of a budget?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// Is there a digital signature on it? Nobody has verified it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signed: bool,
    /// What was wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<DocumentTrouble>,
}

impl DocumentNote {
    /// What was found in a document, without its text.
    #[must_use]
    pub fn of(found: &AttachedText) -> Self {
        Self {
            number: u32::try_from(found.document).unwrap_or(u32::MAX).saturating_add(1),
            format: found.format,
            text_bytes: found.text.len() as u64,
            cut: found.cut,
            signed: found.signed,
            trouble: found.trouble,
        }
    }
}

/// The notes on a letter's documents.
pub(crate) fn notes(letter: &Letter) -> Vec<DocumentNote> {
    let mut notes: Vec<DocumentNote> = letter.attached.iter().map(DocumentNote::of).collect();
    if notes.len() > DOCUMENTS_MAX {
        notes.sort_by_key(|note| (note.trouble.is_none(), note.number));
        notes.truncate(DOCUMENTS_MAX);
        notes.sort_by_key(|note| note.number);
    }
    notes
}
