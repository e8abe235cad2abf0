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

mod card;
mod check;
mod cross;
mod disk;
mod error;
mod evaluation;
mod jsonl;
mod judge;
mod letter;
mod publish;
mod registry;
mod routing;
mod split;
mod version;

pub use check::{Checked, ENOUGH_LETTERS, Finding, check, count};
pub use cross::{CrossValidation, cross_validate};
pub use error::LearnError;
pub use evaluation::{Evaluation, MeasuredOn, NamedCertificate};
pub use jsonl::{
    Fault, LineFault, MAX_FILE_BYTES, MAX_LABEL_CHARS, MAX_LETTERS, MAX_LINE_BYTES, ReadError,
    read_letters,
};
pub use judge::{judge, out_of_fold};
pub use letter::LabelledLetter;
pub use registry::{CHAMPION_FILE, MODEL_FILE, Registry, RegistryError, Resolved};
pub use routing::{Routing, certify_model};
pub use split::{HeldOut, held_out};
pub use version::{
    About, CARD_FILE, EVALUATION_FILE, LearnOptions, Step, Version, suitable_folds, train_version,
};
