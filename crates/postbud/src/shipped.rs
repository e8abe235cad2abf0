//! What the binary carries with it: the demo municipality's letters, and the model trained on four
//! fifths of them.

/// All the letters, labelled.
pub(crate) const LETTERS: &str = include_str!("../../../models/klitkobing/letters.jsonl");

/// The model.
pub(crate) const MODEL: &[u8] = include_bytes!("../../../models/klitkobing/1/model.postbud");

/// Its name and version.
pub(crate) const MODEL_NAME: &str = "klitkobing/1";
