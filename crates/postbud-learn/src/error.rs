//! Why no new version was made.

use std::io;
use std::path::PathBuf;

use postbud_evaluate::RecordError;
use postbud_model::{ModelFileError, TrainError};

/// Why training made no new version. What was there before is untouched.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// Nothing can be learnt from these letters.
    #[error("no model could be trained on these letters")]
    Train(#[from] TrainError),
    /// The model gives no probabilities: a fault of Postbud.
    #[error("the new model could not be judged")]
    Judge(#[from] RecordError),
    /// The model does not fit into a file.
    #[error("the new model could not be packed")]
    Pack(#[from] ModelFileError),
    /// The measurements do not fit into a file: a fault of Postbud.
    #[error("the evaluation could not be written as JSON")]
    Json(#[from] serde_json::Error),
    /// The new version cannot be written: the disk is full, the folder is not ours.
    #[error("{}: the new version could not be written; nothing was changed", path.display())]
    Write {
        /// The folder of the versions.
        path: PathBuf,
        /// From the operating system.
        source: io::Error,
    },
}
