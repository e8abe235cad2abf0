//! What can go wrong, and what to do about it.

use crate::calibrate::CalibrationError;
use crate::svm::SvmError;

/// Why no model could be trained.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// There is nothing to learn from.
    #[error("there are no labelled letters; give at least two labels with some letters each")]
    Empty,
    /// Only one label.
    #[error(
        "all letters have the label {label:?}; a model needs at least two labels to choose from"
    )]
    OneLabel {
        /// The only label.
        label: String,
    },
    /// Nothing can be held back to judge on.
    #[error("all letters belong to one thread or have the same text; a model needs different ones")]
    OneGroup,
    /// More letters than a training can take.
    #[error("{letters} letters are too many for one training; give at most {most}")]
    TooManyLetters {
        /// So many were given.
        letters: usize,
        /// So many are possible.
        most: usize,
    },
    /// More labels than a model can have.
    #[error(
        "{labels} labels are too many; a model has at most {most} (is a free text used as the label?)"
    )]
    TooManyLabels {
        /// So many were given.
        labels: usize,
        /// So many are possible.
        most: usize,
    },
    /// A label that is empty or very long.
    #[error("letter {letter} (counted from 0) has an empty label or one of more than {most} bytes")]
    BadLabel {
        /// Position of the letter.
        letter: usize,
        /// The longest possible label.
        most: usize,
    },
    /// The letters share no words.
    #[error(
        "no word or part of a word stands in {least} letters of {min_senders} different senders; \
         are the texts empty, or are all letters from the same few senders?"
    )]
    NoFeatures {
        /// In so many letters a feature must stand.
        least: u32,
        /// Of so many different senders.
        min_senders: u32,
    },
    /// Stage 1 failed.
    #[error("training the linear model failed")]
    Stage1(#[from] SvmError),
    /// Stage 2 failed.
    #[error("calibrating the model failed")]
    Stage2(#[from] CalibrationError),
    /// The model could not be written down.
    #[error("the trained model could not be encoded")]
    Encode(#[from] ModelFileError),
}

/// Why a model file was refused or could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// Reading or writing failed.
    #[error("{path}: could not {action} the model file")]
    Io {
        /// The file.
        path: String,
        /// "read", "write"…
        action: &'static str,
        /// From the operating system.
        source: std::io::Error,
    },
    /// Not a model file.
    #[error("this is no Postbud model file; give the path of a model.postbud")]
    Magic,
    /// From another version.
    #[error(
        "the model file has format {format} and features {features}, this version reads format {own_format} and features {own_features}; train again, or use the version that wrote it"
    )]
    Version {
        /// The file's format.
        format: u16,
        /// The file's features.
        features: u16,
        /// What this version reads.
        own_format: u16,
        /// What this version makes.
        own_features: u16,
    },
    /// Shorter or longer than it says.
    #[error("the model file has {found} bytes, it should have {expected}; copy or train it again")]
    Length {
        /// Bytes there are.
        found: u64,
        /// Bytes there should be.
        expected: u64,
    },
    /// Larger than any model.
    #[error("the model file claims {bytes} bytes, more than the {most} a model may have")]
    TooLarge {
        /// Claimed size.
        bytes: u64,
        /// Largest possible.
        most: u64,
    },
    /// A byte was changed.
    #[error("the model file is damaged (its checksum does not match); copy or train it again")]
    Checksum,
    /// The content cannot be decoded.
    #[error("the model file's content cannot be read ({part})")]
    Content {
        /// What failed.
        part: &'static str,
    },
}
