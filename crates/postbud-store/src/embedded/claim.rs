//! Takes messages off the queue for as long as a lease lasts.

use postbud_pipeline::ports::{Body, RawId, Received, Timestamp, Token};

use crate::raw::CHUNK;
use crate::sql::{Fault, Row, Tx, Value};
use crate::vault::{Sealed, Vault};

/// A lease to be given.
pub(super) struct Lease {
    pub(super) session: u64,
    pub(super) now: Timestamp,
    pub(super) until: Timestamp,
}

/// When the next message is or becomes visible.
pub(super) async fn next_visible(tx: &mut Tx) -> Result<Option<Timestamp>, Fault> {
    const NEXT: &str = "SELECT MIN(visible_at) FROM queue WHERE dead_at IS NULL";
    let found = tx.query(NEXT, &[]).await?;
    let at = found.first().map(|row| row.int_or_null(0)).transpose()?.flatten();
    Ok(at.map(Timestamp))
}

/// Bytes come along when they were published inline and fit in one chunk. What is visible is cut
/// to the limit before anything is joined, so that a backlog costs nothing.
const VISIBLE: &str = "
    SELECT q.n, q.id, q.raw_id, q.by_reference, q.attempts, q.returned, q.lease, r.size,
           CASE WHEN q.by_reference = 0 AND r.size <= $3 THEN r.bytes END, r.data_key
    FROM (SELECT t.* FROM queue AS t
          WHERE t.dead_at IS NULL AND t.visible_at <= $1
          ORDER BY t.visible_at, t.n LIMIT $2 {take}) AS q
    LEFT JOIN raws AS r ON r.raw_id = q.raw_id AND r.n = 0
    ORDER BY q.visible_at, q.n";

/// Whoever had a lease that has ended did not settle: the message came back.
const LEASE: &str = "
    UPDATE queue AS t SET visible_at = $1, lease = $2,
           returned = t.returned + CASE WHEN t.lease IS NULL THEN 0 ELSE 1 END
    FROM {rows} WHERE t.n = v.column1";

/// Takes up to `max` visible messages, those first that have waited longest.
pub(super) async fn claim(
    tx: &mut Tx,
    vault: &Vault,
    max: usize,
    lease: &Lease,
) -> Result<Vec<Received>, Fault> {
    let found = tx.query(VISIBLE, &[lease.now.0.into(), max.into(), CHUNK.into()]).await?;
    for row in &found {
        vault.ready(tx, row.int_or_null(9)?).await?;
    }
    let received: Vec<Received> =
        found.iter().map(|row| message(row, vault, lease.session)).collect::<Result<_, _>>()?;
    let rows: Vec<[Value; 1]> =
        received.iter().map(|message| [message.token.number.cast_signed().into()]).collect();
    let args = [lease.until.0.into(), lease.session.cast_signed().into()];
    tx.execute_rows(LEASE, &args, &rows).await?;
    Ok(received)
}

fn message(row: &Row, vault: &Vault, session: u64) -> Result<Received, Fault> {
    let raw_id = RawId(row.text(2)?);
    let inline = row.int(3)? == 0;
    let size = row.int_or_null(7)?;
    let body = match (row.bytes_or_null(8)?, size) {
        (Some(bytes), size) => {
            let (raw_id, data_key) = (raw_id.0.as_str(), row.int_or_null(9)?);
            let size = size.unwrap_or_default();
            let opened = vault.open(Sealed { raw_id, n: 0, size, data_key, bytes });
            // One that was changed must not be in the way of all others.
            opened.map(Body::Inline).map_err(|_| format!("its bytes {raw_id} do not open"))
        }
        (None, None) if inline => Err(format!("its bytes {} are not in the store", raw_id.0)),
        (None, _) => Ok(Body::Stored(raw_id)),
    };
    let came_back = row.int_or_null(6)?.is_some();
    Ok(Received {
        token: Token { session, number: row.int(0)?.cast_unsigned() },
        id: row.text(1)?,
        body,
        attempts: small(row.count(4)?),
        returned: small(row.count(5)?).saturating_add(u32::from(came_back)),
    })
}

pub(super) fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
