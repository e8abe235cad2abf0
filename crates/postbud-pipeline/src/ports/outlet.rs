//! The port to queues that mailboxes read from.

use async_trait::async_trait;
use bytes::Bytes;

use super::QueueError;

/// A letter as it lies on a mailbox's queue: the original bytes, and around them what Postbud has
/// to say.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The outbox item's key: the same on every attempt, so that a reader recognises what it has.
    pub key: String,
    /// The media type of the body.
    pub media_type: &'static str,
    /// Names and values, without any text of the letter.
    pub headers: Vec<(&'static str, String)>,
    /// The letter as it was received.
    pub body: Bytes,
}

impl std::fmt::Debug for Envelope {
    /// Leaves the letter out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Envelope")
            .field("key", &self.key)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Puts letters on queues that specialist systems read from.
#[async_trait]
pub trait Outlet: Send + Sync {
    /// Puts one letter on `queue`. `Ok` means that the broker has confirmed it durable there; the
    /// same letter again is on the queue twice, under the same key. Ends within its own deadline.
    ///
    /// # Errors
    /// When the broker is away, has no such queue, or refuses.
    async fn put(&self, queue: &str, envelope: Envelope) -> Result<(), QueueError>;

    /// Closes the connection in order.
    async fn close(&self);
}
