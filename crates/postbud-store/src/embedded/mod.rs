//! The embedded queue: a lease table in the store's own database.
//!
//! A received message stays where it is and becomes invisible until its lease ends; settling it
//! ends the lease early. A process that dies loses nothing: its messages come back when their
//! leases end, and while it lives it prolongs them. The bytes of a message are written once, as
//! the raw bytes of the letter that it will become; the row only holds their name. Several
//! processes may share the queue.

mod claim;
mod dead;
mod held;
mod publish;
mod settle;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use postbud_pipeline::ports::{
    Body, DeadJudge, DeadLetter, Depth, Message, Queue, QueueError, RawId, Received, Settlement,
    StoreError, Timestamp, Token,
};
use tokio::time::{Instant, sleep_until};

use self::held::Held;
use crate::raw;
use crate::sql::into_queue_error;
use crate::store::{SqlStore, read, write};

/// How often an idle receiver looks for messages that other processes published.
const POLL: Duration = Duration::from_millis(250);

/// Shortest pause between two looks.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);

/// How the embedded queue treats messages.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedOptions {
    /// A message that failed so often becomes a dead letter.
    pub attempts: u32,
    /// Pause before a failed message is served again, in milliseconds.
    pub retry_delay_ms: i64,
    /// How long the messages of a process that died stay invisible, in milliseconds. A living
    /// process prolongs its leases every third of this, for at most half an hour a message.
    pub lease_ms: i64,
}

impl Default for EmbeddedOptions {
    /// 3 attempts, 10 seconds between them, a lease of 60 seconds.
    fn default() -> Self {
        Self { attempts: 3, retry_delay_ms: 10_000, lease_ms: 60_000 }
    }
}

/// A queue of letters in the store's database.
///
/// A message above one mebibyte is received as `Body::Stored`, however it was published, so that
/// a batch of large letters does not fill the memory.
#[derive(Clone)]
pub struct EmbeddedQueue {
    store: SqlStore,
    options: EmbeddedOptions,
    held: Arc<Held>,
}

impl std::fmt::Debug for EmbeddedQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedQueue")
            .field("store", &self.store)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl EmbeddedQueue {
    /// The queue that lies in `store`.
    #[must_use]
    pub fn new(store: SqlStore, options: EmbeddedOptions) -> Self {
        Self { store, options, held: Arc::default() }
    }

    /// Looks for messages once: what was there, or when to look again.
    async fn look(&self, max: usize) -> Result<Look, StoreError> {
        let next = read!(self.store, "looking at the queue", tx => claim::next_visible(tx))?;
        match next {
            None => Ok(Look::Empty),
            Some(at) if at > Timestamp::now() => Ok(Look::Until(at)),
            Some(_) => self.take(max).await,
        }
    }

    /// Takes what is there.
    async fn take(&self, max: usize) -> Result<Look, StoreError> {
        let now = Timestamp::now();
        let until = now.plus_ms(self.options.lease_ms);
        let lease = claim::Lease { session: held::new_session(), now, until };
        let extra = raw::extra_time(max.saturating_mul(raw::CHUNK).min(raw::LARGEST));
        let received = write!(self.store, "taking messages", extra,
                tx => claim::claim(tx, self.store.vault(), max, &lease))?;
        self.held.add(received.iter().map(|message| message.token));
        Ok(Look::Found(received))
    }

    /// When a receiver that found nothing looks again, unless the bell rings before.
    fn next_look(look: &Result<Look, StoreError>) -> Instant {
        let pause = match look {
            Ok(Look::Until(at)) => {
                let ms = at.0.saturating_sub(Timestamp::now().0);
                Duration::from_millis(u64::try_from(ms).unwrap_or_default())
            }
            Ok(Look::Found(_)) => SHORTEST_PAUSE,
            Ok(Look::Empty) | Err(_) => POLL,
        };
        Instant::now() + pause.clamp(SHORTEST_PAUSE, POLL)
    }
}

/// What a look at the queue found.
enum Look {
    Found(Vec<Received>),
    /// Nothing yet; the next message becomes visible then.
    Until(Timestamp),
    Empty,
}

