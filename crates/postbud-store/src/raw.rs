//! Raw bytes in chunks, under their SHA-256.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use postbud_pipeline::ports::{RawId, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::hex;
use crate::sql::{Fault, Tx, Value};
use crate::vault::{Sealed, Vault};

/// Largest chunk in bytes.
pub(crate) const CHUNK: usize = 1 << 20;

/// Largest raw letter: 99.5 MB of Digital Post, or somewhat more as a mail.
pub(crate) const LARGEST: usize = 105_000_000;

/// Bytes that go into one statement at most; one chunk more where a chunk crosses it.
const STATEMENT_BYTES: usize = 4 << 20;

/// From this size on, hashing leaves the async thread.
const HASH_ELSEWHERE: usize = 256 * 1024;

/// [`extra_time`] of [`LARGEST`], rounded up.
pub(crate) const LONGEST_EXTRA_MS: i64 = 14_000;

/// Time to add to a deadline for so many bytes: a second per 8 MiB.
pub(crate) fn extra_time(bytes: usize) -> Duration {
    Duration::from_millis(u64::try_from(bytes.min(1 << 30) / (8 << 10)).unwrap_or_default())
}

/// The name of raw bytes.
pub(crate) async fn name(raw: Bytes) -> RawId {
    named(hashed(Sha256::new(), raw).await)
}

/// The name of the bytes that went into a hash.
pub(crate) fn named(hash: Sha256) -> RawId {
    RawId(hex::hex(&hash.finalize()))
}

/// A hash with these bytes behind those that went into it.
pub(crate) async fn hashed(hash: Sha256, bytes: Bytes) -> Sha256 {
    if bytes.len() < HASH_ELSEWHERE {
        return hash.chain_update(&bytes);
    }
    let (so_far, more) = (hash.clone(), bytes.clone());
    // A hash cannot fail; a runtime that is shutting down can refuse to run it.
    let elsewhere = tokio::task::spawn_blocking(move || so_far.chain_update(&more)).await;
    elsewhere.unwrap_or_else(|_| hash.chain_update(&bytes))
}

/// Raw bytes to be stored.
pub(crate) struct Raw<'a> {
    pub(crate) id: &'a RawId,
    pub(crate) bytes: &'a Bytes,
    pub(crate) at: Timestamp,
}

/// One of the chunks of raw bytes, in plain.
pub(crate) struct Chunk<'a> {
    pub(crate) raw_id: &'a str,
    pub(crate) n: i64,
    /// Of all chunks together.
    pub(crate) size: i64,
    pub(crate) at: Timestamp,
    pub(crate) bytes: Bytes,
}

impl Chunk<'_> {
    /// Its row.
    fn seal(self, vault: &Vault) -> Result<[Value; 6], Fault> {
        let Self { raw_id, n, size, at, bytes } = self;
        let (data_key, bytes) = vault.seal(raw_id, n, size, bytes)?;
        let data_key = Value::Int(data_key);
        Ok([raw_id.into(), n.into(), size.into(), at.0.into(), data_key, bytes.into()])
    }

    /// Stores it, if it is not there yet.
    pub(crate) async fn put(self, tx: &mut Tx, vault: &Vault) -> Result<(), Fault> {
        tx.execute_rows(PUT, &[], &[self.seal(vault)?]).await?;
        Ok(())
    }
}

const PUT: &str = "
    INSERT INTO raws (raw_id, n, size, at, data_key, bytes)
    SELECT v.column1, v.column2, v.column3, v.column4, v.column5, v.column6 FROM {rows} WHERE true
    ON CONFLICT (raw_id, n) DO NOTHING";

