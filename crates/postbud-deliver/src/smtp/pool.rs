//! Connections kept open between letters.
//!
//! lettre has a pool of its own, but a send that is dropped when its deadline passes goes back
//! into it half done. The next letter then reads the answers to the one before, and takes
//! `354 go ahead` for "delivered". Here a connection comes back only after a complete delivery;
//! dropped in any other way, it is closed.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lettre::transport::smtp::client::AsyncSmtpConnection;
use tokio::sync::{Semaphore, SemaphorePermit};

/// A connection idle for longer is not trusted: servers and firewalls close them silently.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// A bounded set of connections to one server.
pub(super) struct Pool {
    idle: Mutex<Vec<(Instant, AsyncSmtpConnection)>>,
    slots: Semaphore,
}

impl Pool {
    /// At most `connections` letters are sent at the same time.
    pub(super) fn new(connections: u32) -> Self {
        let slots = usize::try_from(connections).unwrap_or(1).max(1);
        Self { idle: Mutex::default(), slots: Semaphore::new(slots) }
    }

    /// Waits until a letter may be sent. `None`: the pool has been closed.
    pub(super) async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        self.slots.acquire().await.ok()
    }

    /// The connection that was used last, if it is fresh. It may have died all the same.
    pub(super) fn take(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(since, _)| since.elapsed() < IDLE_MAX);
        idle.pop().map(|(_, connection)| connection)
    }

    /// Keeps a connection on which a delivery was completed.
    pub(super) fn put(&self, connection: AsyncSmtpConnection) {
        if !connection.has_broken() && !self.slots.is_closed() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push((Instant::now(), connection));
        }
    }

    /// Lets nothing more be sent and hands out what is idle.
    pub(super) fn close(&self) -> Vec<AsyncSmtpConnection> {
        self.slots.close();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.drain(..).map(|(_, connection)| connection).collect()
    }
}
