//! Dead letters, and how many messages wait where.

use postbud_pipeline::ports::{DeadLetter, Depth, Timestamp};

use super::claim::small;
use crate::privacy::unused;
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

/// A dead message and where its bytes lie.
pub(super) struct Dead {
    n: i64,
    pub(super) id: String,
    pub(super) raw_id: String,
    /// When it was given up.
    pub(super) at: Timestamp,
}

pub(super) async fn bodies(tx: &mut Tx) -> Result<Vec<Dead>, Fault> {
    const DEAD: &str = "
        SELECT n, id, raw_id, dead_at FROM queue WHERE dead_at IS NOT NULL ORDER BY n";
    let rows = tx.query(DEAD, &[]).await?;
    rows.iter()
        .map(|row| {
            let (n, at) = (row.int(0)?, Timestamp(row.int(3)?));
            Ok(Dead { n, id: row.text(1)?, raw_id: row.text(2)?, at })
        })
        .collect()
}

/// Removes a message that is still dead, and its bytes unless a letter or another message has them.
pub(super) async fn erase(tx: &mut Tx, message: &Dead) -> Result<u64, Fault> {
    const GONE: &str = "DELETE FROM queue WHERE n = $1 AND dead_at IS NOT NULL";
    let gone = tx.execute(GONE, &[message.n.into()]).await?;
    if gone > 0 {
        unused(tx, &message.raw_id).await?;
    }
    Ok(gone)
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
