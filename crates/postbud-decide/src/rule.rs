//! Rules that a municipality writes: a name, conditions, and where the letter then goes.

use std::fmt;

use postbud_letter::{Channel, DocumentFormat, IdType};

use crate::{KlePattern, MailboxId, Pattern, WordPattern};

/// One rule. The first one in the order of the file that matches decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name, as it will stand in the reason.
    pub name: String,
    /// When it matches.
    pub when: Condition,
    /// Where the letter then goes.
    pub to: Destination,
}

/// Where a rule sends a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// To a mailbox, without a person.
    Mailbox(MailboxId),
    /// To a person.
    Person,
}

/// A condition on a letter. Lists hold alternatives: one of them must fit.
///
/// In a letter that could not be read to its end, what was not found is *unknown*, not absent;
/// so is the language of a short text. `Not` of something unknown does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// All of them; none is true.
    All(Vec<Condition>),
    /// At least one of them; none is false.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// The id of the contact point that the sender chose.
    ContactPointId(Vec<Pattern>),
    /// Its label.
    ContactPointLabel(Vec<Pattern>),
    /// Its group.
    ContactPointGroup(Vec<Pattern>),
    /// MeMo's messageCode.
    MessageCode(Vec<Pattern>),
    /// The sender's CPR or CVR number.
    SenderId(Vec<SenderId>),
    /// The kind of the sender's number.
    SenderType(Vec<IdType>),
    /// The sender's mail address.
    SenderAddress(Vec<Pattern>),
    /// The KLE subject on the message.
    Kle(Vec<KlePattern>),
    /// The message holds reply data (`true`) or none (`false`).
    Reply(bool),
    /// A case id, of the reply data or of the message.
    CaseId(Vec<Pattern>),
    /// The system that wrote the letter this one answers.
    GeneratingSystem(Vec<Pattern>),
    /// Words.
    Words {
        /// Where to look.
        place: Place,
        /// What to look for.
        patterns: Vec<WordPattern>,
    },
    /// The language of the text: `da`, `en`, …
    Language(Vec<String>),
    /// How the letter came.
    Channel(Vec<Channel>),
    /// The type of a document beside the text, as the sender names it.
    Attachment(Vec<AttachmentPattern>),
    /// What a document beside the text is, by its bytes.
    Format(Vec<DocumentFormat>),
}

impl Condition {
    /// Does it ask what stands in documents, or what they are by their bytes?
    #[must_use]
    pub fn asks_documents(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::asks_documents),
            Self::Not(inner) => inner.asks_documents(),
            Self::Format(_) | Self::Words { place: Place::Documents, .. } => true,
            _ => false,
        }
    }
}

/// Where words are looked for. Quoted text counts only where the sender wrote nothing new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Subject or text.
    Anywhere,
    /// The subject.
    Subject,
    /// The text.
    Text,
    /// The documents beside the text, as far as they were read.
    Documents,
}

/// A type of document: a media type (`application/pdf`, `image/*`) or a file ending (`pdf`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttachmentPattern {
    /// A media type.
    Media(Pattern),
    /// What stands behind the last dot of the file name, lower case.
    Ending(String),
}

impl AttachmentPattern {
    /// A pattern from the text of a configuration: with a slash it is a media type.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if text.contains('/') {
            Self::Media(Pattern::new(text))
        } else {
            Self::Ending(text.trim().trim_start_matches('.').to_lowercase())
        }
    }

    /// The pattern as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Media(media) => media.as_str(),
            Self::Ending(ending) => ending,
        }
    }
}

/// A CPR or CVR number to compare with. It is compared and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SenderId(String);

/// The text holds no number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a sender id is a CPR number (ten digits) or a CVR number (eight digits)")]
pub struct SenderIdError;

impl SenderId {
    /// Reads a number; white space and hyphens in it do not matter.
    ///
    /// # Errors
    /// [`SenderIdError`] when it has neither eight nor ten digits, or anything else.
    pub fn parse(text: &str) -> Result<Self, SenderIdError> {
        let id = plain(text);
        let digits = id.bytes().all(|b| b.is_ascii_digit());
        if digits && matches!(id.len(), 8 | 10) { Ok(Self(id)) } else { Err(SenderIdError) }
    }

    /// Is it this number?
    #[must_use]
    pub fn matches(&self, id: &str) -> bool {
        plain(id) == self.0
    }
}

fn plain(id: &str) -> String {
    id.chars().filter(|c| !c.is_whitespace() && *c != '-').collect()
}

impl fmt::Debug for SenderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SenderId(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sender_ids_are_compared_and_never_shown() {
        let id = SenderId::parse("010190-0000").expect("a CPR number");
        assert!(id.matches("0101900000") && id.matches(" 010190-0000 "));
        assert!(!id.matches("0101900001"));
        let rule = Rule {
            name: "n".to_owned(),
            when: Condition::SenderId(vec![id]),
            to: Destination::Person,
        };
        let shown = format!("{rule:?}");
        assert!(!shown.contains("0101"), "{shown}");
    }

    #[test]
    fn what_is_no_sender_id() {
        for bad in ["", "12345", "123456789", "12345678901", "1234567a", "٠١٢٣٤٥٦٧"] {
            assert!(SenderId::parse(bad).is_err(), "{bad}");
        }
    }
}
