//! What was wrong with a letter's bytes, and where. A defect stops no letter.

use serde::{Deserialize, Serialize};

/// One thing that could not be read as it should.
///
/// Holds no text of the letter: `position` says where to look in the raw bytes instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defect {
    /// What kind of fault it is.
    pub kind: DefectKind,
    /// Offset into the raw bytes of the letter, where it is known.
    pub position: Option<u64>,
}

/// The kinds of fault that reading knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DefectKind {
    /// No bytes, or nothing but white space.
    Empty,
    /// Larger than the limit; only metadata was read.
    TooLarge,
    /// Neither MeMo nor RFC 5322.
    UnknownFormat,
    /// The XML ends early or is not well-formed.
    BrokenXml,
    /// Elements nested deeper than the limit.
    TooDeep,
    /// An element that MeMo requires is missing.
    MissingElement,
    /// A value that MeMo constrains (UUID, date, boolean) does not have its form.
    InvalidValue,
    /// base64 content that does not decode.
    BrokenBase64,
    /// Bytes that are no text in the charset they claim.
    BrokenCharset,
    /// More parts or documents than the limit; the rest was left unread.
    TooManyParts,
    /// Text longer than the limit; the rest was left unread.
    TextCut,
    /// A letter without any text to classify.
    NoText,
    /// A mail whose parts cannot be told apart, or that ends before its last part does.
    BrokenMime,
    /// The reader itself failed on these bytes: a fault in this program, to be reported.
    ReaderFault,
}

impl Defect {
    /// A defect of `kind` at byte `position` of the raw letter.
    #[must_use]
    pub fn at(kind: DefectKind, position: u64) -> Self {
        Self { kind, position: Some(position) }
    }

    /// A defect of the letter as a whole.
    #[must_use]
    pub fn whole(kind: DefectKind) -> Self {
        Self { kind, position: None }
    }
}
