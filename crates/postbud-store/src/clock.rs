//! When a machine's clock was set back, what was due by the old one would wait until the new one gets there.

use std::time::Duration;

use postbud_pipeline::ports::{StoreError, Timestamp};

use crate::sql::{Fault, Tx};
use crate::store::{SqlStore, write};

/// What is due within a minute is left alone: among it are the leases of workers whose clocks are right.
const NEAR_MS: i64 = 60_000;

const LATER: [&str; 3] = [
    "UPDATE outbox SET due_at = due_at - $1 WHERE state = 'pending' AND due_at > $2",
    "UPDATE queue SET visible_at = visible_at - $1 WHERE dead_at IS NULL AND visible_at > $2",
    "UPDATE pace SET next_at = next_at - $1 WHERE next_at > $2",
];

impl SqlStore {
    /// Brings forward by `by` what is due later than in a minute: outgoing letters, messages of the embedded
    /// queue, the pace of mailboxes. How many rows were moved. What another worker had put off for a reason
    /// of its own comes earlier by as much, which costs an attempt and no letter.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn clock_went_back(&self, by: Duration, now: Timestamp) -> Result<u64, StoreError> {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        write!(self, "bringing forward what is due", Duration::ZERO, tx => forward(tx, by, now))
    }
}

async fn forward(tx: &mut Tx, by: i64, now: Timestamp) -> Result<u64, Fault> {
    let mut moved = 0;
    for sql in LATER {
        moved += tx.execute(sql, &[by.into(), now.plus_ms(NEAR_MS).0.into()]).await?;
    }
    Ok(moved)
}
