//! The port to what a person can ask for: everything held about them, that it is erased, or that
//! nothing about them is decided automatically.

use async_trait::async_trait;
use postbud_letter::LetterId;

use super::Timestamp;

/// Everything held about a person.
#[derive(Debug, Clone, Default)]
pub struct HandedOut {
    /// How many letters, dead ones among them.
    pub letters: usize,
    /// A ZIP archive that can be read without Postbud; names of staff are withheld.
    pub archive: Vec<u8>,
}

/// What went of a person, and what is still there.
#[derive(Debug, Clone, Default)]
pub struct Erasure {
    /// Letters that went from the store.
    pub letters: usize,
    /// Letters that are on their way to a mailbox and stay until they have arrived.
    pub on_their_way: Vec<LetterId>,
    /// Dead letters that went from the queue.
    pub dead: u64,
    /// Dead letters that nobody can read, so that nobody knows whom they are about.
    pub unread: u64,
    /// Files that went: of drop folders, and documents for SF2900.
    pub files: u64,
    /// Files of the same folders that stay: nobody can read or remove them, or letters of others are in
    /// them that were never taken.
    pub unread_files: u64,
    /// Letters on the queue that are not recorded yet, so that nobody knows whom they are about.
    pub waiting: u64,
    /// Are letters fetched over IMAP, so that they also lie in the folders they were moved to?
    pub imap: bool,
    /// Backups in which the person still is, oldest first.
    pub backups: Vec<HeldBackup>,
    /// Does the configuration say where backups lie?
    pub backups_known: bool,
}

/// A backup that was made while a letter of a person was in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBackup {
    /// Where it lies.
    pub folder: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Until when it is kept.
    pub kept_until: Timestamp,
}

/// Why it cannot be done now; nothing in it names the person.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct PeopleError {
    /// What failed, with its causes.
    pub what: String,
}

/// What a person can ask for. `cpr` is ten digits, `by` the person at work who asks; each call
/// leaves a row in the access log before anything is done.
#[async_trait]
pub trait People: Send + Sync {
    /// Hands out everything held about a person.
    async fn export(&self, cpr: &str, by: &str) -> Result<HandedOut, PeopleError>;

    /// Erases everything about a person, dead letters on the queue among it.
    async fn erase(&self, cpr: &str, by: &str) -> Result<Erasure, PeopleError>;

    /// From now on nothing about this person is decided automatically, or is again.
    async fn restrict(&self, cpr: &str, by: &str, restricted: bool) -> Result<(), PeopleError>;
}
