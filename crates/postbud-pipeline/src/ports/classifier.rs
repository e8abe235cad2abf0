//! The port to a model.

use postbud_decide::Scores;
use postbud_letter::Letter;

use super::ModelState;

/// Scores letters. Pure and quick: called from a blocking thread, many letters after another.
pub trait Classifier: Send + Sync {
    /// The mailboxes for `letter`, or `None` when no model is loaded. One answer comes from one
    /// model, the one it names, even when another takes over meanwhile.
    fn classify(&self, letter: &Letter) -> Option<Scores>;

    /// What the challenger says of `letter`; `None` when there is none. It decides nothing.
    fn shadow(&self, _letter: &Letter) -> Option<Scores> {
        None
    }

    /// Which models are at work now; `None` for a classifier that is always the same.
    fn state(&self) -> Option<ModelState> {
        None
    }
}
