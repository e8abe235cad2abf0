//! Whose data is kept, how long, and who looked at it.

mod chain;
mod persons;
mod retention;

pub use chain::{Chain, ChainFault};
pub use persons::{PersonKey, PersonKeyError};
pub use retention::{Purpose, RetentionRun};

pub(crate) use chain::log_access;
pub(crate) use retention::unused;
