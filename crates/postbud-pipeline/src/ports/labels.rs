//! The port to what people said about letters: the truth that models are trained on.
//!
//! Labels are never changed. A correction is a further row, and of a letter's rows that are not
//! withdrawn the newest holds. A label always has a person behind it: a source for what the model
//! decided does not exist, here or in the database.

use async_trait::async_trait;
use bytes::Bytes;
use postbud_decide::{Decision, MailboxId};
use postbud_letter::{Channel, LetterId};
use serde::{Deserialize, Serialize};

use super::{Assignment, RawId, StoreError, Timestamp};

/// The longest name of a person, in characters.
pub const PERSON_CHARS: usize = 80;
/// The longest reason for a withdrawal, in characters.
pub const WHY_CHARS: usize = 200;

/// How a person came to say where a letter belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelSource {
    /// Decided at the desk.
    Desk,
    /// Decided in the terminal.
    Terminal,
    /// Asked about a letter that was routed, without being told where to.
    BlindSample,
    /// A mailbox sent the letter back, and a person said where it belongs.
    Returned,
    /// Sorted mail from before Postbud.
    Imported,
}

impl LabelSource {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Desk, Self::Terminal, Self::BlindSample, Self::Returned, Self::Imported];

    /// The word used in the database and in lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Desk => "desk",
            Self::Terminal => "terminal",
            Self::BlindSample => "blind-sample",
            Self::Returned => "returned",
            Self::Imported => "imported",
        }
    }

    /// The source of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == text)
    }
}

/// What a person says about a letter that the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLabel {
    /// The letter.
    pub letter: LetterId,
    /// Where it belongs.
    pub mailbox: MailboxId,
    /// Who says so.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// How they came to say so.
    pub source: LabelSource,
}

/// That a label does not count any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// When.
    pub at: Timestamp,
    /// Who withdrew it.
    pub by: String,
    /// Why, without any text of the letter.
    pub why: String,
}

/// A label in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRow {
    /// The letter.
    pub letter: LetterId,
    /// Which of the letter's labels, counted from 1.
    pub number: u32,
    /// Where it belongs.
    pub mailbox: MailboxId,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// How they came to say so.
    pub source: LabelSource,
    /// Set when it was withdrawn.
    pub withdrawn: Option<Withdrawal>,
    /// Does it hold? Of the letter's labels that are not withdrawn, the newest does.
    pub holds: bool,
}

/// Which labels to list.
#[derive(Debug, Clone, Default)]
pub struct LabelFilter {
    /// Only those of this letter.
    pub letter: Option<LetterId>,
    /// Only those for this mailbox.
    pub mailbox: Option<MailboxId>,
    /// Only those that came about like this.
    pub source: Option<LabelSource>,
    /// Only those of letters about which people disagree: labels for different mailboxes, none
    /// of them withdrawn.
    pub disputed: bool,
    /// At most so many, oldest first.
    pub limit: u32,
    /// Leave out so many of the oldest.
    pub offset: u32,
}

/// A letter from before Postbud, with the mailbox that people had put it into. Its mailbox has it:
/// it is stored as delivered, and nothing is sent.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The letter's id.
    pub letter: LetterId,
    /// How it came.
    pub channel: Channel,
    /// The subject, for lists.
    pub subject: String,
    /// When it came; where nobody knows, when it is imported.
    pub received_at: Timestamp,
    /// The raw bytes.
    pub raw: Bytes,
    /// Their name.
    pub raw_id: RawId,
    /// Where people had put it.
    pub mailbox: MailboxId,
    /// That a person put it there.
    pub decision: Decision,
    /// Who imports it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What importing a letter did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImportOutcome {
    /// It is stored with its label.
    Stored,
    /// The letter was there already; what people said of it since counts more.
    Known,
    /// It was erased from the store and stays away.
    Erased,
}

/// Why a label could not be written, withdrawn or erased.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// The store cannot do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A label has a person behind it, and `postbud` is not one.
    #[error(
        "a label takes the name of a person: 1 to {PERSON_CHARS} characters, and not \"postbud\""
    )]
    NotAPerson,
    /// A withdrawal says why.
    #[error("say why in 1 to {WHY_CHARS} characters, without any text of the letter")]
    NoReason,
    /// There is no such label that holds or could hold.
    #[error("letter {letter} has no such label; `postbud labels --letter {letter}` lists them")]
    NoLabel {
        /// The letter.
        letter: LetterId,
    },
    /// The letter is on its way to a mailbox.
    #[error("letter {letter} is on its way to a mailbox; erase it when it has been delivered")]
    InFlight {
        /// The letter.
        letter: LetterId,
    },
}

/// Labels, kept where the letters are.
#[async_trait]
pub trait Labels: Send + Sync {
    /// Records a person's decision about a letter in review or quarantined, with its label from
    /// this source. `Store::assign` is this with [`LabelSource::Terminal`].
    ///
    /// # Errors
    /// As `Store::assign`; [`LabelError::NotAPerson`].
    async fn assign_from(
        &self,
        assignment: &Assignment,
        source: LabelSource,
    ) -> Result<(), LabelError>;

    /// Adds a label and leaves the letter where it is. Returns the label's number.
    ///
    /// # Errors
    /// [`LabelError::NotAPerson`], `UnknownLetter`.
    async fn add_label(&self, label: &NewLabel) -> Result<u32, LabelError>;

    /// Withdraws a label: the one of this number, or the one that holds. The row stays.
    /// The label before it holds again.
    ///
    /// # Errors
    /// [`LabelError::NoLabel`] also when it is withdrawn already.
    async fn withdraw_label(
        &self,
        letter: &LetterId,
        number: Option<u32>,
        withdrawal: &Withdrawal,
    ) -> Result<u32, LabelError>;

    /// Labels, oldest first, withdrawn ones too.
    ///
    /// # Errors
    /// What the store says.
    async fn label_rows(&self, filter: &LabelFilter) -> Result<Vec<LabelRow>, LabelError>;
}

/// Is this the name of a person as labels take it?
#[must_use]
pub fn is_person(name: &str) -> bool {
    let trimmed = name.trim();
    let length = trimmed.chars().count();
    (1..=PERSON_CHARS).contains(&length)
        && !trimmed.chars().any(char::is_control)
        && !trimmed.eq_ignore_ascii_case("postbud")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_has_a_word_of_its_own() {
        for source in LabelSource::ALL {
            assert_eq!(LabelSource::parse(source.as_str()), Some(source));
            let json = serde_json::to_string(&source).unwrap();
            assert_eq!(json, format!("\"{}\"", source.as_str()));
        }
        for other in ["model", "assign", "postbud", ""] {
            assert_eq!(LabelSource::parse(other), None);
        }
    }

    #[test]
    fn the_machine_is_not_a_person() {
        assert!(is_person("Anna Holm") && is_person(&"å".repeat(PERSON_CHARS)));
        for name in ["", "  ", "postbud", " Postbud ", "a\nb", &"a".repeat(PERSON_CHARS + 1)] {
            assert!(!is_person(name), "{name:?}");
        }
    }
}
