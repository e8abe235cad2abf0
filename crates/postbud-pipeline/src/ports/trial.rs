//! The port to a place where a letter may do harm.

use async_trait::async_trait;
use bytes::Bytes;

/// What became of a letter that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It can be read and decided about.
    Harmless,
    /// Reading or deciding ended the process that did it, or did not end in time.
    Deadly {
        /// How, without any text of the letter.
        how: String,
    },
    /// Nothing is known: the letter could not be tried.
    Untried,
}

/// Reads a letter and decides about it in a process of its own, which may die.
#[async_trait]
pub trait Trial: Send + Sync {
    /// Tries this letter. Always ends.
    async fn attempt(&self, raw: &Bytes) -> Verdict;
}
