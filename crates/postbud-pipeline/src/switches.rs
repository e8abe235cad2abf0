//! What was switched off while the program runs: one mailbox, or everything.
//!
//! Switching off only ever takes letters away from automatic routing. A letter is decided as if
//! nothing was off; when that would send it to a mailbox that is off, it is decided again with
//! everything off, which always ends with a person. No letter goes to another mailbox because its
//! own is off, so the letters routed automatically are a part of those that the promise was made
//! for, mailbox by mailbox.

use std::sync::PoisonError;
use std::sync::RwLock;

use postbud_decide::{Claims, Destination, MailboxId, Settings};

use crate::ports::Switches;

/// The switches as last read, for many threads.
#[derive(Debug, Default)]
pub(crate) struct Board(RwLock<Switches>);

impl Board {
    pub(crate) fn set(&self, switches: Switches) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = switches;
    }

    pub(crate) fn all_off(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).all_off
    }

    pub(crate) fn is_off(&self, mailbox: &MailboxId) -> bool {
        let switches = self.0.read().unwrap_or_else(PoisonError::into_inner);
        switches.all_off || switches.off.contains(mailbox)
    }
}

/// The same mailboxes and rules, and nothing happens without a person.
pub(crate) fn everything_off(settings: &Settings) -> Settings {
    let mut off = settings.clone();
    for mailbox in &mut off.mailboxes {
        mailbox.automatic = false;
        mailbox.claims = Claims::default();
    }
    off.by_kle = false;
    for rule in &mut off.rules {
        rule.to = Destination::Person;
    }
    off
}
