//! The letter itself, one type for both channels.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AttachedText, Defect, Party, memo};

/// Identifies a letter for ever: the same letter received twice has the same id.
///
/// For MeMo it is the messageUUID in lower case. For anything else it is `sha-` and the first
/// 32 hexadecimal digits of the SHA-256 of the raw bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LetterId(String);

/// The text is no letter id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a letter id has 1 to 80 characters of a-z, 0-9, '-' and '~'")]
pub struct LetterIdError;

impl LetterId {
    /// Checks the form of an id.
    ///
    /// # Errors
    /// [`LetterIdError`] when a character or the length does not fit.
    pub fn parse(text: &str) -> Result<Self, LetterIdError> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'~';
        if (1..=80).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(LetterIdError)
        }
    }

    /// An id that this crate has just made, in the right form by construction.
    pub(crate) fn trusted(text: String) -> Self {
        debug_assert!(Self::parse(&text).is_ok());
        Self(text)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LetterId {
    type Error = LetterIdError;
    fn try_from(text: String) -> Result<Self, LetterIdError> {
        Self::parse(&text)
    }
}

impl From<LetterId> for String {
    fn from(id: LetterId) -> Self {
        id.0
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The way by which a letter reached the municipality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Digital Post, as MeMo XML.
    DigitalPost,
    /// E-mail, as RFC 5322.
    Email,
    /// Bytes that are neither.
    Unknown,
}

impl Channel {
    /// `digital_post`, `email` or `unknown`: the word used in files, rules and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DigitalPost => "digital_post",
            Self::Email => "email",
            Self::Unknown => "unknown",
        }
    }
}

/// The letter's own text, with the quoted thread kept apart.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// What the sender wrote this time.
    pub new: String,
    /// What the message quotes or forwards from earlier ones; empty when nothing.
    pub quoted: String,
}

impl fmt::Debug for Text {
    /// Sizes only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text")
            .field("new", &self.new.len())
            .field("quoted", &self.quoted.len())
            .finish()
    }
}

/// What part a document plays in its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentRole {
    /// The letter itself (MeMo MainDocument).
    Main,
    /// An attachment (MeMo AdditionalDocument, or a mail's attachment).
    Attachment,
    /// Data for machines (MeMo TechnicalDocument, attention.xml).
    Technical,
}

/// One document of a letter. Of several formats of the same document only the best is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// What part it plays.
    pub role: DocumentRole,
    /// The label that the sender gave it.
    pub label: Option<String>,
    /// The file name as sent: untrusted, never a path.
    pub filename: String,
    /// The media type as claimed, lower case.
    pub media_type: String,
    /// The decoded bytes.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Document {
    /// Leaves names and bytes out, so that a letter can be printed without leaking.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("role", &self.role)
            .field("media_type", &self.media_type)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// A letter as read from its raw bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Identifies the letter.
    pub id: LetterId,
    /// How it came.
    pub channel: Channel,
    /// The subject line or MeMo label.
    pub subject: String,
    /// The text a person would read first.
    pub text: Text,
    /// Who sent it.
    pub sender: Party,
    /// Whom it was sent to.
    pub recipient: Party,
    /// When the sender says it was sent, in UTC milliseconds since 1970.
    pub sent_at: Option<i64>,
    /// A mail's Message-ID without its angle brackets.
    pub message_id: Option<String>,
    /// Documents beside the text.
    pub documents: Vec<Document>,
    /// The MeMo header with everything it held (Digital Post only).
    pub memo: Option<Box<memo::Header>>,
    /// What was wrong.
    pub defects: Vec<Defect>,
    /// What was read of the documents; empty until someone has read them.
    pub attached: Vec<AttachedText>,
}

impl Letter {
    /// A letter of which nothing is known but its id.
    pub(crate) fn blank(id: LetterId, channel: Channel) -> Self {
        Self {
            id,
            channel,
            subject: String::new(),
            text: Text::default(),
            sender: Party::default(),
            recipient: Party::default(),
            sent_at: None,
            message_id: None,
            documents: Vec::new(),
            memo: None,
            defects: Vec::new(),
            attached: Vec::new(),
        }
    }
}

impl fmt::Debug for Letter {
    /// Ids and counts only: a letter's content never reaches a log by accident.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter")
            .field("id", &self.id)
            .field("channel", &self.channel)
            .field("documents", &self.documents)
            .field("defects", &self.defects)
            .finish_non_exhaustive()
    }
}
