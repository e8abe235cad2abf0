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
    if raw.len() < HASH_ELSEWHERE {
        return name_now(&raw);
    }
    let other = raw.clone();
    // A hash cannot fail; a runtime that is shutting down can refuse to run it.
    tokio::task::spawn_blocking(move || name_now(&other)).await.unwrap_or_else(|_| name_now(&raw))
}

fn name_now(raw: &[u8]) -> RawId {
    RawId(hex::hex(&Sha256::digest(raw)))
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

pub(crate) fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Reads raw bytes, a chunk at a time.
pub(crate) async fn get(tx: &mut Tx, vault: &Vault, id: &str) -> Result<Option<Bytes>, Fault> {
    const KEYS: &str = "SELECT DISTINCT data_key FROM raws WHERE raw_id = $1";
    if vault.has_keys() {
        for row in tx.query(KEYS, &[id.into()]).await? {
            vault.ready(tx, row.int_or_null(0)?).await?;
        }
    }
    let mut whole: Option<BytesMut> = None;
    let mut size = 0;
    let mut next = 0;
    const GET: &str = "SELECT n, size, bytes, data_key FROM raws WHERE raw_id = $1 ORDER BY n";
    tx.stream(GET, &[id.into()], |row| {
        let (n, size_now, bytes, data_key) =
            (row.int(0)?, row.int(1)?, row.bytes(2)?, row.int_or_null(3)?);
        if n != next {
            return Err(incomplete(id));
        }
        let chunk = vault.open(Sealed { raw_id: id, n, size: size_now, data_key, bytes })?;
        next += 1;
        size = usize::try_from(row.count(1)?).unwrap_or(usize::MAX);
        let room = size.min(2 * LARGEST);
        whole.get_or_insert_with(|| BytesMut::with_capacity(room)).extend_from_slice(&chunk);
        Ok(())
    })
    .await?;
    match whole {
        Some(bytes) if bytes.len() != size => Err(incomplete(id)),
        whole => Ok(whole.map(BytesMut::freeze)),
    }
}

fn incomplete(id: &str) -> Fault {
    Fault::Incompatible(format!("the chunks of the raw bytes {id} are incomplete"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_sha256_of_the_bytes() {
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(name_now(b"abc").0, abc);
    }

    #[test]
    fn the_longest_extra_time_covers_the_largest_letter() {
        assert!(extra_time(LARGEST).as_millis() < LONGEST_EXTRA_MS.unsigned_abs().into());
    }
}
