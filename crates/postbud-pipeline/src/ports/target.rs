//! The port to the mailboxes.

use async_trait::async_trait;
use postbud_decide::MailboxId;

use super::OutboxItem;

/// A letter on its way out, with the target it goes to.
pub type Outgoing = OutboxItem;

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
