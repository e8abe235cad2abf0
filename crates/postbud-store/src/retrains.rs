//! The record of retraining, and the right to do it.

use std::time::Duration;

use async_trait::async_trait;
use postbud_pipeline::ports::{RetrainOutcome, RetrainRow, Retrains, StoreError, Timestamp};

use crate::list::ROWS_AT_MOST;
use crate::sql::{Fault, Row, Tx};
use crate::store::{SqlStore, read, write};

/// What is written into a row is cut to this length.
const DETAIL_CHARS: usize = 1_000;

#[async_trait]
impl Retrains for SqlStore {
    async fn take_retrain_lease(
        &self,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        write!(self, "asking for the right to retrain", Duration::ZERO,
            tx => take(tx, holder, now, until))
    }

    async fn release_retrain_lease(&self, holder: &str) -> Result<(), StoreError> {
        const RELEASE: &str = "DELETE FROM retrain_lease WHERE holder = $1";
        write!(self, "giving back the right to retrain", Duration::ZERO, tx => async {
            tx.execute(RELEASE, &[holder.into()]).await.map(|_| ())
        })
    }

    async fn retrain_begins(&self, id: &str, by: &str, now: Timestamp) -> Result<(), StoreError> {
        write!(self, "recording a retraining", Duration::ZERO, tx => begin(tx, id, by, now))
    }

    async fn retrain_ends(&self, row: &RetrainRow) -> Result<(), StoreError> {
        write!(self, "recording a retraining", Duration::ZERO, tx => end(tx, row))
    }

    async fn retrains(&self, limit: u32) -> Result<Vec<RetrainRow>, StoreError> {
        const LATEST: &str = "
            SELECT id, started_at, ended_at, outcome, who, version, figures, detail
            FROM retrains ORDER BY started_at DESC, id DESC LIMIT $1";
        let limit = i64::from(limit.min(ROWS_AT_MOST));
        read!(self, "listing retrainings", tx => async {
            tx.query(LATEST, &[limit.into()]).await?.iter().map(retrain_row).collect::<Result<Vec<_>, Fault>>()
        })
    }
}

async fn take(
    tx: &mut Tx,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<String>, Fault> {
    const TAKE: &str = "
        INSERT INTO retrain_lease (n, holder, until) VALUES (1, $1, $2)
        ON CONFLICT (n) DO UPDATE SET holder = excluded.holder, until = excluded.until
        WHERE retrain_lease.until <= $3 OR retrain_lease.holder = excluded.holder";
    let taken = tx.execute(TAKE, &[holder.into(), until.0.into(), now.0.into()]).await?;
    if taken > 0 {
        return Ok(None);
    }
    let found = tx.query("SELECT holder FROM retrain_lease WHERE n = 1", &[]).await?;
    // The row was there a moment ago and is locked by nobody else.
    Ok(Some(found.first().map(|row| row.text(0)).transpose()?.unwrap_or_default()))
}

async fn begin(tx: &mut Tx, id: &str, by: &str, now: Timestamp) -> Result<(), Fault> {
    tx.execute(
        "UPDATE retrains SET outcome = 'failed', ended_at = $1,
             detail = 'the process ended without a word: killed, or the machine went down'
         WHERE outcome = 'running' AND id <> $2",
        &[now.0.into(), id.into()],
    )
    .await?;
    tx.execute(
        "INSERT INTO retrains (id, started_at, outcome, who, detail)
         VALUES ($1, $2, 'running', $3, '') ON CONFLICT (id) DO NOTHING",
        &[id.into(), now.0.into(), by.into()],
    )
    .await?;
    Ok(())
}

async fn end(tx: &mut Tx, row: &RetrainRow) -> Result<(), Fault> {
    const END: &str = "
        INSERT INTO retrains (id, started_at, ended_at, outcome, who, version, figures, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at, outcome = excluded.outcome,
            version = excluded.version, figures = excluded.figures, detail = excluded.detail
        WHERE retrains.outcome = 'running'";
    let figures = row.figures.as_ref().map(ToString::to_string);
    let detail: String = row.detail.chars().take(DETAIL_CHARS).collect();
    tx.execute(
        END,
        &[
            row.id.as_str().into(),
            row.started_at.0.into(),
            row.ended_at.unwrap_or(row.started_at).0.into(),
            row.outcome.as_str().into(),
            row.by.as_str().into(),
            row.version.as_deref().into(),
            figures.as_deref().into(),
            detail.as_str().into(),
        ],
    )
    .await?;
    Ok(())
}

fn retrain_row(row: &Row) -> Result<RetrainRow, Fault> {
    let outcome = row.text(3)?;
    let figures = row.text_or_null(6)?.map(|text| serde_json::from_str(&text)).transpose();
    Ok(RetrainRow {
        id: row.text(0)?,
        started_at: Timestamp(row.int(1)?),
        ended_at: row.int_or_null(2)?.map(Timestamp),
        outcome: RetrainOutcome::parse(&outcome)
            .ok_or_else(|| Fault::Incompatible(format!("a retraining with outcome {outcome}")))?,
        by: row.text(4)?,
        version: row.text_or_null(5)?,
        figures: figures.map_err(|_| Fault::Incompatible("figures of a retraining".to_owned()))?,
        detail: row.text(7)?,
    })
}
