//! Letters, decisions, labels, the outbox and the embedded queue in SQLite or PostgreSQL.
//!
//! This is the only crate with SQL. It implements two ports of `postbud-pipeline`:
//! [`SqlStore`] is a `Store`, [`EmbeddedQueue`] a `Queue` whose messages lie in the same database.
//! Both databases share one schema and one set of statements; the small `sql` module knows the
//! differences (how many rows are handed over at once, how rows are locked).
//!
//! Invariants:
//! - whatever changes the state of a letter happens in one transaction with its reason;
//! - the raw bytes of a letter are stored once, under their SHA-256, in chunks of at most 1 MiB, each
//!   encrypted where the store has a master key;
//! - every call ends by its deadline. When the answer to a commit is lost with the connection, the
//!   call says `Unavailable` although the work may be done; recording or settling the same again
//!   then changes nothing;
//! - no error holds a password or any text of a letter.

mod arriving;
mod assign;
mod clock;
mod desk;
mod detail;
mod embedded;
mod erase;
mod hex;
mod import;
mod labels;
mod list;
mod measure;
mod migrate;
mod open;
mod options;
mod outbox;
mod pace;
mod privacy;
mod raw;
mod record;
mod retrains;
mod schema;
mod settle;
mod shadow;
mod sql;
mod store;
mod training;
mod vault;
mod waits_for;

pub use embedded::{EmbeddedOptions, EmbeddedQueue};
pub use list::Label;
pub use open::open;
pub use options::StoreOptions;
pub use privacy::{Chain, ChainFault, PersonKey, PersonKeyError, Purpose, RetentionRun};
pub use schema::{Schema, schema};
pub use store::SqlStore;
pub use training::TrainingLabel;
pub use vault::{DataKey, KeyUse, MasterKey, MasterKeyError, Rotated, StoreKeys};
