//! A letter: what a citizen or company sent, read from MeMo XML or RFC 5322 bytes.
//!
//! Reading never fails and never panics. What cannot be read becomes a [`Defect`] with a position,
//! and the letter goes on to a person with its raw bytes.

mod attached;
mod base64;
mod body_text;
mod charset;
mod classifier_text;
mod defect;
mod document_text;
mod hash;
mod head;
mod html;
pub mod language;
mod letter;
mod limits;
mod mail;
pub mod memo;
mod opaque;
mod party;
pub mod privacy;
mod read;
mod tidy;
mod unknown;
pub mod write;

pub use attached::{AttachedText, DocumentFormat, DocumentTrouble};
pub use classifier_text::LetterText;
pub use defect::{Defect, DefectKind};
pub use document_text::{charset_text, document_text};
pub use hash::raw_sha256_hex;
pub use head::{Head, head};
pub use letter::{Channel, Document, DocumentRole, Letter, LetterId, LetterIdError, Text};
pub use limits::Limits;
pub use party::{ContactInfo, ContactPoint, IdType, Party};
pub use read::read;
