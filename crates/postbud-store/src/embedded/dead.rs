//! Dead letters, and how many messages wait where.

use postbud_pipeline::ports::{DeadLetter, Depth, Timestamp};

use super::claim::small;
use crate::sql::{Fault, Tx};

/// What another process holds under a lease counts nowhere, until the lease has ended.
const DEPTH: &str = "
    SELECT COUNT(CASE WHEN dead_at IS NULL AND visible_at <= $1 THEN 1 END),
           COUNT(CASE WHEN dead_at IS NULL AND visible_at > $1 AND lease IS NULL THEN 1 END),
           COUNT(dead_at)
    FROM queue";

pub(super) async fn depth(tx: &mut Tx, now: Timestamp) -> Result<Depth, Fault> {
    let found = tx.query(DEPTH, &[now.0.into()]).await?;
    let Some(row) = found.first() else {
        return Ok(Depth::default());
    };
    Ok(Depth { waiting: row.count(0)?, retrying: row.count(1)?, dead: row.count(2)? })
}

const LIST: &str = "
    SELECT t.id, t.dead_reason, t.attempts, r.size, t.dead_at
    FROM queue AS t LEFT JOIN raws AS r ON r.raw_id = t.raw_id AND r.n = 0
    WHERE t.dead_at IS NOT NULL ORDER BY t.dead_at, t.n LIMIT $1";

pub(super) async fn list(tx: &mut Tx, max: usize) -> Result<Vec<DeadLetter>, Fault> {
    let rows = tx.query(LIST, &[max.into()]).await?;
    rows.iter()
        .map(|row| {
            Ok(DeadLetter {
                id: row.text(0)?,
                reason: row.text_or_null(1)?.unwrap_or_default(),
                attempts: small(row.count(2)?),
                bytes: row.int_or_null(3)?.unwrap_or_default().unsigned_abs(),
                at: row.int_or_null(4)?.map(Timestamp),
            })
        })
        .collect()
}

const REPLAY: &str = "
    UPDATE queue
    SET dead_at = NULL, dead_reason = NULL, attempts = 0, returned = 0, visible_at = $1
    WHERE n IN (SELECT t.n FROM queue AS t
                WHERE t.dead_at IS NOT NULL AND (t.id = $2 OR $2 IS NULL)
                ORDER BY t.dead_at, t.n LIMIT $3 {take})";

pub(super) async fn replay(
    tx: &mut Tx,
    id: Option<&str>,
    max: usize,
    now: Timestamp,
) -> Result<u64, Fault> {
    tx.execute(REPLAY, &[now.0.into(), id.into(), max.into()]).await
}
