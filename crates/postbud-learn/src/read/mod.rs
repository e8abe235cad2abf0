//! Labelled letters as municipalities have them: JSON Lines, folders of mails, MeMo and plain
//! text, Maildir, mbox. What a path holds is told by its content, never by file names.
//!
//! | path | label |
//! |---|---|
//! | a file of JSON Lines | `category` or `label` of each line |
//! | an mbox | the file's name without `.mbox` |
//! | a Maildir | the folder's name; of a Maildir with sub-folders (`.name`), those of the sub-folders |
//! | any other folder | per sub-folder its name, however deep the files lie in it; per mbox its name |

mod content;
mod error;
mod files;
mod folder;
mod jsonl;
mod mbox;
mod name;
mod skipped;
mod thread;

use std::fs;
use std::path::Path;

use postbud_letter::Limits;

use crate::letter::LabelledLetter;

pub use error::{Fault, LineFault, ReadError};
pub use skipped::{Skipped, Why};

/// The longest line of JSON Lines, in bytes.
pub const MAX_LINE_BYTES: usize = 8 << 20;
/// The largest file of JSON Lines, and the largest mbox, in bytes.
pub const MAX_FILE_BYTES: u64 = 4 << 30;
/// The most letters of one training.
pub const MAX_LETTERS: usize = postbud_model::MAX_LETTERS;
/// The longest label, in characters: it is a mailbox id.
pub const MAX_LABEL_CHARS: usize = 64;
/// The most text of all letters together, in bytes: it is held in memory.
pub const MAX_TEXT_BYTES: u64 = 8 << 30;
/// So many skipped files are named; the rest is counted.
pub const MAX_SKIPPED: usize = 1_000;

/// Letters, and what could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The letters: paths in the order given, the files of a folder by name.
    pub letters: Vec<LabelledLetter>,
    /// Files that hold no letter that can be used, at most [`MAX_SKIPPED`].
    pub skipped: Vec<Skipped>,
    /// How many were skipped.
    pub skipped_count: usize,
}

impl Reading {
    fn skip(&mut self, skipped: Skipped) {
        self.skipped_count += 1;
        if self.skipped.len() < MAX_SKIPPED {
            self.skipped.push(skipped);
        }
    }
}

/// Reads everything that the paths hold. A file in a folder that cannot be read is skipped and
/// listed; a path that is not there, or that gives no letter at all, is an error.
///
/// # Errors
/// [`ReadError`] for the first path that cannot be used.
pub fn read_all(paths: &[impl AsRef<Path>]) -> Result<Reading, ReadError> {
    let mut reading = Reading::default();
    for path in paths {
        let path = path.as_ref();
        let before = reading.letters.len();
        let io = |source| ReadError::Io { path: path.to_owned(), source };
        let metadata = fs::metadata(path).map_err(io)?;
        if metadata.is_dir() {
            folder::read(path, &mut reading)?;
        } else if metadata.is_file() {
            files::read_named(path, &mut reading)?;
        } else {
            return Err(ReadError::NoFile { path: path.to_owned() });
        }
        if reading.letters.len() == before {
            let skipped = reading.skipped_count;
            let first = reading.skipped.first().map(ToString::to_string);
            return Err(ReadError::Empty { path: path.to_owned(), skipped, first });
        }
        within_limits(path, &reading)?;
    }
    Ok(reading)
}

/// The letters of [`read_all`], for who has no use for what was skipped.
///
/// # Errors
/// As [`read_all`].
pub fn read_letters(paths: &[impl AsRef<Path>]) -> Result<Vec<LabelledLetter>, ReadError> {
    read_all(paths).map(|reading| reading.letters)
}

/// One letter from its raw bytes, read as the router would read it; who has it knows its label.
///
/// # Errors
/// [`Why`] it is nothing to learn from.
pub fn read_one(raw: &[u8], label: &str, limits: &Limits) -> Result<LabelledLetter, Why> {
    content::letter(raw, label, limits)
}

fn within_limits(path: &Path, reading: &Reading) -> Result<(), ReadError> {
    if reading.letters.len() > MAX_LETTERS {
        return Err(ReadError::TooMany { path: path.to_owned() });
    }
    let bytes = |letter: &LabelledLetter| (letter.subject.len() + letter.body.len()) as u64;
    if reading.letters.iter().map(bytes).sum::<u64>() > MAX_TEXT_BYTES {
        return Err(ReadError::TooMuchText { path: path.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
