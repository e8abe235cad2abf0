//! A store that counts what is recorded in it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use postbud_decide::{Decision, MailboxId, Outcome, Reason};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{
    Assignment, Entry, Filter, LetterDetail, LetterRow, OutboxItem, OutboxOutcome, RawId,
    RawWriter, Recorded, Store, StoreError, Tally, Timestamp,
};

use crate::inventory::{DECISIONS, DOUBTS_SEEN, OUTCOMES, RECORDED};
use crate::metrics::Metrics;
use crate::stage::measured;

/// Another store, counted.
pub struct MeasuredStore {
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
}

impl MeasuredStore {
    /// Counts what is recorded in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, metrics: Arc<Metrics>) -> Self {
        Self { store, metrics }
    }

    fn recorded(&self, entry: &Entry, recorded: Recorded) {
        let result = match recorded {
            Recorded::New => "new",
            Recorded::Known => "known",
            Recorded::Clash => "clash",
        };
        self.metrics.count(&RECORDED, &[result], 1);
        if recorded == Recorded::New {
            self.decided(&entry.decision);
        }
    }

    fn decided(&self, decision: &Decision) {
        let mailbox = match &decision.outcome {
            Outcome::Route { mailbox } => Some(mailbox),
            Outcome::Review => None,
        };
        let way = match &decision.reason {
            Reason::Rule { .. } => "rule",
            Reason::Reply { .. } => "reply",
            Reason::Kle { .. } => "kle",
            Reason::Model { .. } => "model",
            Reason::Person { .. } | Reason::Assigned { .. } => "person",
        };
        self.metrics.count(&DECISIONS, &[self.metrics.mailbox(mailbox), way], 1);
        if let Reason::Person { doubts, .. } = &decision.reason {
            for doubt in doubts {
                self.metrics.count(&DOUBTS_SEEN, &[doubt.word()], 1);
            }
        }
    }
}

#[async_trait]
impl Store for MeasuredStore {
    async fn put_raw(&self, raw: Bytes, now: Timestamp) -> Result<RawId, StoreError> {
        self.store.put_raw(raw, now).await
    }

    fn begin_raw(&self, now: Timestamp) -> Box<dyn RawWriter> {
        self.store.begin_raw(now)
    }

    async fn raw(&self, id: &RawId) -> Result<Option<Bytes>, StoreError> {
        measured(&self.metrics, "load", self.store.raw(id)).await
    }

    async fn raw_size(&self, id: &RawId) -> Result<Option<u64>, StoreError> {
        self.store.raw_size(id).await
    }

    async fn record(&self, batch: &[Entry]) -> Result<Vec<Recorded>, StoreError> {
        let recorded = measured(&self.metrics, "record", self.store.record(batch)).await?;
        for (entry, recorded) in batch.iter().zip(&recorded) {
            self.recorded(entry, *recorded);
        }
        Ok(recorded)
    }

    async fn letters(&self, filter: &Filter) -> Result<Vec<LetterRow>, StoreError> {
        self.store.letters(filter).await
    }

    async fn letter(&self, id: &LetterId) -> Result<Option<LetterDetail>, StoreError> {
        self.store.letter(id).await
    }

    async fn assign(&self, assignment: &Assignment) -> Result<(), StoreError> {
        self.store.assign(assignment).await
    }

    async fn claim_outbox(
        &self,
        max: u32,
        max_bytes: u64,
        now: Timestamp,
        lease_ms: i64,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        let claimed = self.store.claim_outbox(max, max_bytes, now, lease_ms);
        measured(&self.metrics, "claim", claimed).await
    }

    async fn claim_outbox_except(
        &self,
        except: &[MailboxId],
        max: u32,
        max_bytes: u64,
        now: Timestamp,
        lease_ms: i64,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        let claimed = self.store.claim_outbox_except(except, max, max_bytes, now, lease_ms);
        measured(&self.metrics, "claim", claimed).await
    }

    async fn reserve(
        &self,
        mailbox: &MailboxId,
        interval_ms: i64,
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        self.store.reserve(mailbox, interval_ms, now).await
    }

    async fn prolong_outbox(
        &self,
        keys: &[String],
        until: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        self.store.prolong_outbox(keys, until).await
    }

    async fn settle_outbox(
        &self,
        outcomes: &[(String, OutboxOutcome)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        measured(&self.metrics, "mark", self.store.settle_outbox(outcomes, now)).await?;
        for (_, outcome) in outcomes {
            let outcome = match outcome {
                OutboxOutcome::Delivered => "delivered",
                OutboxOutcome::Again { .. } => "again",
                OutboxOutcome::Release => "release",
                OutboxOutcome::GivenUp { .. } => "given-up",
            };
            self.metrics.count(&OUTCOMES, &[outcome], 1);
        }
        Ok(())
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        self.store.tally().await
    }
}
