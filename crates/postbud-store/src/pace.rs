//! When the next letter may go to a mailbox whose target must be spared.

use postbud_decide::MailboxId;
use postbud_pipeline::ports::Timestamp;

use crate::sql::{Fault, Tx};

/// One row for each mailbox with a limit: the first moment that nobody has reserved. A burst is
/// never saved up, since a time in the past counts as now.
const RESERVE: &str = "
    INSERT INTO pace (mailbox, next_at) VALUES ($1, $2 + $3)
    ON CONFLICT (mailbox) DO UPDATE
    SET next_at = CASE WHEN pace.next_at > $2 THEN pace.next_at ELSE $2 END + $3
    RETURNING next_at";

/// Reserves a moment. Two workers never get the same one: the second waits for the row.
pub(crate) async fn reserve(
    tx: &mut Tx,
    mailbox: &MailboxId,
    interval_ms: i64,
    now: Timestamp,
) -> Result<Timestamp, Fault> {
    let interval = interval_ms.max(0);
    let args = [mailbox.as_str().into(), now.0.into(), interval.into()];
    let rows = tx.query(RESERVE, &args).await?;
    let next = rows.first().map_or(Ok(now.0 + interval), |row| row.int(0))?;
    Ok(Timestamp(next - interval))
}
