//! The dispatcher: takes decided letters from the outbox to their mailboxes.
//!
//! Letters are claimed for a short time, which is prolonged while they are held: when a worker dies,
//! another has its letters seconds later, and while it lives nobody else sends them. Claiming,
//! sending, settling and prolonging go on side by side; a target that is slow keeps only its own
//! letters waiting.

mod shift;
mod work;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use postbud_decide::{Doubt, MailboxId};
use tokio::time::timeout;
use tracing::{error, info, warn};

use self::shift::Shift;
use crate::fault;
use crate::memory::{LetterMemory, Room};
use crate::ports::{
    Body, DeliveryError, OutboxItem, OutboxOutcome, Outgoing, Store, StoreError, Target, Timestamp,
};
use crate::retry::RetryPolicy;
use crate::stop::Stop;
use crate::terms::AllTerms;

/// How the dispatcher works.
#[derive(Debug, Clone, Copy)]
pub struct DispatcherOptions {
    /// The most letters taken from the outbox at once.
    pub batch: u32,
    /// The most raw bytes taken at once.
    pub batch_bytes: u64,
    /// While so many raw bytes are held, no more letters are taken.
    pub held_bytes: u64,
    /// How many letters are on their way to one target at the same time.
    pub concurrency: usize,
    /// How long a letter taken from the outbox belongs to this worker. Prolonged every quarter of
    /// it for as long as the letter is held, so it need not outlast a target: it is how long the
    /// letters of a worker that died wait for another.
    pub lease: Duration,
    /// A target that has not answered by then has failed. Longer than any target's own deadline.
    pub send_deadline: Duration,
    /// How long a stop waits for letters that are on their way.
    pub grace: Duration,
    /// How long to sleep when the outbox is empty.
    pub idle: Duration,
    /// The retries of one letter, where the [terms](AllTerms) say nothing else of its mailbox.
    pub retry: RetryPolicy,
}

impl Default for DispatcherOptions {
    fn default() -> Self {
        Self {
            batch: 64,
            batch_bytes: 16 << 20,
            held_bytes: 64 << 20,
            concurrency: 16,
            lease: Duration::from_secs(4),
            send_deadline: Duration::from_secs(120),
            grace: Duration::from_secs(8),
            idle: Duration::from_millis(100),
            retry: RetryPolicy {
                attempts: 8,
                first: Duration::from_secs(30),
                longest: Duration::from_secs(3600),
            },
        }
    }
}

/// Takes letters from a store to their targets.
pub struct Dispatcher {
    store: Arc<dyn Store>,
    target: Arc<dyn Target>,
    options: DispatcherOptions,
    terms: AllTerms,
    memory: LetterMemory,
}

