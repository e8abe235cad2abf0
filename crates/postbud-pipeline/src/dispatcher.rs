//! The dispatcher: takes decided letters from the outbox to their mailboxes.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use postbud_decide::Doubt;
use tracing::{error, info, warn};

use crate::fault;
use crate::ports::{DeliveryError, OutboxItem, OutboxOutcome, Store, Target, Timestamp};
use crate::retry::RetryPolicy;
use crate::stop::Stop;

/// How the dispatcher works.
#[derive(Debug, Clone, Copy)]
pub struct DispatcherOptions {
    /// The most letters taken from the outbox at once.
    pub batch: u32,
    /// The most raw bytes taken at once.
    pub batch_bytes: u64,
    /// How many letters are on their way at the same time.
    pub concurrency: usize,
    /// How long a letter taken from the outbox belongs to this worker. Longer than any target's
    /// own deadline, so that no letter is sent by two.
    pub lease: Duration,
    /// How long to sleep when the outbox is empty.
    pub idle: Duration,
    /// The retries of one letter.
    pub retry: RetryPolicy,
}

impl Default for DispatcherOptions {
    fn default() -> Self {
        Self {
            batch: 64,
            batch_bytes: 64 << 20,
            concurrency: 16,
            lease: Duration::from_secs(600),
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
}

impl Dispatcher {
    /// A dispatcher over these parts.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, target: Arc<dyn Target>, options: DispatcherOptions) -> Self {
        Self { store, target, options }
    }

    /// Works until it is asked to stop, then finishes what it holds.
    pub async fn run(&self, stop: &Stop) {
        let mut failed = 0;
        while !stop.is_set() {
            match self.round(stop).await {
                Ok(0) => {
                    failed = 0;
                    stop.sleep(self.options.idle).await;
                }
                Ok(_) => failed = 0,
                Err(error) => {
                    failed += 1;
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    error!(error = %error, cause, failed, "the outbox cannot be used");
                    let away = RetryPolicy {
                        attempts: u32::MAX,
                        first: Duration::from_millis(200),
                        longest: Duration::from_secs(5),
                    };
                    stop.sleep(away.pause_for_ever("outbox", failed)).await;
                }
            }
        }
    }

    /// Sends what is due, once. Returns how many letters were taken.
    ///
    /// # Errors
    /// What the store answered; letters already sent are then sent again when their lease ends,
    /// under the same key.
    pub async fn round(&self, stop: &Stop) -> Result<usize, crate::ports::StoreError> {
        let lease = i64::try_from(self.options.lease.as_millis()).unwrap_or(i64::MAX);
        let (batch, bytes) = (self.options.batch, self.options.batch_bytes);
        let items = self.store.claim_outbox(batch, bytes, Timestamp::now(), lease).await?;
        if items.is_empty() {
            return Ok(0);
        }
        let count = items.len();
        let outcomes: Vec<(String, OutboxOutcome)> = stream::iter(items)
            .map(|item| async move {
                // Letters not yet begun when the stop comes go back at once.
                let outcome =
                    if stop.is_set() { OutboxOutcome::Release } else { self.send(&item).await };
                (item.key, outcome)
            })
            .buffer_unordered(self.options.concurrency.max(1))
            .collect()
            .await;
        self.store.settle_outbox(&outcomes, Timestamp::now()).await?;
        Ok(count)
    }

    async fn send(&self, item: &OutboxItem) -> OutboxOutcome {
        fault::point("after-claim", &item.key);
        let sent = self.target.deliver(item).await;
        fault::point("after-send", &item.key);
        let failed = item.attempts + 1;
        match sent {
            Ok(()) => {
                info!(letter = %item.letter, mailbox = %item.mailbox, "delivered");
                OutboxOutcome::Delivered
            }
            Err(error @ DeliveryError::Transient { .. }) => {
                warn!(letter = %item.letter, mailbox = %item.mailbox, failed, error = %error, "not delivered");
                match self.options.retry.pause(&item.key, failed) {
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
