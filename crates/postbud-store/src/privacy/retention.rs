//! Nothing stays longer than its purpose asks for.

use std::time::Duration;

use postbud_pipeline::ports::{StoreError, Timestamp};

use super::chain;
use crate::arriving;
use crate::sql::{Fault, Row, Tx};
use crate::store::{SqlStore, read, write};

/// So many rows go in one transaction.
const AT_ONCE: i64 = 200;

/// What something is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The bytes and the subject of a letter that its mailbox has, and that nobody has labelled.
    Letters,
    /// The same of a letter that models learn from: its label goes with it.
    Training,
    /// That a letter came, how it was decided and why.
    Decisions,
    /// Who looked at letters.
    Access,
    /// Letters that were set aside, for malware or a clash of ids, and that nobody dealt with.
    Quarantined,
    /// Retrainings, runs of the retention itself, sessions that are over.
    Statistics,
    /// Messages that could not become letters, and bytes that no letter ever named.
    Leftovers,
}

/// One run of the retention for one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionRun {
    /// When.
    pub at: Timestamp,
    /// Everything older than this went.
    pub older_than: Timestamp,
    /// How much it was.
    pub gone: u64,
}

impl Purpose {
    /// All of them, in the order in which they are dealt with.
    pub const ALL: [Self; 7] = [
        Self::Letters,
        Self::Training,
        Self::Decisions,
        Self::Access,
        Self::Quarantined,
        Self::Statistics,
        Self::Leftovers,
    ];

    /// The word in the database and in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Letters => "letters",
            Self::Training => "training",
            Self::Decisions => "decisions",
            Self::Access => "access",
            Self::Quarantined => "quarantined",
            Self::Statistics => "statistics",
            Self::Leftovers => "leftovers",
        }
    }
}

impl SqlStore {
    /// Removes what is older than `before` of one purpose, and notes that it was done. Letters that
    /// wait for a person or are on their way are never touched. Ends early without harm: what is
    /// left goes the next time.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn retain(
        &self,
        purpose: Purpose,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut gone = 0;
        loop {
            let more = write!(self, "removing what is too old", Duration::ZERO,
                tx => remove(tx, purpose, before, now))?;
            gone += more;
            if more == 0 {
                break;
            }
        }
        if gone > 0 {
            self.sweep().await?;
        }
        let counted = i64::try_from(gone).unwrap_or(i64::MAX);
        write!(self, "noting a retention", Duration::ZERO, tx => tx.execute(
            "INSERT INTO retention_runs (at, purpose, older_than, gone) VALUES ($1, $2, $3, $4)",
            &[now.0.into(), purpose.as_str().into(), before.0.into(), counted.into()],
        ))?;
        Ok(gone)
    }

    /// The last run for a purpose.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn last_retention(
        &self,
        purpose: Purpose,
    ) -> Result<Option<RetentionRun>, StoreError> {
        const LAST: &str = "
            SELECT at, older_than, gone FROM retention_runs WHERE purpose = $1
            ORDER BY n DESC LIMIT 1";
        let run = |row: &Row| {
            Ok::<_, Fault>(RetentionRun {
                at: Timestamp(row.int(0)?),
                older_than: Timestamp(row.int(1)?),
                gone: row.count(2)?,
            })
        };
        read!(self, "reading the last retention", tx => async {
            let rows = tx.query(LAST, &[purpose.as_str().into()]).await?;
            rows.first().map(run).transpose()
        })
    }
}

/// Letters that their mailboxes have had since before `$1`, with bytes still there.
macro_rules! delivered {
    ($more:literal) => {
        concat!(
            "SELECT l.id, l.raw_id FROM letters AS l
             WHERE l.state = 'delivered' AND COALESCE((
                 SELECT MAX(e.at) FROM events AS e WHERE e.letter = l.id AND e.what = 'delivered'
             ), l.received_at) < $1 AND ",
            $more,
            " ORDER BY l.received_at, l.id LIMIT $2"
        )
    };
}

