//! Everything a decision depends on beside the letter and the model.

use crate::{Mailbox, MailboxId, Rule};

/// Mailboxes, rules and limits, as configured.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The mailboxes, in the order of the file.
    pub mailboxes: Vec<Mailbox>,
    /// The rules, in the order of the file; the first that matches decides.
    pub rules: Vec<Rule>,
    /// A letter goes to a person when a must-not-miss mailbox other than the best one is more
    /// probable than this, 0 to 1.
    pub must_not_miss_probability: f64,
    /// Does a letter that names its KLE subject go to the mailbox that takes it? Off until someone
    /// switches it on; without it, [`Mailbox::kle`] only says what belongs where.
    pub by_kle: bool,
}

/// What [`Settings::must_not_miss_probability`] is when nothing is configured.
pub const MUST_NOT_MISS_PROBABILITY: f64 = 0.05;

impl Default for Settings {
    fn default() -> Self {
        Self {
            mailboxes: Vec::new(),
            rules: Vec::new(),
            must_not_miss_probability: MUST_NOT_MISS_PROBABILITY,
            by_kle: false,
        }
    }
}

impl Settings {
    /// The mailbox of this id.
    #[must_use]
    pub fn mailbox(&self, id: &MailboxId) -> Option<&Mailbox> {
        self.mailboxes.iter().find(|mailbox| mailbox.id == *id)
    }
}
