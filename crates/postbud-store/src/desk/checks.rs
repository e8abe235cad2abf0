//! Second looks and letters sent back, behind their port.

use async_trait::async_trait;
use postbud_letter::LetterId;
use postbud_pipeline::ports::{
    Along, Assignment, BlindAnswer, CheckedMailbox, Checks, Delivered, Delivery, DeskError,
    LabelError, LetterRow, NewLabel, SentBack, SentOut, StoreError, Timestamp, is_person,
};

use super::{NO_TIME, back, blind, decide};
use crate::store::{SqlStore, read, write};

#[async_trait]
impl Checks for SqlStore {
    async fn draw_secret(&self, fresh: &str) -> Result<String, DeskError> {
        Ok(write!(self, "reading the secret of the draw", NO_TIME, tx => blind::secret(tx, fresh))?)
    }

    async fn sent_out(
        &self,
        times: (Timestamp, Timestamp),
        after: Option<&SentOut>,
        limit: u32,
    ) -> Result<Vec<SentOut>, DeskError> {
        Ok(read!(self, "listing letters that went out", tx =>
            blind::sent_out(tx, times, after, limit))?)
    }

    async fn drawn(&self, times: (Timestamp, Timestamp)) -> Result<u64, DeskError> {
        Ok(read!(self, "counting drawn letters", tx => blind::drawn(tx, times))?)
    }

    async fn draw(&self, letters: &[LetterId], now: Timestamp) -> Result<(), DeskError> {
        if letters.is_empty() {
            return Ok(());
        }
        Ok(write!(self, "drawing letters", NO_TIME, tx => blind::draw(tx, letters, now))?)
    }

    async fn second_looks(&self, limit: u32) -> Result<Vec<LetterRow>, DeskError> {
        Ok(read!(self, "listing second looks", tx => blind::looks(tx, limit))?)
    }

    async fn is_drawn(&self, letter: &LetterId) -> Result<bool, DeskError> {
        Ok(read!(self, "looking for a second look", tx => blind::is_drawn(tx, letter))?)
    }

    async fn answer_blind(&self, label: &NewLabel) -> Result<BlindAnswer, DeskError> {
        if !is_person(&label.by) {
            return Err(LabelError::NotAPerson.into());
        }
        let answered = write!(self, "writing a blind answer", NO_TIME,
            tx => blind::answer(tx, label))?;
        match answered {
            blind::Answered::Now(answer) => Ok(answer),
            blind::Answered::Before(by, mailbox) => {
                Err(DeskError::Decided { letter: label.letter.clone(), by, mailbox })
            }
        }
    }

    async fn checked(&self, since: Timestamp) -> Result<Vec<CheckedMailbox>, DeskError> {
        Ok(read!(self, "counting errors", tx => blind::checked(tx, since))?)
    }

    async fn delivered(&self, delivery: &Delivery) -> Result<Option<Delivered>, DeskError> {
        Ok(read!(self, "reading a delivery", tx => back::delivered(tx, delivery))?)
    }

    async fn send_back(&self, back: &SentBack) -> Result<(), DeskError> {
        let done = write!(self, "sending a letter back", NO_TIME,
            tx => back::send_back(tx, back))?;
        done.then_some(()).ok_or_else(|| DeskError::TooLate(back.delivery.letter.clone()))
    }

    async fn decide_along(
        &self,
        assignment: &Assignment,
        along: &Along,
        grace_ms: i64,
    ) -> Result<(), DeskError> {
        let done = write!(self, "deciding about a letter", NO_TIME,
            tx => decide::decide(tx, assignment, along, grace_ms));
        match done {
            Err(StoreError::WrongState { letter, .. }) => {
                let first = read!(self, "reading who decided", tx => decide::first(tx, &letter))?;
                let (by, mailbox) = first.unwrap_or_default();
                Err(DeskError::Decided { letter, by, mailbox })
            }
            other => Ok(other?),
        }
    }
}
