//! Why a path gave no letters.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::{MAX_FILE_BYTES, MAX_LABEL_CHARS, MAX_LETTERS, MAX_LINE_BYTES, MAX_TEXT_BYTES};

/// Why no letters were read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The path cannot be opened or read.
    #[error("{}: could not be read", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// From the operating system.
        source: io::Error,
    },
    /// Neither a file nor a folder.
    #[error("{}: is neither a file nor a folder", path.display())]
    NoFile {
        /// The path.
        path: PathBuf,
    },
    /// A file that carries no labels.
    #[error("{}: says nowhere where its letters belong; give JSON Lines with \"category\", an mbox named after its mailbox, or a folder with one sub-folder per mailbox", path.display())]
    NoLabels {
        /// The file.
        path: PathBuf,
    },
    /// It is larger than [`MAX_FILE_BYTES`].
    #[error("{}: {bytes} bytes are too many, at most {MAX_FILE_BYTES} are read; divide the file", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// There are more letters than [`MAX_LETTERS`].
    #[error("{}: more than {MAX_LETTERS} letters are too many for one training", path.display())]
    TooMany {
        /// The path.
        path: PathBuf,
    },
    /// The letters have more text than [`MAX_TEXT_BYTES`].
    #[error("{}: the letters up to here have more than {MAX_TEXT_BYTES} bytes of text; train on fewer", path.display())]
    TooMuchText {
        /// The path.
        path: PathBuf,
    },
    /// A name that can be no label.
    #[error("{}: its name is the label of its letters, and a label has 1 to {MAX_LABEL_CHARS} characters of UTF-8 without control characters; rename it", path.display())]
    BadName {
        /// The path.
        path: PathBuf,
    },
    /// It holds no letter.
    #[error("{}: holds no letter with a label; JSON Lines have one letter a line, {{\"subject\": …, \"body\": …, \"category\": …}}; a folder has one sub-folder (or mbox) per mailbox{}", path.display(), also_skipped(*skipped, first.as_deref()))]
    Empty {
        /// The path.
        path: PathBuf,
        /// How many files were skipped.
        skipped: usize,
        /// The first of them.
        first: Option<String>,
    },
    /// Lines that are no labelled letters.
    #[error("{}: {count} {} no labelled letter\n{}", path.display(), plural(*count), list(faults))]
    Lines {
        /// The file.
        path: PathBuf,
        /// How many.
        count: usize,
        /// The first of them.
        faults: Vec<LineFault>,
    },
}

fn also_skipped(count: usize, first: Option<&str>) -> String {
    match (count, first) {
        (0, _) | (_, None) => String::new(),
        (1, Some(first)) => format!("\n  skipped: {first}"),
        (count, Some(first)) => format!("\n  skipped: {first}; and {} more", count - 1),
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "line is" } else { "lines are" }
}

fn list(faults: &[LineFault]) -> String {
    let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
    lines.join("\n")
}

/// A line that is no labelled letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFault {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a line. Never holds text of the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Not JSON.
    NotJson {
        /// Where it stops being JSON, in bytes counted from 1.
        column: usize,
    },
    /// JSON, but a key has a value of the wrong kind, or stands there twice.
    NotALetter {
        /// Where, in bytes counted from 1.
        column: usize,
    },
    /// Not UTF-8.
    NotUtf8,
    /// Longer than [`MAX_LINE_BYTES`].
    TooLong,
    /// No label, or an empty one.
    NoLabel,
    /// A label that cannot be a mailbox.
    BadLabel,
    /// Neither subject nor body.
    NoText,
    /// A `date` or `labelled_at` that is no moment.
    BadDate,
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.fault {
            Fault::NotJson { column } => write!(f, "no JSON from column {column} on"),
            Fault::NotALetter { column } => write!(
                f,
                "column {column}: \"subject\", \"body\", \"category\", \"id\", \"channel\", \"language\", \"thread\", \"date\" and \"labelled_at\" are texts, \"also\" is a list of texts, each given once"
            ),
            Fault::NotUtf8 => f.write_str("is not UTF-8; convert the file"),
            Fault::TooLong => write!(f, "longer than {MAX_LINE_BYTES} bytes"),
            Fault::NoLabel => {
                f.write_str("has no \"category\" (or \"label\"): the mailbox it belongs to")
            }
            Fault::BadLabel => write!(
                f,
                "its label is longer than {MAX_LABEL_CHARS} characters or has control characters; a label is the id of a mailbox"
            ),
            Fault::NoText => f.write_str("has neither \"subject\" nor \"body\" (or \"text\")"),
            Fault::BadDate => f.write_str(
                "\"date\" and \"labelled_at\" are days or moments, \"2026-11-25\" or \"2026-11-25T08:00:00Z\"",
            ),
        }
    }
}
