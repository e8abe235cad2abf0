//! A store that notes what was decided about a letter, once that is durable.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;
use postbud_decide::{MailboxId, Outcome};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{
    Assignment, Entry, Filter, LetterDetail, LetterRow, OutboxItem, OutboxOutcome, RawId,
    RawWriter, Recorded, Store, StoreError, Tally, Timestamp,
};

use crate::spans::{Event, Spans};

/// Another store, traced.
pub struct TracedStore {
    store: Arc<dyn Store>,
    spans: Arc<Spans>,
}

impl TracedStore {
    /// Notes what is recorded in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, spans: Arc<Spans>) -> Self {
        Self { store, spans }
    }

    /// The span reaches from when the queue handed the letter over to when its decision is durable.
    fn note(&self, entry: &Entry, recorded: Recorded) {
        let (outcome, mailbox) = match (recorded, &entry.decision.outcome) {
            (Recorded::Known, _) => ("known", None),
            (Recorded::Clash, _) => ("quarantined", None),
            (Recorded::New, Outcome::Route { mailbox }) => ("routed", Some(mailbox)),
            (Recorded::New, Outcome::Review) => ("review", None),
        };
        let mut attributes = vec![KeyValue::new("postbud.outcome", outcome)];
        attributes.extend(mailbox.map(|id| KeyValue::new("postbud.mailbox", id.to_string())));
        let since = u64::try_from(entry.received_at.0).unwrap_or_default();
        let began = UNIX_EPOCH + Duration::from_millis(since);
        let (name, kind) = ("route", SpanKind::Consumer);
        let event = Event { name, kind, began, attributes, failed: None, first: false };
        self.spans.note(entry.letter.as_str(), event);
    }
}

#[async_trait]
impl Store for TracedStore {
    async fn put_raw(&self, raw: Bytes, now: Timestamp) -> Result<RawId, StoreError> {
        self.store.put_raw(raw, now).await
    }

    fn begin_raw(&self, now: Timestamp) -> Box<dyn RawWriter> {
        self.store.begin_raw(now)
    }

    async fn raw(&self, id: &RawId) -> Result<Option<Bytes>, StoreError> {
        self.store.raw(id).await
    }

    async fn raw_size(&self, id: &RawId) -> Result<Option<u64>, StoreError> {
        self.store.raw_size(id).await
    }

    async fn record(&self, batch: &[Entry]) -> Result<Vec<Recorded>, StoreError> {
        let recorded = self.store.record(batch).await?;
        for (entry, recorded) in batch.iter().zip(&recorded) {
            self.note(entry, *recorded);
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
        self.store.claim_outbox(max, max_bytes, now, lease_ms).await
    }

    async fn claim_outbox_except(
        &self,
        except: &[MailboxId],
        max: u32,
        max_bytes: u64,
        now: Timestamp,
        lease_ms: i64,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        self.store.claim_outbox_except(except, max, max_bytes, now, lease_ms).await
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
        self.store.settle_outbox(outcomes, now).await
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        self.store.tally().await
    }
}
