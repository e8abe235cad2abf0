//! From labelled letters to a model that may be trusted with mail: read and check the letters,
//! train, evaluate, certify, and keep the versions on disk.
//!
//! ```no_run
//! use postbud_learn::{LearnOptions, Registry, read_letters, train_version};
//! let letters = read_letters(&["letters.jsonl"])?;
//! let out = std::path::Path::new("models/klitkobing");
//! let version = train_version(&letters, out, &LearnOptions::default(), &|_| ())?;
//! println!("{}: {:.1} % right", version.name, 100.0 * version.evaluation.report.accuracy);
//! let found = Registry::resolve(out)?;
//! println!("in use: {} ({})", found.name, found.path.display());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod by_group;
mod card;
mod check;
mod disk;
mod error;
mod evaluation;
mod judge;
mod letter;
mod plots;
mod promise;
mod publish;
mod read;
mod registry;
mod retrain;
mod routing;
mod split;
mod version;
mod vocabulary;

pub use by_group::{GroupFigures, Groups, by_group};
pub use check::{
    Checked, ENOUGH_LETTERS, Finding, LabelCheck, MAX_SUSPECTS, Mapped, Mapping, MappingError,
    Suspect, Tally, check, check_labels, count,
};
pub use error::LearnError;
pub use evaluation::{Evaluation, MeasuredOn, NamedCertificate};
pub use judge::{familiarity, judge, out_of_fold};
pub use letter::LabelledLetter;
pub use plots::{CONFUSION_FILE, RELIABILITY_FILE, RISK_FILE};
pub use promise::simulate_promise;
pub use read::{
    Fault, LineFault, MAX_FILE_BYTES, MAX_LABEL_CHARS, MAX_LETTERS, MAX_LINE_BYTES, MAX_SKIPPED,
    MAX_TEXT_BYTES, ReadError, Reading, Skipped, Why, read_all, read_letters, read_one,
};
pub use registry::{
    Action, Appointed, Change, Check, MODEL_FILE, RECORD_FILE, Registry, RegistryError, Resolved,
    Role, Signature,
};
pub use retrain::{
    FEWEST_JUDGED, Figures, Judged, KeptOut, LETTERS_FILE, MOST_COVERAGE_LOST, Made, Objection,
    RETRAIN_FILE, RISK_OF_WORSE, RetrainError, RetrainOptions, RetrainRecord, Retrained,
    letters_hash, retrain,
};
pub use routing::{Routing, certify_model};
pub use split::{DividedBy, HeldOut, Split, held_out, split};
pub use version::{
    About, Before, CARD_FILE, EVALUATION_FILE, LABEL_CHECK_FILE, LearnOptions, MIN_SENDERS, Step,
    Version, train_version,
};
pub use vocabulary::{Vocabulary, WordsUsed};
