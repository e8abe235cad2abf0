//! The store as the application sees it: deadlines, errors, and the port.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use postbud_decide::MailboxId;
use postbud_letter::LetterId;
use postbud_pipeline::ports::{
    Assignment, Entry, Filter, LabelSource, LetterDetail, LetterRow, OutboxItem, OutboxOutcome,
    RawId, RawWriter, Recorded, Store, StoreError, Tally, Timestamp,
};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::arriving::Arriving;
use crate::list::Label;
use crate::sql::{Database, Fault, Said};
use crate::vault::Vault;
use crate::{assign, detail, list, outbox, pace, raw, record, settle};

/// How often a transaction is run again that another one got in the way of.
pub(crate) const CONFLICT_TRIES: u32 = 5;

/// Letters, decisions, labels and the outbox in SQLite or PostgreSQL. Clones share connections.
#[derive(Clone)]
pub struct SqlStore {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    vault: Vault,
    place: String,
    deadline: Duration,
    /// Marks the outgoing letters that were claimed through this store.
    owner: String,
    /// Rung when something was put on the embedded queue by this process.
    bell: Notify,
}

impl std::fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlStore").field("place", &self.inner.place).finish_non_exhaustive()
    }
}

/// Runs `$work` with `$tx` in a transaction under the store's deadline (and `$extra` time), and
/// again when another transaction got in its way.
macro_rules! write {
    ($store:expr, $what:expr, $extra:expr, $tx:ident => $work:expr) => {
        $store
            .within($what, $extra, async {
                let mut tries = 0;
                loop {
                    let mut transaction = $store.database().write().await?;
                    let $tx = &mut transaction;
                    let done = match $work.await {
                        Ok(value) => transaction.commit().await.map(|()| value),
                        Err(fault) => Err(fault),
                    };
                    match done {
                        Err($crate::sql::Fault::Conflict(_))
                            if tries < $crate::store::CONFLICT_TRIES =>
                        {
                            tries += 1;
                        }
                        done => break done,
                    }
                }
            })
            .await
    };
}

/// Runs `$work` with `$tx` in a transaction that sees one moment, under the store's deadline.
macro_rules! read {
    ($store:expr, $what:expr, $tx:ident => $work:expr) => {
        $store
            .within($what, ::std::time::Duration::ZERO, async {
                let mut transaction = $store.database().read().await?;
                let $tx = &mut transaction;
                let value = $work.await?;
                transaction.commit().await?;
                Ok(value)
            })
            .await
    };
}

pub(crate) use {read, write};

impl SqlStore {
    pub(crate) fn new(database: Database, vault: Vault, place: String, deadline: Duration) -> Self {
        let bell = Notify::new();
        let owner = uuid::Uuid::new_v4().simple().to_string();
        Self { inner: Arc::new(Inner { database, vault, place, deadline, owner, bell }) }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.inner.database
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    pub(crate) fn bell(&self) -> &Notify {
        &self.inner.bell
    }

    /// The address without its password, for messages.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.inner.place
    }

    /// Waits for `work` until the deadline and tells what went wrong while doing `what`.
    pub(crate) async fn within<T>(
        &self,
        what: &str,
        extra: Duration,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, StoreError> {
        let limit = self.inner.deadline.saturating_add(extra);
        timeout(limit, work)
            .await
            .unwrap_or_else(|_| Err(Fault::Unavailable(Said("no answer in time".to_owned()))))
            .map_err(|fault| fault.into_store_error(&self.inner.place, what))
    }

    /// Can the store be read now?
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn health(&self) -> Result<(), StoreError> {
        read!(self, "checking that it answers", tx => async {
            tx.query("SELECT value FROM meta WHERE key = $1", &["health".into()]).await.map(|_| ())
        })
    }

    /// Labels that hold, oldest first: of each letter the newest that is not withdrawn. Leaves
    /// out `offset`. `training_labels` pages through the same by letter.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn labels(&self, limit: u32, offset: u32) -> Result<Vec<Label>, StoreError> {
        read!(self, "listing labels", tx => list::labels(tx, limit, offset))
    }

    /// Empties the log of changes after something that was to be gone for good.
    pub(crate) async fn sweep(&self) -> Result<(), StoreError> {
        self.within("emptying the log of changes", Duration::ZERO, self.database().sweep()).await
    }

