//! What holds for one mailbox when letters are sent: how often it is tried, how fast it may go.

use std::collections::BTreeMap;

use postbud_decide::MailboxId;

use crate::retry::RetryPolicy;

/// The terms of one mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The retries of one letter.
    pub retry: RetryPolicy,
    /// The fewest milliseconds between the beginnings of two deliveries, over all workers; `None`
    /// for as fast as it goes.
    pub interval_ms: Option<i64>,
}

/// The terms of every mailbox: the one place that says how letters are sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllTerms {
    usual: Terms,
    special: BTreeMap<MailboxId, Terms>,
}

impl AllTerms {
    /// The same for all.
    #[must_use]
    pub fn new(retry: RetryPolicy) -> Self {
        let usual = Terms { retry, interval_ms: None };
        Self { usual, special: BTreeMap::new() }
    }

    /// Other terms for one mailbox.
    #[must_use]
    pub fn with(mut self, mailbox: MailboxId, terms: Terms) -> Self {
        self.special.insert(mailbox, terms);
        self
    }

    /// What holds for a mailbox.
    #[must_use]
    pub fn of(&self, mailbox: &MailboxId) -> &Terms {
        self.special.get(mailbox).unwrap_or(&self.usual)
    }
}
