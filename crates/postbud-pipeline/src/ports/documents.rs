//! The port to what reads the documents of a letter.

use postbud_letter::Letter;

/// Reads the documents that lie in a letter. What they say, and what was wrong with them, is noted
/// in [`Letter::attached`](postbud_letter::Letter::attached). Never fails, and takes a bounded time:
/// called from a blocking thread, only for letters that have documents.
pub trait Documents: Send + Sync {
    /// Reads those of `letter`.
    fn attach(&self, letter: &mut Letter);
}