    /// Waits until all connections are closed. Calls after this fail.
    pub async fn close(&self) {
        self.inner.database.close().await;
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn put_raw(&self, raw: Bytes, now: Timestamp) -> Result<RawId, StoreError> {
        let id = raw::name(raw.clone()).await;
        let whole = [raw::Raw { id: &id, bytes: &raw, at: now }];
        let extra = raw::extra_time(raw.len());
        write!(self, "storing raw bytes", extra, tx => raw::put(tx, self.vault(), &whole))?;
        Ok(id)
    }

    fn begin_raw(&self, now: Timestamp) -> Box<dyn RawWriter> {
        Box::new(Arriving::new(self.clone(), now))
    }

    async fn raw(&self, id: &RawId) -> Result<Option<Bytes>, StoreError> {
        let extra = raw::extra_time(raw::LARGEST);
        self.within("reading raw bytes", extra, async {
            let mut tx = self.database().read().await?;
            let bytes = raw::get(&mut tx, self.vault(), &id.0).await?;
            tx.commit().await?;
            Ok(bytes)
        })
        .await
    }

    async fn raw_size(&self, id: &RawId) -> Result<Option<u64>, StoreError> {
        read!(self, "looking for raw bytes", tx => raw::size(tx, &id.0))
    }

    async fn record(&self, batch: &[Entry]) -> Result<Vec<Recorded>, StoreError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let extra = raw::extra_time(batch.iter().map(|entry| entry.raw.len()).sum());
        let prepared = record::prepare(batch)
            .map_err(|fault| fault.into_store_error(self.place(), "recording letters"))?;
        let with_shadows = batch.iter().any(|entry| entry.shadow.is_some());
        let recorded = write!(self, "recording letters", extra,
            tx => record::record(tx, self.vault(), &prepared, with_shadows));
        match recorded {
            // A challenger must never cost a letter: without what it said they may be recorded.
            Err(error) if with_shadows && !matches!(error, StoreError::Unavailable { .. }) => {
                tracing::warn!(%error, "letters are recorded without what the challenger said");
                write!(self, "recording letters", extra,
                    tx => record::record(tx, self.vault(), &prepared, false))
            }
            recorded => recorded,
        }
    }

    async fn letters(&self, filter: &Filter) -> Result<Vec<LetterRow>, StoreError> {
        read!(self, "listing letters", tx => list::letters(tx, filter))
    }

    async fn letter(&self, id: &LetterId) -> Result<Option<LetterDetail>, StoreError> {
        read!(self, "reading a letter", tx => detail::letter(tx, id))
    }

    async fn assign(&self, assignment: &Assignment) -> Result<(), StoreError> {
        write!(self, "assigning a letter", Duration::ZERO, tx => assign::assign(tx, assignment, LabelSource::Terminal))
    }

    async fn claim_outbox(
        &self,
        max: u32,
        max_bytes: u64,
        now: Timestamp,
        lease_ms: i64,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        self.claim_outbox_except(&[], max, max_bytes, now, lease_ms).await
    }

    async fn claim_outbox_except(
        &self,
        except: &[MailboxId],
        max: u32,
        max_bytes: u64,
        now: Timestamp,
        lease_ms: i64,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        let extra = raw::extra_time(usize::try_from(max_bytes).unwrap_or(usize::MAX));
        let lease = outbox::Lease { owner: &self.inner.owner, now, until: now.plus_ms(lease_ms) };
        write!(self, "taking outgoing letters", extra,
            tx => outbox::claim(tx, self.vault(), max, max_bytes, &lease, except))
    }

    async fn reserve(
        &self,
        mailbox: &MailboxId,
        interval_ms: i64,
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        write!(self, "reserving a moment to send", Duration::ZERO,
            tx => pace::reserve(tx, mailbox, interval_ms, now))
    }

    async fn prolong_outbox(
        &self,
        keys: &[String],
        until: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        write!(self, "prolonging leases", Duration::ZERO,
            tx => outbox::prolong(tx, &self.inner.owner, keys, until))
    }

    async fn settle_outbox(
        &self,
        outcomes: &[(String, OutboxOutcome)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        write!(self, "settling outgoing letters", Duration::ZERO,
            tx => settle::settle(tx, &self.inner.owner, outcomes, now))
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        read!(self, "counting letters", tx => list::tally(tx))
    }
}
