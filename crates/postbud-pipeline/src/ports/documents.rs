//! The port to what reads the documents of a letter.

use postbud_letter::Letter;

/// Reads the documents that lie in a letter. What they say, and what was wrong with them, is noted
/// in [`Letter::attached`](postbud_letter::Letter::attached). Never fails, and takes a bounded time:
/// called from a blocking thread, only for letters that have documents.
pub trait Documents: Send + Sync {
    /// Reads those of `letter`, for as long as a letter may take.
    fn attach(&self, letter: &mut Letter);

    /// The same for no longer than a glance, so that others can wait for it. `false`: that was not
    /// enough, and nothing is noted.
    fn glance(&self, letter: &mut Letter) -> bool {
        self.attach(letter);
        true
    }

    /// Ends what is being read, for good: nobody waits for it any more. The calls that are under way
    /// return soon, with whatever they have.
    fn leave_off(&self) {}
}
