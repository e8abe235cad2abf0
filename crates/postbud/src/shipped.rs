//! What the binary carries with it: the demo municipality's letters, and the model trained on four
//! fifths of them.

/// All the letters, labelled.
pub(crate) const LETTERS: &str = include_str!("../../../models/klitkobing/letters.jsonl");

/// The model.
pub(crate) const MODEL: &[u8] = include_bytes!("../../../models/klitkobing/1/model.postbud");

/// The files of its version, as `postbud train` wrote them.
pub(crate) const VERSION: [(&str, &[u8]); 6] = [
    ("card.md", include_bytes!("../../../models/klitkobing/1/card.md")),
    ("evaluation.json", include_bytes!("../../../models/klitkobing/1/evaluation.json")),
    ("risk-coverage.svg", include_bytes!("../../../models/klitkobing/1/risk-coverage.svg")),
    ("reliability.svg", include_bytes!("../../../models/klitkobing/1/reliability.svg")),
    ("confusion.svg", include_bytes!("../../../models/klitkobing/1/confusion.svg")),
    ("model.postbud", MODEL),
];

/// Its name and version.
pub(crate) const MODEL_NAME: &str = "klitkobing/1";
