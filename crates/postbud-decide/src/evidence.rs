//! What a decision may ask for beside the letter itself.

use crate::Scores;

/// Two questions about the letter, asked only when the answer matters. Both must be pure
/// functions of the letter; then so is the decision.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// What the model says; `None` when no model is loaded. Asked at most once.
    pub scores: &'a dyn Fn() -> Option<Scores>,
    /// The language of the text as a two-letter code; `None` when it is not known. Asked at most
    /// once.
    pub language: &'a dyn Fn() -> Option<String>,
}

impl std::fmt::Debug for Evidence<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Evidence")
    }
}