/// Stores what is not there yet. Written in the order of the names, so that two transactions with
/// the same bytes wait for each other instead of blocking each other.
pub(crate) async fn put(tx: &mut Tx, vault: &Vault, raws: &[Raw<'_>]) -> Result<(), Fault> {
    let mut sorted: Vec<&Raw<'_>> = raws.iter().collect();
    sorted.sort_by(|a, b| a.id.0.cmp(&b.id.0));
    sorted.dedup_by(|a, b| a.id == b.id);
    let mut rows: Vec<[Value; 6]> = Vec::new();
    let mut bytes = 0;
    for raw in sorted {
        if raw.bytes.len() > CHUNK && is_there(tx, raw).await? {
            continue;
        }
        let mut n = 0;
        loop {
            let end = raw.bytes.len().min((n + 1) * CHUNK);
            let chunk = raw.bytes.slice(n * CHUNK..end);
            bytes += chunk.len();
            let (raw_id, size) = (raw.id.0.as_str(), number(raw.bytes.len()));
            rows.push(Chunk { raw_id, n: number(n), size, at: raw.at, bytes: chunk }.seal(vault)?);
            if bytes >= STATEMENT_BYTES {
                tx.execute_rows(PUT, &[], &rows).await?;
                rows.clear();
                bytes = 0;
            }
            n += 1;
            // An empty letter has one empty chunk: it is there, and it is empty.
            if end == raw.bytes.len() {
                break;
            }
        }
    }
    tx.execute_rows(PUT, &[], &rows).await?;
    Ok(())
}

/// Large raw bytes mostly are: their message named them. They need not travel again.
async fn is_there(tx: &mut Tx, raw: &Raw<'_>) -> Result<bool, Fault> {
    const CHUNKS: &str = "SELECT COUNT(*) FROM raws WHERE raw_id = $1 AND size = $2";
    let size = raw.bytes.len();
    let rows = tx.query(CHUNKS, &[raw.id.0.as_str().into(), number(size).into()]).await?;
    let chunks = rows.first().map_or(Ok(0), |row| row.count(0))?;
    Ok(chunks == size.div_ceil(CHUNK) as u64)
}

pub(crate) fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// How many raw bytes there are of this name.
pub(crate) async fn size(tx: &mut Tx, id: &str) -> Result<Option<u64>, Fault> {
    const SIZE: &str = "SELECT size FROM raws WHERE raw_id = $1 AND n = 0";
    let rows = tx.query(SIZE, &[id.into()]).await?;
    rows.first().map(|row| row.count(0)).transpose()
}

/// One chunk in plain, with the size that is written beside it: of all chunks together.
pub(crate) async fn chunk(
    tx: &mut Tx,
    vault: &Vault,
    raw_id: &str,
    n: i64,
) -> Result<Option<(Bytes, i64)>, Fault> {
    const GET: &str = "SELECT size, bytes, data_key FROM raws WHERE raw_id = $1 AND n = $2";
    let rows = tx.query(GET, &[raw_id.into(), n.into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (size, bytes, data_key) = (row.int(0)?, row.bytes(1)?, row.int_or_null(2)?);
    vault.ready(tx, data_key).await?;
    Ok(Some((vault.open(Sealed { raw_id, n, size, data_key, bytes })?, size)))
}

/// Reads raw bytes, a chunk at a time: drivers read rows ahead, and fifty chunks are half a letter.
pub(crate) async fn get(tx: &mut Tx, vault: &Vault, id: &str) -> Result<Option<Bytes>, Fault> {
    let Some((first, size)) = chunk(tx, vault, id, 0).await? else { return Ok(None) };
    let size = usize::try_from(size).map_err(|_| incomplete(id))?;
    if first.len() == size {
        return Ok(Some(first));
    }
    let mut whole = BytesMut::with_capacity(size.min(2 * LARGEST));
    whole.extend_from_slice(&first);
    let mut n = 1;
    while whole.len() < size {
        match chunk(tx, vault, id, n).await? {
            Some((next, _)) => whole.extend_from_slice(&next),
            // It went just now, or never was whole.
            None if self::size(tx, id).await?.is_none() => return Ok(None),
            None => return Err(incomplete(id)),
        }
        n += 1;
    }
    if whole.len() == size { Ok(Some(whole.freeze())) } else { Err(incomplete(id)) }
}

fn incomplete(id: &str) -> Fault {
    Fault::Incompatible(format!("the chunks of the raw bytes {id} are incomplete"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_name_is_the_sha256_of_the_bytes() {
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(name(Bytes::from_static(b"abc")).await.0, abc);
    }

    #[test]
    fn the_longest_extra_time_covers_the_largest_letter() {
        assert!(extra_time(LARGEST).as_millis() < LONGEST_EXTRA_MS.unsigned_abs().into());
    }
}
