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

impl DefectKind {
    /// One line for people: what it is and what it means for the letter.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Empty => "the message is empty",
            Self::TooLarge => "the message is larger than the limit and was not read",
            Self::UnknownFormat => "the message is neither MeMo nor a mail",
            Self::BrokenXml => "the XML is broken or ends early",
            Self::TooDeep => "the message is nested too deeply",
            Self::MissingElement => "an element that MeMo requires is missing",
            Self::InvalidValue => "a value does not have the form MeMo requires",
            Self::BrokenBase64 => "a document's base64 does not decode",
            Self::BrokenCharset => "some text is not in the charset it claims",
            Self::TooManyParts => "the message has more parts than the limit",
            Self::TextCut => "the text is longer than the limit and was cut",
            Self::NoText => "the message has no text",
            Self::BrokenMime => "the mail's parts cannot be told apart, or it ends early",
            Self::ReaderFault => "the message made the reader fail; please report it",
        }
    }
}
