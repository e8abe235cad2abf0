//! Rules, mailboxes and thresholds into a decision with a stored reason.
//!
//! Pure and total: no I/O, no clock, no failure. The same letter, scores and settings give the
//! same decision, byte for byte.

mod access;
mod answer;
mod claiming;
mod claims;
mod decide;
mod decision;
pub mod describe;
mod documents;
mod evidence;
mod header;
mod kle;
mod lang;
mod language;
mod looking;
mod mailbox;
mod matching;
mod model_step;
mod pattern;
mod rule;
mod scores;
mod seal;
mod settings;
mod taking;
mod view;
mod words;
pub mod workdays;

pub use access::{AccessRequest, WORKING_DAYS, due_at};
pub use claims::Claims;
pub use decide::{decide, decide_with, held};
pub use decision::{Decision, Doubt, NotChecked, Outcome, Reason, Suggestion};
pub use documents::{DOCUMENTS_MAX, DocumentNote};
pub use evidence::Evidence;
pub use kle::{KleFacet, KleFacetError, KlePattern, KlePatternError, KleSubject};
pub use lang::Lang;
pub use mailbox::{Mailbox, MailboxId, MailboxIdError, Target, Tier};
pub use pattern::Pattern;
pub use rule::{AttachmentPattern, Condition, Destination, Place, Rule, SenderId, SenderIdError};
pub use scores::{Contribution, ModelId, Score, Scores, TextNote, Unlike};
pub use seal::assigned;
pub use settings::{MUST_NOT_MISS_PROBABILITY, Settings};
pub use taking::{Taken, taken};
pub use words::{WordPattern, WordPatternError, Words};
