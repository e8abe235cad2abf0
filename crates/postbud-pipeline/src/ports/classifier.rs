//! The port to a model.

use postbud_decide::Scores;
use postbud_letter::Letter;

/// Scores letters. Pure and quick: called from a blocking thread, many letters after another.
pub trait Classifier: Send + Sync {
    /// The mailboxes for `letter`, or `None` when no model is loaded.
    fn classify(&self, letter: &Letter) -> Option<Scores>;
}
