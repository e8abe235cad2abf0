//! The port to what people find out about letters that are out already: second looks at random
//! letters, and letters that a mailbox sends back. And decisions that send a letter to several.

use async_trait::async_trait;
use postbud_decide::MailboxId;
use postbud_letter::LetterId;

use super::{Assignment, DeskError, LetterRow, NewLabel, Note, Timestamp};

/// A letter that the machine sent out, as the draw sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentOut {
    /// The letter.
    pub letter: LetterId,
    /// When it was received.
    pub received_at: Timestamp,
}

/// What a blind answer is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlindAnswer {
    /// Where the machine sent the letter.
    pub sent_to: MailboxId,
    /// The number of that delivery.
    pub number: u32,
}

/// How a mailbox's letters did that the machine sent there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedMailbox {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// Did the model decide? Otherwise a rule, or that it answers a letter of the mailbox.
    pub by_model: bool,
    /// Letters sent there.
    pub letters: u64,
    /// Of those, drawn for a second look and answered.
    pub answers: u64,
    /// Of the answered, those that belong elsewhere by the label that holds.
    pub errors: u64,
    /// Sent back by the mailbox.
    pub returned: u64,
}

/// One delivery of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The letter.
    pub letter: LetterId,
    /// The number of the decision that sent it.
    pub number: u32,
}

impl Delivery {
    /// The delivery of this key in the outbox.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let (letter, number) = key.rsplit_once('-')?;
        Some(Self { letter: LetterId::parse(letter).ok()?, number: number.parse().ok()? })
    }
}

/// What is known of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// Where to.
    pub mailbox: MailboxId,
    /// When it was decided.
    pub at: Timestamp,
    /// Can it be sent back? Only while it is the last thing that was decided, has arrived, and
    /// nobody has sent it back.
    pub open: bool,
}

/// A letter that is out and belongs elsewhere.
#[derive(Debug, Clone)]
pub struct SentBack {
    /// Which delivery went wrong.
    pub delivery: Delivery,
    /// Where it goes now; `None`: a person at the desk decides.
    pub to: Option<Assignment>,
    /// Who says so.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Does the mailbox say so? Then this is a misroute and, with `to`, a label. Otherwise it
    /// follows from a second look, whose label is there.
    pub returned: bool,
}

/// What comes with a decision at the desk.
#[derive(Debug, Clone, Default)]
pub struct Along {
    /// The letter goes to these mailboxes as well. No labels: a letter has one.
    pub also: Vec<Assignment>,
    /// Written on the letter.
    pub note: Option<Note>,
}

/// Checks of what went out, where the letters are.
#[async_trait]
pub trait Checks: Send + Sync {
    /// The store's secret for drawing, 64 hexadecimal digits; `fresh` becomes it when there is none.
    async fn draw_secret(&self, fresh: &str) -> Result<String, DeskError>;

    /// Letters that the machine sent out, received from `from` on and before `until`, by time and
    /// id, after `after`, at most `limit`.
    async fn sent_out(
        &self,
        times: (Timestamp, Timestamp),
        after: Option<&SentOut>,
        limit: u32,
    ) -> Result<Vec<SentOut>, DeskError>;

    /// How many of the letters received between the two moments are drawn.
    async fn drawn(&self, times: (Timestamp, Timestamp)) -> Result<u64, DeskError>;

    /// Draws letters for a second look; those drawn already stay as they are.
    async fn draw(&self, letters: &[LetterId], now: Timestamp) -> Result<(), DeskError>;

    /// Letters that wait for a second look, oldest draw first, at most `limit`.
    async fn second_looks(&self, limit: u32) -> Result<Vec<LetterRow>, DeskError>;

    /// Does this letter wait for a second look?
    async fn is_drawn(&self, letter: &LetterId) -> Result<bool, DeskError>;

    /// Records a blind answer as a label.
    ///
    /// # Errors
    /// [`DeskError::Decided`] when somebody else has answered.
    async fn answer_blind(&self, label: &NewLabel) -> Result<BlindAnswer, DeskError>;

    /// How the mailboxes did with letters received from `since` on.
    async fn checked(&self, since: Timestamp) -> Result<Vec<CheckedMailbox>, DeskError>;

    /// What is known of a delivery; `None` when there was none.
    async fn delivered(&self, delivery: &Delivery) -> Result<Option<Delivered>, DeskError>;

    /// Sends a letter that is out to where it belongs, or to the desk.
    ///
    /// # Errors
    /// [`DeskError::TooLate`] when the delivery is not open any more.
    async fn send_back(&self, back: &SentBack) -> Result<(), DeskError>;

    /// As `Desk::decide`, with more that belongs to the decision, all of it or nothing.
    async fn decide_along(
        &self,
        assignment: &Assignment,
        along: &Along,
        grace_ms: i64,
    ) -> Result<(), DeskError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_known_by_the_key_of_its_row() {
        let found = Delivery::parse("a-1-12").unwrap();
        assert_eq!((found.letter.as_str(), found.number), ("a-1", 12));
        for no in ["", "a", "a-", "a-x", "-1", "a--1"] {
            let parsed = Delivery::parse(no);
            assert!(parsed.is_none_or(|d| d.letter.as_str() == "a-"), "{no}");
        }
    }
}
