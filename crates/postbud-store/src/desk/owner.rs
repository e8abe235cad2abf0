//! What a system owner asks of the store, behind its port.

use async_trait::async_trait;
use postbud_decide::Decision;
use postbud_pipeline::ports::{
    DeskError, Identity, Integration, LabelCount, LabelFilter, LabelRow, LetterRow, LookSample,
    Owner, PastDecision, Session, Timestamp, WaitingTimes,
};

use super::{NO_TIME, guests, label_lists, people};
use crate::list::{ROW_COLUMNS, letter_row, mailbox_id, row_columns};
use crate::sql::{Fault, Row, Tx};
use crate::store::{SqlStore, read, write};

/// So many first decisions are read at most: more than a large municipality makes in a month.
const PAST: u32 = 50_000;
/// So many waiting letters are looked at.
const UNSURE: u32 = 5_000;

#[async_trait]
impl Owner for SqlStore {
    async fn past_decisions(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<PastDecision>, DeskError> {
        Ok(read!(self, "reading past decisions", tx => past(tx, (from, until), limit))?)
    }

    async fn label_counts(&self) -> Result<Vec<LabelCount>, DeskError> {
        Ok(read!(self, "counting labels", tx => label_lists::counts(tx))?)
    }

    async fn latest_labels(
        &self,
        filter: &LabelFilter,
        by: Option<&str>,
    ) -> Result<Vec<LabelRow>, DeskError> {
        Ok(read!(self, "listing labels", tx => label_lists::latest(tx, filter, by))?)
    }

    async fn waiting_times(&self, since: Timestamp) -> Result<WaitingTimes, DeskError> {
        Ok(read!(self, "measuring how long letters wait", tx => waiting_times(tx, since))?)
    }

    async fn look_sample(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<LookSample, DeskError> {
        Ok(read!(self, "sampling who saw letters",
            tx => people::look_sample(tx, (from, until), limit))?)
    }

    async fn unsure(&self, limit: u32) -> Result<Vec<(LetterRow, Decision)>, DeskError> {
        Ok(read!(self, "listing unsure letters", tx => unsure(tx, limit))?)
    }

    async fn put_integration(&self, id: &str, program: &Integration) -> Result<(), DeskError> {
        let put = write!(self, "letting a program in", NO_TIME,
            tx => guests::put(tx, id, program))?;
        put.then_some(()).ok_or_else(|| DeskError::UserExists(program.name.clone()))
    }

    async fn integration(&self, id: &str, now: Timestamp) -> Result<Option<String>, DeskError> {
        Ok(read!(self, "looking for a token", tx => guests::find(tx, id, now))?)
    }

    async fn integrations(&self) -> Result<Vec<Integration>, DeskError> {
        Ok(read!(self, "listing programs", tx => guests::all(tx))?)
    }

    async fn disable_integration(&self, name: &str, now: Timestamp) -> Result<(), DeskError> {
        let found = write!(self, "switching a program off", NO_TIME,
            tx => guests::disable(tx, name, now))?;
        found.then_some(()).ok_or_else(|| DeskError::UnknownUser(name.to_owned()))
    }

    async fn identified(
        &self,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<Option<Session>, DeskError> {
        let found = write!(self, "letting somebody in who signed in elsewhere", NO_TIME,
            tx => guests::identified(tx, identity, now))?;
        match found {
            guests::Found::Account(session) => Ok(Some(session)),
            guests::Found::Disabled => Ok(None),
            guests::Found::Taken => Err(DeskError::UserExists(identity.name.clone())),
        }
    }
}

/// Newest first, so that what the limit cuts off is the oldest.
async fn past(
    tx: &mut Tx,
    times: (Timestamp, Timestamp),
    limit: u32,
) -> Result<Vec<PastDecision>, Fault> {
    const PAST_DECISIONS: &str = "
        SELECT d.body,
               (SELECT u.mailbox FROM labels AS u
                WHERE u.letter = t.id AND u.withdrawn_at IS NULL ORDER BY u.n DESC LIMIT 1),
               (SELECT COUNT(*) FROM labels AS u
                WHERE u.letter = t.id AND u.withdrawn_at IS NULL AND u.source = 'blind-sample')
        FROM letters AS t JOIN decisions AS d ON d.letter = t.id AND d.seq = 1
        WHERE t.received_at >= $1 AND t.received_at < $2
        ORDER BY t.received_at DESC, t.id LIMIT $3";
    let limit = i64::from(limit.min(PAST));
    let args = [times.0.0.into(), times.1.0.into(), limit.into()];
    let mut past = Vec::new();
    tx.stream(PAST_DECISIONS, &args, |row| {
        let decision = decision(row, 0)?;
        let truth = row.text_or_null(1)?.map(mailbox_id).transpose()?;
        past.extend(PastDecision::of(&decision, truth, row.int(2)? > 0));
        Ok(())
    })
    .await?;
    Ok(past)
}

/// From the moment a letter came to the first decision at the desk that stood.
async fn waiting_times(tx: &mut Tx, since: Timestamp) -> Result<WaitingTimes, Fault> {
    const WAITED: &str = "
        SELECT d.at - t.received_at FROM desk_decisions AS d JOIN letters AS t ON t.id = d.letter
        WHERE d.at >= $1 AND d.seq = (SELECT MIN(u.seq) FROM desk_decisions AS u
                                      WHERE u.letter = d.letter AND u.undone_at IS NULL)
        ORDER BY d.at DESC LIMIT $2";
    let rows = tx.query(WAITED, &[since.0.into(), i64::from(PAST).into()]).await?;
    let waited = rows.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?;
    Ok(WaitingTimes::of(waited))
}

async fn unsure(tx: &mut Tx, limit: u32) -> Result<Vec<(LetterRow, Decision)>, Fault> {
    const WAITING: &str = concat!(
        "SELECT ",
        row_columns!(),
        ", d.body FROM letters AS t JOIN decisions AS d ON d.letter = t.id
             AND d.seq = (SELECT MAX(seq) FROM decisions WHERE letter = t.id)
        WHERE t.state = 'review' AND t.probability IS NOT NULL
        ORDER BY t.probability, t.id LIMIT $1"
    );
    let rows = tx.query(WAITING, &[i64::from(limit.min(UNSURE)).into()]).await?;
    rows.iter().map(|row| Ok((letter_row(row)?, decision(row, ROW_COLUMNS)?))).collect()
}

fn decision(row: &Row, column: usize) -> Result<Decision, Fault> {
    serde_json::from_str(&row.text(column)?).map_err(|error| {
        // The error says where and what kind, and could repeat a word of the reason.
        Fault::Incompatible(format!("a decision (column {})", error.column()))
    })
}
