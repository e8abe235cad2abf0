//! The access log as a chain of hashes: a row that is missing, added or changed shows.
//!
//! Each row's hash covers its number, its content and the hash of the row before. Whoever can write
//! to the database can make a whole new chain; the end of the chain, noted elsewhere from time to
//! time, shows that too.

use postbud_pipeline::ports::{Access, StoreError, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::hex::hex;
use crate::sql::{Fault, Tx};
use crate::store::{SqlStore, read};

/// What was found when the chain was walked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Rows in the chain.
    pub rows: u64,
    /// Rows from before there was a chain.
    pub before: u64,
    /// The number of the last row.
    pub last_seq: i64,
    /// The hash of the last row, as 64 hexadecimal digits; empty when there is none.
    pub last: String,
    /// The first thing that is wrong.
    pub fault: Option<ChainFault>,
}

/// How a chain can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// A row is not there.
    #[error("row {0} of the access log is missing")]
    Missing(i64),
    /// A row is not what it was.
    #[error("row {0} of the access log was changed")]
    Changed(i64),
    /// The log ends before or behind its last row.
    #[error("the access log does not end where it should, at row {0}")]
    End(i64),
}

impl SqlStore {
    /// Walks through the whole access log.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn verify_accesses(&self) -> Result<Chain, StoreError> {
        read!(self, "verifying the access log", tx => verify(tx))
    }
}

impl SqlStore {
    /// The hash of one row of the access log; `None` when it is not there (any more).
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn access_hash(&self, seq: i64) -> Result<Option<String>, StoreError> {
        const SQL: &str = "SELECT chain FROM desk_access WHERE seq = $1";
        read!(self, "reading a row of the access log", tx => async {
            let rows = tx.query(SQL, &[seq.into()]).await?;
            rows.first().map(|row| row.text(0)).transpose()
        })
    }
}

/// Adds a row to the log and to the chain. Writers wait for each other at the chain's end.
pub(crate) async fn log_access(tx: &mut Tx, access: &Access) -> Result<(), Fault> {
    const END: &str = "SELECT t.last_seq, t.last FROM audit_chain AS t WHERE t.n = 1 {lock}";
    let found = tx.query(END, &[]).await?;
    let end = found.first().ok_or_else(no_chain)?;
    let seq = end.int(0)?.saturating_add(1);
    let chain = link(&end.text(1)?, seq, access);
    tx.execute(
        "INSERT INTO desk_access (at, who, letter, why, seq, chain)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            access.at.0.into(),
            access.by.as_str().into(),
            access.letter.as_str().into(),
            access.why.as_str().into(),
            seq.into(),
            chain.as_str().into(),
        ],
    )
    .await?;
    let end = [seq.into(), chain.as_str().into()];
    tx.execute("UPDATE audit_chain SET last_seq = $1, last = $2 WHERE n = 1", &end).await?;
    Ok(())
}

/// Lets the chain begin behind the rows older than `before`, which go; how many.
pub(super) async fn cut(tx: &mut Tx, before: Timestamp, most: i64) -> Result<u64, Fault> {
    const END: &str = "
        SELECT t.first_seq, t.last_seq FROM audit_chain AS t WHERE t.n = 1 {lock}";
    const KEPT: &str = "SELECT MIN(seq) FROM desk_access WHERE seq IS NOT NULL AND at >= $1";
    const LINK: &str = "SELECT chain FROM desk_access WHERE seq = $1";
    let found = tx.query(END, &[]).await?;
    let end = found.first().ok_or_else(no_chain)?;
    let (first, last) = (end.int(0)?, end.int(1)?);
    let old = "DELETE FROM desk_access WHERE seq IS NULL AND at < $1";
    let mut gone = tx.execute(old, &[before.0.into()]).await?;
    // Only a whole beginning can go: a row behind a younger one waits for that.
    let kept = tx.query(KEPT, &[before.0.into()]).await?;
    let kept = kept.first().map(|row| row.int_or_null(0)).transpose()?.flatten();
    let next = kept.unwrap_or(last.saturating_add(1)).min(first.saturating_add(most));
    if next > first {
        let link = tx.query(LINK, &[next.saturating_sub(1).into()]).await?;
        let link = link.first().ok_or_else(no_chain)?.text(0)?;
        gone += tx.execute("DELETE FROM desk_access WHERE seq < $1", &[next.into()]).await?;
        let begin = [next.into(), link.as_str().into()];
        tx.execute("UPDATE audit_chain SET first_seq = $1, before_first = $2 WHERE n = 1", &begin)
            .await?;
    }
    Ok(gone)
}

async fn verify(tx: &mut Tx) -> Result<Chain, Fault> {
    const ENDS: &str =
        "SELECT first_seq, before_first, last_seq, last FROM audit_chain WHERE n = 1";
    const ROWS: &str = "
        SELECT seq, chain, at, who, letter, why FROM desk_access WHERE seq IS NOT NULL ORDER BY seq";
    const BEFORE: &str = "SELECT COUNT(*) FROM desk_access WHERE seq IS NULL";
    let found = tx.query(ENDS, &[]).await?;
    let ends = found.first().ok_or_else(no_chain)?;
    let (mut expected, mut last) = (ends.int(0)?, ends.text(1)?);
    let (last_seq, end) = (ends.int(2)?, ends.text(3)?);
    let before = tx.query(BEFORE, &[]).await?;
    let before = before.first().ok_or_else(no_chain)?.count(0)?;
    let (mut rows, mut fault) = (0, None);
    tx.stream(ROWS, &[], |row| {
        let seq = row.int(0)?;
        let access = Access {
            at: Timestamp(row.int(2)?),
            by: row.text(3)?,
            letter: row.text(4)?,
            why: row.text(5)?,
        };
        let chain = row.text(1)?;
        rows += 1;
        if fault.is_none() {
            if seq > expected {
                fault = Some(ChainFault::Missing(expected));
            } else if seq < expected || chain != link(&last, seq, &access) {
                fault = Some(ChainFault::Changed(seq));
            }
        }
        expected = seq.saturating_add(1);
        last = chain;
        Ok(())
    })
    .await?;
    let whole = expected == last_seq.saturating_add(1) && last == end;
    let fault = fault.or_else(|| (!whole).then_some(ChainFault::End(last_seq)));
    Ok(Chain { rows, before, last_seq, last: end, fault })
}

fn no_chain() -> Fault {
    Fault::Incompatible("the chain of the access log is missing".to_owned())
}

/// The hash of a row: SHA-256 over the hash before, the number and the content, each with its
/// length in front, so that nothing can move from one to the other.
fn link(before: &str, seq: i64, access: &Access) -> String {
    let mut hash = Sha256::new();
    let (seq, at) = (seq.to_string(), access.at.0.to_string());
    for part in [before, &seq, &at, &access.by, &access.letter, &access.why] {
        // As the database keeps it.
        let part = part.replace('\0', "");
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}
