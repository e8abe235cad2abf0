//! A letter: what a citizen or company sent, read from MeMo XML or RFC 5322 bytes.
//!
//! Reading never fails and never panics. What cannot be read becomes a [`Defect`] with a position,
//! and the letter goes on to a person with its raw bytes.

mod defect;
mod letter;
pub mod memo;
mod party;

pub use defect::{Defect, DefectKind};
pub use letter::{Channel, Document, DocumentRole, Letter, LetterId, LetterIdError, Text};
pub use party::{ContactInfo, ContactPoint, IdType, Party};