#[async_trait]
impl Queue for EmbeddedQueue {
    async fn publish(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        if messages.is_empty() {
            return Ok(());
        }
        let messages = publish::name_all(messages).await;
        let extra = raw::extra_time(messages.iter().map(publish::Named::size).sum());
        let now = Timestamp::now();
        write!(self.store, "publishing messages", extra,
            tx => publish::publish(tx, self.store.vault(), &messages, now))
        .map_err(into_queue_error)?;
        self.store.bell().notify_waiters();
        Ok(())
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, QueueError> {
        self.held.keep(&self.store, self.options.lease_ms);
        let end = Instant::now() + wait;
        let mut first = true;
        loop {
            let mut bell = std::pin::pin!(self.store.bell().notified());
            // From here on a ring is heard, also one that comes while looking.
            bell.as_mut().enable();
            if max == 0 || self.held.is_closed() {
                return Ok(Vec::new());
            }
            // Where messages come all the time, the first try finds some. Later ones look before
            // they ask for the right to write.
            let look = if std::mem::take(&mut first) {
                self.take(max).await
            } else {
                self.look(max).await
            };
            match look {
                Ok(Look::Found(received)) if !received.is_empty() => return Ok(received),
                Err(error) if Instant::now() >= end => return Err(into_queue_error(error)),
                Ok(_) if Instant::now() >= end => return Ok(Vec::new()),
                _ => {}
            }
            tokio::select! {
                () = bell => {}
                () = sleep_until(Self::next_look(&look).min(end)) => {}
            }
        }
    }

    async fn settle(&self, outcomes: Vec<(Token, Settlement)>) -> Result<(), QueueError> {
        if outcomes.is_empty() {
            return Ok(());
        }
        let now = Timestamp::now();
        let rule = settle::Rule {
            attempts: self.options.attempts.max(1),
            retry_at: now.plus_ms(self.options.retry_delay_ms),
            now,
        };
        write!(self.store, "settling messages", Duration::ZERO,
            tx => settle::settle(tx, &outcomes, &rule))
        .map_err(into_queue_error)?;
        self.held.remove(outcomes.iter().map(|(token, _)| token));
        if outcomes.iter().any(|(_, outcome)| *outcome == Settlement::Release) {
            self.store.bell().notify_waiters();
        }
        Ok(())
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        let now = Timestamp::now();
        read!(self.store, "counting messages", tx => dead::depth(tx, now)).map_err(into_queue_error)
    }

    async fn dead(&self, max: usize) -> Result<Vec<DeadLetter>, QueueError> {
        read!(self.store, "listing dead letters", tx => dead::list(tx, max))
            .map_err(into_queue_error)
    }

    async fn replay(&self, id: Option<&str>, max: usize) -> Result<u64, QueueError> {
        let now = Timestamp::now();
        let replayed = write!(self.store, "replaying dead letters", Duration::ZERO,
            tx => dead::replay(tx, id, max, now))
        .map_err(into_queue_error)?;
        self.store.bell().notify_waiters();
        Ok(replayed)
    }

    async fn erase_dead(&self, judge: &dyn DeadJudge) -> Result<u64, QueueError> {
        let all = read!(self.store, "listing dead letters", tx => dead::bodies(tx))
            .map_err(into_queue_error)?;
        let mut erased = 0;
        for message in all {
            let raw_id = RawId(message.raw_id.clone());
            let at = Some(message.at);
            if judge.condemns(&message.id, &Body::Stored(raw_id), at).await {
                erased += write!(self.store, "erasing a dead letter", Duration::ZERO,
                    tx => dead::erase(tx, &message))
                .map_err(into_queue_error)?;
            }
        }
        if erased > 0 {
            self.store.sweep().await.map_err(into_queue_error)?;
        }
        Ok(erased)
    }

    async fn shutdown(&self) -> Result<(), QueueError> {
        let open = self.held.close();
        self.store.bell().notify_waiters();
        self.settle(open.into_iter().map(|token| (token, Settlement::Release)).collect()).await
    }
}
