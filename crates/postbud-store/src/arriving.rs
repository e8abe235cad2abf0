//! Raw bytes of a size that nobody knows yet, kept piece by piece while they arrive.
//!
//! The pieces lie in chunks under a name of their own until the last one is there; then one transaction
//! gives them the name that follows from their bytes, sealed anew since a chunk's name and size are
//! authenticated with it. So at no moment a letter is there in part, and two chunks are all that is in memory.

use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use postbud_pipeline::ports::{RawId, RawWriter, StoreError, Timestamp};
use sha2::Sha256;

use crate::raw::{self, CHUNK, Chunk};
use crate::sql::{Fault, Said, Tx};
use crate::store::{SqlStore, write};

/// What names of bytes that are arriving begin with; no hash does.
const PREFIX: &str = "arriving-";
/// What is still arriving after so long never will: every way in has given it up long since.
const GIVEN_UP_MS: i64 = 24 * 3_600_000;

/// One letter's raw bytes on their way into the store.
pub(crate) struct Arriving {
    store: SqlStore,
    name: String,
    at: Timestamp,
    chunks: usize,
    size: usize,
    piece: BytesMut,
    hash: Sha256,
}

impl Arriving {
    pub(crate) fn new(store: SqlStore, at: Timestamp) -> Self {
        let name = format!("{PREFIX}{}", uuid::Uuid::new_v4().simple());
        Self {
            store,
            name,
            at,
            chunks: 0,
            size: 0,
            piece: BytesMut::new(),
            hash: Sha256::default(),
        }
    }

    /// Keeps what has been gathered as the next chunk.
    async fn keep(&mut self) -> Result<(), StoreError> {
        let bytes = self.piece.split().freeze();
        self.hash = raw::hashed(self.hash.clone(), bytes.clone()).await;
        let (store, at) = (&self.store, self.at);
        let (raw_id, n) = (self.name.as_str(), raw::number(self.chunks));
        // Counted before: whether it was written is not known when the answer is lost.
        self.chunks += 1;
        let extra = raw::extra_time(bytes.len());
        write!(store, "storing raw bytes that arrive", extra, tx => {
            Chunk { raw_id, n, size: 0, at, bytes: bytes.clone() }.put(tx, store.vault())
        })
    }

    /// Gives the chunks the name that their bytes have.
    async fn settle(&self, tx: &mut Tx, id: &RawId) -> Result<(), Fault> {
        let (vault, name) = (self.store.vault(), self.name.as_str());
        let (size, at) = (raw::number(self.size), self.at);
        for n in 0..raw::number(self.chunks) {
            let gone = || Fault::Unavailable(Said("a chunk that was written is gone".to_owned()));
            let (bytes, _) = raw::chunk(tx, vault, name, n).await?.ok_or_else(gone)?;
            Chunk { raw_id: &id.0, n, size, at, bytes }.put(tx, vault).await?;
        }
        forget(tx, name).await
    }
}

#[async_trait]
impl RawWriter for Arriving {
    async fn write(&mut self, mut bytes: Bytes) -> Result<(), StoreError> {
        self.size = self.size.saturating_add(bytes.len());
        while !bytes.is_empty() {
            let some = bytes.split_to(bytes.len().min(CHUNK - self.piece.len()));
            self.piece.extend_from_slice(&some);
            if self.piece.len() == CHUNK {
                self.keep().await?;
            }
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<RawId, StoreError> {
        // An empty letter has one empty chunk: it is there, and it is empty.
        if !self.piece.is_empty() || self.chunks == 0 {
            self.keep().await?;
        }
        let id = raw::named(self.hash.clone());
        let extra = raw::extra_time(self.size) * 2;
        let this = &*self;
        write!(this.store, "naming raw bytes that have arrived", extra, tx => this.settle(tx, &id))?;
        // Nothing is left to be removed.
        self.chunks = 0;
        Ok(id)
    }
}

/// Given up in the middle: what is there of it is nobody's.
impl Drop for Arriving {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.chunks == 0 {
            return;
        }
        let (store, name) = (self.store.clone(), std::mem::take(&mut self.name));
        runtime.spawn(async move {
            let gone = write!(store, "removing raw bytes that did not arrive", Duration::ZERO,
                tx => forget(tx, &name));
            if let Err(error) = gone {
                tracing::debug!(%error, "bytes that did not arrive are removed later");
            }
        });
    }
}

async fn forget(tx: &mut Tx, name: &str) -> Result<(), Fault> {
    tx.execute("DELETE FROM raws WHERE raw_id = $1", &[name.into()]).await?;
    Ok(())
}

/// Removes what processes that died have left behind.
pub(crate) async fn given_up(tx: &mut Tx, now: Timestamp) -> Result<u64, Fault> {
    const OLD: &str = "DELETE FROM raws WHERE at < $1 AND raw_id LIKE $2";
    let before = now.plus_ms(-GIVEN_UP_MS);
    tx.execute(OLD, &[before.0.into(), format!("{PREFIX}%").as_str().into()]).await
}
