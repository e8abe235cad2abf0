//! An outbox in memory that keeps leases as a database does, by the clock of the test.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use postbud_decide::MailboxId;
use postbud_letter::LetterId;
use postbud_pipeline::ports::*;
use tokio::time::Instant;

/// A letter that is to be sent.
struct Row {
    item: OutboxItem,
    due: Instant,
    claimed: bool,
    settled: Option<OutboxOutcome>,
}

/// The outbox. Other calls of the port are not for it.
#[derive(Default)]
pub(crate) struct LeasingStore {
    rows: Mutex<BTreeMap<String, Row>>,
    /// So many calls that settle fail from now on.
    pub(crate) away: AtomicU32,
    pub(crate) prolonged: AtomicU32,
    /// How many moments to send were reserved.
    pub(crate) reserved: AtomicU32,
    /// Answers nothing at all.
    pub(crate) gone: std::sync::atomic::AtomicBool,
    /// Says that somebody else has taken everything.
    pub(crate) taken_over: std::sync::atomic::AtomicBool,
}

impl LeasingStore {
    pub(crate) fn with(items: Vec<OutboxItem>) -> Self {
        let due = Instant::now();
        let row =
            |item: OutboxItem| (item.key.clone(), Row { item, due, claimed: false, settled: None });
        Self { rows: Mutex::new(items.into_iter().map(row).collect()), ..Self::default() }
    }

    /// How many letters of this mailbox were taken out at least once.
    pub(crate) fn claimed(&self, mailbox: &str) -> usize {
        let rows = self.rows.lock().unwrap();
        rows.values().filter(|row| row.claimed && row.item.mailbox.as_str() == mailbox).count()
    }

    fn answer(&self) -> Result<(), StoreError> {
        if self.gone.load(Ordering::SeqCst) { Err(super::away()) } else { Ok(()) }
    }

    /// How many letters of this mailbox were delivered and settled.
    pub(crate) fn delivered(&self, mailbox: &str) -> usize {
        let rows = self.rows.lock().unwrap();
        let of = |row: &&Row| {
            row.item.mailbox.as_str() == mailbox
                && matches!(row.settled, Some(OutboxOutcome::Delivered))
        };
        rows.values().filter(of).count()
    }
}

#[async_trait]
impl Store for LeasingStore {
    async fn put_raw(&self, _: Bytes, _: Timestamp) -> Result<RawId, StoreError> {
        unreachable!("no test asks for it")
    }
    fn begin_raw(&self, _: Timestamp) -> Box<dyn RawWriter> {
        unreachable!()
    }

    async fn raw(&self, _: &RawId) -> Result<Option<Bytes>, StoreError> {
        Ok(None)
    }
    async fn raw_size(&self, _: &RawId) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }
    async fn record(&self, _: &[Entry]) -> Result<Vec<Recorded>, StoreError> {
        Ok(Vec::new())
    }
    async fn letters(&self, _: &Filter) -> Result<Vec<LetterRow>, StoreError> {
        Ok(Vec::new())
    }
    async fn letter(&self, _: &LetterId) -> Result<Option<LetterDetail>, StoreError> {
        Ok(None)
    }
    async fn assign(&self, _: &Assignment) -> Result<(), StoreError> {
        Ok(())
    }
    async fn claim_outbox(
        &self,
        max: u32,
        bytes: u64,
        now: Timestamp,
        lease_ms: i64,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        self.claim_outbox_except(&[], max, bytes, now, lease_ms).await
    }
    async fn claim_outbox_except(
        &self,
        except: &[MailboxId],
        max: u32,
        _: u64,
        _: Timestamp,
        lease_ms: i64,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        self.answer()?;
        let now = Instant::now();
        let until = now + Duration::from_millis(u64::try_from(lease_ms).unwrap());
        let mut rows = self.rows.lock().unwrap();
        let due = rows.values_mut().filter(|row| {
            row.settled.is_none() && row.due <= now && !except.contains(&row.item.mailbox)
        });
        let take = |row: &mut Row| {
            (row.due, row.claimed) = (until, true);
            row.item.clone()
        };
        Ok(due.take(max as usize).map(take).collect())
    }
    async fn reserve(
        &self,
        _: &MailboxId,
        interval_ms: i64,
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let before = self.reserved.fetch_add(1, Ordering::SeqCst);
        Ok(now.plus_ms(interval_ms * i64::from(before)))
    }
    async fn prolong_outbox(
        &self,
        keys: &[String],
        _: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        self.answer()?;
        if self.taken_over.load(Ordering::SeqCst) {
            return Ok(Vec::new());
        }
        self.prolonged.fetch_add(1, Ordering::SeqCst);
        let mut rows = self.rows.lock().unwrap();
        let mut held = Vec::new();
        for key in keys {
            let row = rows.get_mut(key).unwrap();
            if row.settled.is_none() {
                row.due = Instant::now() + Duration::from_secs(4);
                held.push(key.clone());
            }
        }
        Ok(held)
    }
    async fn settle_outbox(
        &self,
        outcomes: &[(String, OutboxOutcome)],
        _: Timestamp,
    ) -> Result<(), StoreError> {
        self.answer()?;
        let less = |left: u32| left.checked_sub(1);
        if self.away.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            return Err(super::away());
        }
        let mut rows = self.rows.lock().unwrap();
        for (key, outcome) in outcomes {
            rows.get_mut(key).unwrap().settled = Some(outcome.clone());
        }
        Ok(())
    }
    async fn tally(&self) -> Result<Tally, StoreError> {
        Ok(Tally::default())
    }
}
