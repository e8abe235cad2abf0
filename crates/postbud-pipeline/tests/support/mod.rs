//! A queue, a store and a target in memory that write down everything they are asked, in order.
#![allow(dead_code, reason = "each test file uses a part of this")]

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use postbud_decide::{MailboxId, Scores};
use postbud_letter::{Letter, LetterId};
use postbud_pipeline::ports::*;

/// What happened, in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Recorded(Vec<String>),
    Refused,
    Settled(u64, Settlement),
}

pub(crate) type Log = Arc<Mutex<Vec<Step>>>;

/// Hands out what it was given, once.
pub(crate) struct MemoryQueue {
    pub(crate) waiting: Mutex<VecDeque<Received>>,
    pub(crate) log: Log,
}

impl MemoryQueue {
    pub(crate) fn new(bodies: Vec<Result<Body, String>>, log: &Log) -> Self {
        let messages = bodies.into_iter().enumerate().map(|(number, body)| Received {
            token: Token { session: 1, number: number as u64 },
            id: format!("message-{number}"),
            body,
            attempts: 0,
            returned: 0,
        });
        Self { waiting: Mutex::new(messages.collect()), log: Arc::clone(log) }
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn publish(&self, _: Vec<Message>) -> Result<(), QueueError> {
        Ok(())
    }
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, QueueError> {
        let taken: Vec<_> = {
            let mut waiting = self.waiting.lock().unwrap();
            let count = max.min(waiting.len());
            waiting.drain(..count).collect()
        };
        if taken.is_empty() {
            tokio::time::sleep(wait).await;
        }
        Ok(taken)
    }
    async fn settle(&self, outcomes: Vec<(Token, Settlement)>) -> Result<(), QueueError> {
        let mut log = self.log.lock().unwrap();
        log.extend(outcomes.into_iter().map(|(token, what)| Step::Settled(token.number, what)));
        Ok(())
    }
    async fn depth(&self) -> Result<Depth, QueueError> {
        Ok(Depth::default())
    }
    async fn dead(&self, _: usize) -> Result<Vec<DeadLetter>, QueueError> {
        Ok(Vec::new())
    }
    async fn erase_dead(&self, _: &dyn DeadJudge) -> Result<u64, QueueError> {
        Ok(0)
    }
    async fn replay(&self, _: Option<&str>, _: usize) -> Result<u64, QueueError> {
        Ok(0)
    }
    async fn shutdown(&self) -> Result<(), QueueError> {
        Ok(())
    }
}

/// Keeps ids only. `answers` come first; when they are used up, everything succeeds.
pub(crate) struct MemoryStore {
    pub(crate) log: Log,
    pub(crate) answers: Mutex<VecDeque<StoreError>>,
    /// An entry with this subject cannot be stored.
    pub(crate) bad_subject: Option<String>,
    pub(crate) outbox: Mutex<Vec<OutboxItem>>,
    pub(crate) outcomes: Mutex<Vec<(String, OutboxOutcome)>>,
    /// Letters that the queue may name.
    pub(crate) raws: Mutex<HashMap<RawId, Bytes>>,
    /// Bytes of them that were read and are not recorded: now, and at most so far.
    pub(crate) in_hand: Mutex<(usize, usize)>,
}

impl MemoryStore {
    pub(crate) fn new(log: &Log) -> Self {
        Self {
            log: Arc::clone(log),
            answers: Mutex::default(),
            bad_subject: None,
            outbox: Mutex::default(),
            outcomes: Mutex::default(),
            raws: Mutex::default(),
            in_hand: Mutex::default(),
        }
    }
}

pub(crate) fn away() -> StoreError {
    StoreError::Unavailable { place: "memory".into(), what: "testing".into(), source: None }
}

#[async_trait]
impl Store for MemoryStore {
    async fn put_raw(&self, _: Bytes, _: Timestamp) -> Result<RawId, StoreError> {
        unreachable!("no test asks for it")
    }
    fn begin_raw(&self, _: Timestamp) -> Box<dyn RawWriter> {
        unreachable!()
    }

    async fn raw(&self, id: &RawId) -> Result<Option<Bytes>, StoreError> {
        let raw = self.raws.lock().unwrap().get(id).cloned();
        let mut in_hand = self.in_hand.lock().unwrap();
        in_hand.0 += raw.as_ref().map_or(0, Bytes::len);
        in_hand.1 = in_hand.1.max(in_hand.0);
        Ok(raw)
    }
    async fn raw_size(&self, id: &RawId) -> Result<Option<u64>, StoreError> {
        Ok(self.raws.lock().unwrap().get(id).map(|raw| raw.len() as u64))
    }
    async fn record(&self, batch: &[Entry]) -> Result<Vec<Recorded>, StoreError> {
        let named = self.raws.lock().unwrap();
        let done = batch.iter().filter_map(|entry| named.get(&entry.raw_id)).map(Bytes::len);
        self.in_hand.lock().unwrap().0 -= done.sum::<usize>();
        drop(named);
        if let Some(error) = self.answers.lock().unwrap().pop_front() {
            self.log.lock().unwrap().push(Step::Refused);
            return Err(error);
        }
        let bad = |entry: &&Entry| self.bad_subject.as_deref() == Some(entry.subject.as_str());
        if batch.iter().any(|entry| bad(&entry)) {
            self.log.lock().unwrap().push(Step::Refused);
            return Err(StoreError::BadEntry { what: "testing".into() });
        }
        let subjects = batch.iter().map(|entry| entry.subject.clone()).collect();
        self.log.lock().unwrap().push(Step::Recorded(subjects));
        Ok(vec![Recorded::New; batch.len()])
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
        _: u32,
        _: u64,
        _: Timestamp,
        _: i64,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        Ok(std::mem::take(&mut *self.outbox.lock().unwrap()))
    }
    async fn settle_outbox(
        &self,
        outcomes: &[(String, OutboxOutcome)],
        _: Timestamp,
    ) -> Result<(), StoreError> {
        self.outcomes.lock().unwrap().extend_from_slice(outcomes);
        Ok(())
    }
    async fn tally(&self) -> Result<Tally, StoreError> {
        Ok(Tally::default())
    }
}

/// A model that knows nothing, and panics at letters with the subject "panic".
pub(crate) struct Nothing;

impl Classifier for Nothing {
    fn classify(&self, letter: &Letter) -> Option<Scores> {
        assert!(letter.subject != "panic", "asked to");
        None
    }
}

/// Answers with what it was given, by mailbox.
pub(crate) struct Answers(pub(crate) fn(&MailboxId) -> Result<(), DeliveryError>);

#[async_trait]
impl Target for Answers {
    async fn deliver(&self, item: &Outgoing) -> Result<(), DeliveryError> {
        (self.0)(&item.mailbox)
    }
}
