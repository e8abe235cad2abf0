//! Files that were passed over, and why. Never holds text of a letter.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{LineFault, MAX_LABEL_CHARS};

/// A file, folder or message that gave no letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Where: a path, with a number for a message of an mbox.
    pub place: String,
    /// Why, in words.
    pub why: String,
}

impl Skipped {
    pub(super) fn new(place: impl Into<String>, why: &Why) -> Self {
        Self { place: place.into(), why: why.to_string() }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.why)
    }
}

/// Why something gave no letter.
#[derive(Debug)]
pub enum Why {
    /// The operating system does not let it be read.
    Unreadable(std::io::Error),
    /// Not one byte that is no white space.
    Empty,
    /// Larger than a letter may be.
    TooLarge {
        /// How many bytes a letter may have.
        most: u64,
    },
    /// No text in it: an image, a program.
    NotALetter,
    /// A letter beside the folders of the mailboxes.
    Beside,
    /// A name that can be no label.
    BadName,
    /// A pipe, a device, or a link to a folder.
    NoFile,
    /// Folders in folders beyond the limit.
    TooDeep,
    /// JSON Lines that are no labelled letters.
    Lines {
        /// How many lines.
        count: usize,
        /// The first.
        first: LineFault,
    },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot be read: {error}"),
            Self::Empty => f.write_str("is empty"),
            Self::TooLarge { most } => write!(f, "has more than {most} bytes"),
            Self::NotALetter => f.write_str("is neither MeMo, nor a mail, nor text"),
            Self::Beside => {
                f.write_str("lies beside the mailboxes; the folder a letter lies in is its label")
            }
            Self::BadName => write!(
                f,
                "has a name that can be no label: 1 to {MAX_LABEL_CHARS} characters of UTF-8, no control characters"
            ),
            Self::NoFile => f.write_str("is no file of its own (a pipe, a device or a link)"),
            Self::TooDeep => f.write_str("lies too many folders deep"),
            Self::Lines { count, first } => write!(
                f,
                "has {count} {} no labelled letter: {first}",
                if *count == 1 { "line that is" } else { "lines that are" }
            ),
        }
    }
}
