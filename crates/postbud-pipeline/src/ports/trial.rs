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
    /// Not done within a glance: nothing is known but that it must not keep others waiting.
    Slow,
    /// Nothing is known: the letter could not be tried.
    Untried,
    /// Nothing is known: somebody asked the process to end, as a stop of the whole group does.
    Interrupted,
}

/// How long a letter is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Longer than nearly every letter needs, and short enough that others can wait for it. Never
    /// condemns a letter for the time it takes.
    Glance,
    /// As long as a letter may take at all, with whatever processor time nobody else wants.
    Whole,
}

/// Reads a letter and decides about it in a process of its own, which may die.
#[async_trait]
pub trait Trial: Send + Sync {
    /// Tries this letter. Always ends. [`Verdict::Slow`] is an answer to a glance only.
    async fn attempt(&self, raw: &Bytes, look: Look) -> Verdict;
}
