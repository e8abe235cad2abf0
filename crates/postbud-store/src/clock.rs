//! Moments in the store that lie too far ahead, because the clock that wrote them was ahead and has been set
//! back since. Without this a letter that came in that time would wait until the clock is there again.

use postbud_pipeline::ports::{StoreError, Timestamp};

use crate::sql::{Fault, Tx, Value};
use crate::store::{SqlStore, write};

/// A lease shorter than this is left alone: whoever holds it has prolonged it by the new clock, or died.
const LEASE_MS: i64 = 120_000;

/// `$1` now, `$2` what lies further ahead is brought nearer, `$3` by so much, but not into the past.
const OUTBOX: &str = "
    UPDATE outbox SET due_at = CASE WHEN due_at - $3 < $1 THEN $1 ELSE due_at - $3 END
    WHERE state = 'pending' AND due_at > $2 AND (owner IS NULL OR due_at > $1 + $4)";

const QUEUE: &str = "
    UPDATE queue SET visible_at = CASE WHEN visible_at - $3 < $1 THEN $1 ELSE visible_at - $3 END
    WHERE dead_at IS NULL AND visible_at > $2 AND (lease IS NULL OR visible_at > $1 + $4)";

const PACE: &str = "
    UPDATE pace SET next_at = CASE WHEN next_at - $3 < $1 THEN $1 ELSE next_at - $3 END
    WHERE next_at > $2";

impl SqlStore {
    /// The clock was set back by so many milliseconds: what was to be done by the old clock is brought nearer
    /// by as much. Says how many letters and messages that were. Doing it twice makes a retry early, and no more.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn clock_went_back(&self, now: Timestamp, by_ms: i64) -> Result<u64, StoreError> {
        let moved = write!(self, "bringing moments nearer", std::time::Duration::ZERO,
            tx => nearer(tx, now, now, by_ms.max(0)))?;
        self.bell().notify_waiters();
        Ok(moved)
    }

    /// The same where nobody saw the clock being set back: nothing waits longer than `longest_ms`, so
    /// whatever lies further ahead is due now.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn nothing_beyond(&self, now: Timestamp, longest_ms: i64) -> Result<u64, StoreError> {
        // Far more than any clock can be wrong, and far from the largest number.
        const ALL: i64 = i64::MAX / 4;
        let moved = write!(self, "bringing moments nearer", std::time::Duration::ZERO,
            tx => nearer(tx, now, now.plus_ms(longest_ms.max(LEASE_MS)), ALL))?;
        self.bell().notify_waiters();
        Ok(moved)
    }
}

async fn nearer(tx: &mut Tx, now: Timestamp, beyond: Timestamp, by_ms: i64) -> Result<u64, Fault> {
    let pace: [Value; 3] = [now.0.into(), beyond.0.into(), by_ms.into()];
    let [a, b, c] = pace.clone();
    let rows = [a, b, c, LEASE_MS.into()];
    tx.execute(PACE, &pace).await?;
    Ok(tx.execute(OUTBOX, &rows).await? + tx.execute(QUEUE, &rows).await?)
}