async fn remove(
    tx: &mut Tx,
    purpose: Purpose,
    before: Timestamp,
    now: Timestamp,
) -> Result<u64, Fault> {
    const KEPT: &str = delivered!(
        "EXISTS (SELECT 1 FROM raws AS r WHERE r.raw_id = l.raw_id)
         AND NOT EXISTS (SELECT 1 FROM labels AS b WHERE b.letter = l.id AND b.withdrawn_at IS NULL)"
    );
    const LEARNT: &str = delivered!(
        "EXISTS (SELECT 1 FROM raws AS r WHERE r.raw_id = l.raw_id)
         AND EXISTS (SELECT 1 FROM labels AS b WHERE b.letter = l.id AND b.withdrawn_at IS NULL)"
    );
    const DECIDED: &str = delivered!("true");
    const SET_ASIDE: &str = "
        SELECT id, raw_id FROM letters WHERE state = 'quarantined' AND received_at < $1
        ORDER BY received_at, id LIMIT $2";
    match purpose {
        Purpose::Letters => empty(tx, KEPT, before).await,
        Purpose::Training => empty(tx, LEARNT, before).await,
        Purpose::Decisions => delete(tx, DECIDED, before).await,
        Purpose::Quarantined => delete(tx, SET_ASIDE, before).await,
        Purpose::Access => chain::cut(tx, before, AT_ONCE).await,
        Purpose::Statistics => statistics(tx, before).await,
        Purpose::Leftovers => Ok(leftovers(tx, before).await? + arriving::given_up(tx, now).await?),
    }
}

/// Takes bytes and subject from letters, and the label that nothing can be learnt from any more.
async fn empty(tx: &mut Tx, which: &str, before: Timestamp) -> Result<u64, Fault> {
    let found = tx.query(which, &[before.0.into(), AT_ONCE.into()]).await?;
    let mut gone = 0;
    for row in &found {
        let (id, raw_id) = (row.text(0)?, row.text(1)?);
        let letter = [id.as_str().into()];
        tx.execute("UPDATE letters SET subject = '' WHERE id = $1", &letter).await?;
        tx.execute("DELETE FROM labels WHERE letter = $1", &letter).await?;
        tx.execute("DELETE FROM desk_notes WHERE letter = $1", &letter).await?;
        // The same bytes may be another letter's, which is not old enough; then they go with that.
        let bytes = [raw_id.as_str().into()];
        let shared = "SELECT 1 FROM letters WHERE raw_id = $1 AND state <> 'delivered'";
        let sql = format!("DELETE FROM raws WHERE raw_id = $1 AND NOT EXISTS ({shared})");
        gone += tx.execute(&sql, &bytes).await?.min(1);
    }
    Ok(gone)
}

/// Removes letters with all that is known of them.
async fn delete(tx: &mut Tx, which: &str, before: Timestamp) -> Result<u64, Fault> {
    let found = tx.query(which, &[before.0.into(), AT_ONCE.into()]).await?;
    for row in &found {
        tx.execute("DELETE FROM letters WHERE id = $1", &[row.text(0)?.as_str().into()]).await?;
        unused(tx, &row.text(1)?).await?;
    }
    Ok(found.len() as u64)
}

/// The last run of each kind stays: it says that the next one is not due, and what is new since.
async fn statistics(tx: &mut Tx, before: Timestamp) -> Result<u64, Fault> {
    const OVER: [&str; 3] = [
        "DELETE FROM retention_runs WHERE at < $1
         AND n NOT IN (SELECT MAX(n) FROM retention_runs GROUP BY purpose)",
        "DELETE FROM retrains WHERE started_at < $1 AND outcome <> 'running'
         AND id <> (SELECT id FROM retrains ORDER BY started_at DESC, id DESC LIMIT 1)",
        "DELETE FROM desk_sessions WHERE until < $1",
    ];
    let mut gone = 0;
    for sql in OVER {
        gone += tx.execute(sql, &[before.0.into()]).await?;
    }
    Ok(gone)
}

/// Removes bytes that no letter and no message of the embedded queue names.
pub(crate) async fn unused(tx: &mut Tx, raw_id: &str) -> Result<(), Fault> {
    tx.execute(
        "DELETE FROM raws WHERE raw_id = $1
         AND NOT EXISTS (SELECT 1 FROM letters AS l WHERE l.raw_id = $1)
         AND NOT EXISTS (SELECT 1 FROM queue AS q WHERE q.raw_id = $1)",
        &[raw_id.into()],
    )
    .await?;
    Ok(())
}

async fn leftovers(tx: &mut Tx, before: Timestamp) -> Result<u64, Fault> {
    let before = [before.0.into()];
    let dead = "DELETE FROM queue WHERE dead_at IS NOT NULL AND dead_at < $1";
    let dead = tx.execute(dead, &before).await?;
    let orphans = "
        DELETE FROM raws WHERE at < $1
        AND NOT EXISTS (SELECT 1 FROM letters AS l WHERE l.raw_id = raws.raw_id)
        AND NOT EXISTS (SELECT 1 FROM queue AS q WHERE q.raw_id = raws.raw_id)";
    Ok(dead + tx.execute(orphans, &before).await?)
}