impl Dispatcher {
    /// A dispatcher over these parts.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, target: Arc<dyn Target>, options: DispatcherOptions) -> Self {
        let terms = AllTerms::new(options.retry);
        Self { store, target, options, terms, memory: LetterMemory::default() }
    }

    /// The same, and these terms instead of the same retries for every mailbox.
    #[must_use]
    pub fn with_terms(self, terms: AllTerms) -> Self {
        Self { terms, ..self }
    }

    /// The same, sharing the memory for large letters with others.
    #[must_use]
    pub fn with_memory(self, memory: LetterMemory) -> Self {
        Self { memory, ..self }
    }

    /// What a mailbox shares with others. One whose pace is limited waits on its own: its letters
    /// must not take the places of those of another on the same server.
    fn lane(&self, mailbox: &MailboxId) -> String {
        match self.terms.of(mailbox).interval_ms {
            Some(_) => format!("pace {mailbox}"),
            None => self.target.lane(mailbox),
        }
    }

    /// Waits until a letter may go to its mailbox. `false`: not now, somebody asked to stop or the
    /// store is away.
    async fn wait_for_pace(&self, mailbox: &MailboxId, stop: &Stop) -> bool {
        let Some(interval_ms) = self.terms.of(mailbox).interval_ms else { return true };
        let now = Timestamp::now();
        match self.store.reserve(mailbox, interval_ms, now).await {
            Ok(at) => {
                let wait = u64::try_from(at.0.saturating_sub(now.0)).unwrap_or(0);
                !stop.sleep(Duration::from_millis(wait)).await
            }
            Err(error) => {
                warn!(mailbox = %mailbox, error = %error, "no moment to send could be reserved");
                false
            }
        }
    }

    /// Works until it is asked to stop, then finishes what it holds, for as long as the grace lasts.
    pub async fn run(&self, stop: &Stop) {
        if let Err(error) = Shift::new(self, stop, false).work().await {
            // A shift that is not for one round waits for its store and does not fail.
            error!(error = %error, "the dispatcher ended");
        }
    }

    /// Sends what is due, once. Returns how many letters were taken.
    ///
    /// # Errors
    /// What the store answered when it was asked for letters. Settling is tried until it succeeds
    /// or the stop comes.
    pub async fn round(&self, stop: &Stop) -> Result<usize, StoreError> {
        Shift::new(self, stop, true).work().await
    }

    /// The raw bytes of a letter whose turn has come, with the room that they take, or what becomes of a
    /// letter without any.
    async fn raw(&self, item: &OutboxItem, stop: &Stop) -> Result<(Bytes, Room), OutboxOutcome> {
        let id = match &item.raw {
            Body::Inline(raw) => return Ok((raw.clone(), None)),
            Body::Stored(id) => id,
        };
        let room = tokio::select! {
            room = self.memory.room(item.size) => room,
            () = stop.wait() => return Err(OutboxOutcome::Release),
        };
        match self.store.raw(id).await {
            Ok(Some(raw)) => Ok((raw, room)),
            Ok(None) | Err(StoreError::Incompatible { .. }) => {
                error!(letter = %item.letter, "its raw bytes cannot be read: a person must look");
                let error = "what the store has of it cannot be read by this version".to_owned();
                Err(OutboxOutcome::GivenUp { doubt: Doubt::DeliveryFailed { error } })
            }
            Err(error) => {
                warn!(letter = %item.letter, error = %error, "a large letter cannot be read now");
                Err(OutboxOutcome::Release)
            }
        }
    }

    async fn send(&self, item: OutboxItem, stop: &Stop) -> OutboxOutcome {
        if !self.wait_for_pace(&item.mailbox, stop).await {
            return OutboxOutcome::Release;
        }
        let (raw, _room) = match self.raw(&item, stop).await {
            Ok(read) => read,
            Err(outcome) => return outcome,
        };
        let mut item = Outgoing::new(item, raw);
        if fault::mutation("another-key") {
            item.key = format!("{}-{}", item.key, Timestamp::now().0);
        }
        fault::point("before-send", &item.key);
        let sent = match timeout(self.options.send_deadline, self.target.deliver(&item)).await {
            Ok(sent) => sent,
            Err(_) => Err(no_answer(&item, self.options.send_deadline)),
        };
        fault::point("after-send", &item.key);
        let failed = item.attempts + 1;
        match sent {
            Ok(()) => {
                info!(letter = %item.letter, mailbox = %item.mailbox, "delivered");
                OutboxOutcome::Delivered
            }
            Err(error @ DeliveryError::Transient { .. }) => {
                warn!(letter = %item.letter, mailbox = %item.mailbox, failed, error = %error, "not delivered");
                match self.terms.of(&item.mailbox).retry.pause(&item.key, failed) {
                    Some(pause) => OutboxOutcome::Again {
                        at: Timestamp::now()
                            .plus_ms(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)),
                        error: error.to_string(),
                    },
                    None => given_up(&error),
                }
            }
            Err(error @ DeliveryError::Permanent { .. }) => {
                error!(letter = %item.letter, mailbox = %item.mailbox, error = %error, "refused: a person must look");
                given_up(&error)
            }
        }
    }
}

fn given_up(error: &DeliveryError) -> OutboxOutcome {
    OutboxOutcome::GivenUp { doubt: Doubt::DeliveryFailed { error: error.to_string() } }
}

fn no_answer(item: &Outgoing, deadline: Duration) -> DeliveryError {
    let what = format!("no answer within {} s", deadline.as_secs());
    DeliveryError::Transient { mailbox: item.mailbox.to_string(), what, source: None }
}
