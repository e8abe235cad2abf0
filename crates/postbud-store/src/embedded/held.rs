//! The messages that this process holds, and the task that prolongs their leases.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use postbud_pipeline::ports::{Timestamp, Token};
use tokio::time::{Instant, sleep};

use super::settle;
use crate::store::{SqlStore, write};

/// A message that is held longer is given back to the queue: who took it hangs.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// The tokens received and not yet settled, with when they were received.
#[derive(Default)]
pub(super) struct Held {
    tokens: Mutex<HashMap<Token, Instant>>,
    closed: AtomicBool,
    kept: AtomicBool,
}

/// A number that no other lease has.
pub(super) fn new_session() -> u64 {
    let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
    high ^ low
}

impl Held {
    fn lock(&self) -> MutexGuard<'_, HashMap<Token, Instant>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, tokens: impl Iterator<Item = Token>) {
        let now = Instant::now();
        self.lock().extend(tokens.map(|token| (token, now)));
    }

    pub(super) fn remove<'a>(&self, tokens: impl Iterator<Item = &'a Token>) {
        let mut held = self.lock();
        for token in tokens {
            held.remove(token);
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// No more messages from now on; returns what is still held.
    pub(super) fn close(&self) -> Vec<Token> {
        self.closed.store(true, Ordering::SeqCst);
        self.lock().keys().copied().collect()
    }

    /// What is held and not for too long; forgets the rest.
    fn fresh(&self) -> Vec<Token> {
        let mut held = self.lock();
        held.retain(|_, since| since.elapsed() < LONGEST);
        held.keys().copied().collect()
    }

    /// Starts the task that prolongs leases, once. It ends with the last clone of the queue.
    pub(super) fn keep(self: &Arc<Self>, store: &SqlStore, lease_ms: i64) {
        if !self.kept.swap(true, Ordering::SeqCst) {
            tokio::spawn(prolong(Arc::downgrade(self), store.clone(), lease_ms));
        }
    }
}

async fn prolong(held: Weak<Held>, store: SqlStore, lease_ms: i64) {
    let pause = Duration::from_millis(u64::try_from(lease_ms / 3).unwrap_or_default().max(10));
    loop {
        sleep(pause).await;
        let Some(tokens) = held.upgrade().map(|held| held.fresh()) else {
            return;
        };
        if tokens.is_empty() {
            continue;
        }
        let until = Timestamp::now().plus_ms(lease_ms);
        let prolonged = write!(store, "prolonging leases", Duration::ZERO,
            tx => settle::prolong(tx, &tokens, until));
        if let Err(error) = prolonged {
            // The next round tries again; if the leases end first, the messages come again.
            tracing::warn!(%error, messages = tokens.len(), "leases were not prolonged");
        }
    }
}
