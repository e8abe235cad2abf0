//! Rules, mailboxes and thresholds into a decision with a stored reason.
//!
//! Pure and total: no I/O, no clock, no failure. The same letter, scores and settings give the
//! same decision, byte for byte.

mod decision;
mod mailbox;
mod scores;

pub use decision::{Decision, Doubt, Outcome, Reason, Suggestion};
pub use mailbox::{Mailbox, MailboxId, MailboxIdError, Target, Tier};
pub use scores::{Contribution, ModelId, Score, Scores};
