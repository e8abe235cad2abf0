//! The port to the mailboxes.

use async_trait::async_trait;
use bytes::Bytes;
use postbud_decide::{Decision, MailboxId};
use postbud_letter::LetterId;

use super::OutboxItem;

/// A letter on its way out, with the target it goes to.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The idempotency key that targets see, as in [`OutboxItem`].
    pub key: String,
    /// The letter.
    pub letter: LetterId,
    /// Its raw bytes.
    pub raw: Bytes,
    /// The decision that sends it.
    pub decision: Decision,
    /// Where to.
    pub mailbox: MailboxId,
    /// How many attempts have failed.
    pub attempts: u32,
}

impl Outgoing {
    /// What was taken from the outbox, with its raw bytes.
    #[must_use]
    pub fn new(item: OutboxItem, raw: Bytes) -> Self {
        let OutboxItem { key, letter, decision, mailbox, attempts, .. } = item;
        Self { key, letter, raw, decision, mailbox, attempts }
    }
}

/// Why a target did not take a letter. Never holds any text of the letter.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Trying again may help: the target is away, busy, full.
    #[error("{mailbox} cannot take letters now: {what}")]
    Transient {
        /// The mailbox.
        mailbox: String,
        /// What the target said.
        what: String,
        /// What the library said.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// Trying again will not help: the target refuses this letter, or the mailbox has none.
    #[error("{mailbox} refuses the letter: {what}")]
    Permanent {
        /// The mailbox.
        mailbox: String,
        /// What the target said.
        what: String,
        /// What the library said.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

/// Brings letters to mailboxes. `Ok` means the target has it durably; the same item again has no
/// second effect where the target can promise that.
#[async_trait]
pub trait Target: Send + Sync {
    /// Delivers one letter. Ends within the target's own deadline.
    async fn deliver(&self, item: &Outgoing) -> Result<(), DeliveryError>;

    /// What a mailbox shares with others that are slow when it is slow: the name of its folder, of
    /// its mail server. As a rule each mailbox is on its own.
    fn lane(&self, mailbox: &MailboxId) -> String {
        mailbox.to_string()
    }
}
