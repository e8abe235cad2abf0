//! The record beside the versions: which one has which role, and how that came about.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::RegistryError;
use crate::disk;

/// The form of the record that this version writes.
const FORMAT: u32 = 1;
/// A larger file is no record.
const MAX_BYTES: u64 = 1 << 20;
/// Champions before the present one that are remembered.
const PREVIOUS: usize = 20;
/// Changes that are remembered.
const HISTORY: usize = 100;
/// Longer names are cut.
const BY_CHARS: usize = 100;
/// Longer reasons are cut.
const WHY_CHARS: usize = 500;

/// A version in a role, and the checksum it had when it was given that role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointed {
    /// The version's number.
    pub version: u32,
    /// The checksum of its model, as hex.
    pub checksum: String,
}

/// What was done to the roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A version became the champion.
    Promote,
    /// An earlier champion became the champion again.
    Rollback,
    /// A version became the challenger.
    Challenge,
    /// There is no challenger any more.
    EndChallenge,
}

/// One change of the roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When, in UTC milliseconds since 1970.
    pub at: i64,
    /// Who.
    pub by: String,
    /// Why; may be empty.
    pub why: String,
    /// What was done.
    pub action: Action,
    /// The version it was done with.
    pub version: u32,
    /// The version that had the role before.
    pub instead_of: Option<u32>,
}

/// Who changes a role, when and why. Kept with the change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signature {
    /// Who.
    pub by: String,
    /// Why; may be empty.
    pub why: String,
    /// When, in UTC milliseconds since 1970.
    pub at: i64,
}

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    format: u32,
    pub(super) champion: Option<Appointed>,
    pub(super) challenger: Option<Appointed>,
    /// Champions before this one that a rollback goes back to, the latest first.
    pub(super) previous: Vec<Appointed>,
    /// The latest last.
    pub(super) history: Vec<Change>,
}

impl Record {
    /// Reads the record; one that is not there says nothing.
    pub(super) fn read(path: &Path) -> Result<Self, RegistryError> {
        let io = |source| RegistryError::Io { path: path.to_owned(), action: "be read", source };
        let bad = |what: String| RegistryError::Record { path: path.to_owned(), what };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(io(error)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(bad(format!("is larger than {MAX_BYTES} bytes")));
        }
        let record: Self = serde_json::from_slice(&bytes)
            .map_err(|error| bad(format!("cannot be read as JSON ({error})")))?;
        if record.format != FORMAT {
            return Err(bad(format!(
                "has the form {}, this version of Postbud reads {FORMAT}",
                record.format
            )));
        }
        Ok(record)
    }

    /// Puts the record in place at once, with a change more in its history.
    pub(super) fn write(mut self, path: &Path, change: Change) -> Result<Self, RegistryError> {
        self.format = FORMAT;
        self.previous.truncate(PREVIOUS);
        self.history.push(change);
        self.history.drain(..self.history.len().saturating_sub(HISTORY));
        let io = |source| RegistryError::Io { path: path.to_owned(), action: "be written", source };
        let mut bytes = serde_json::to_vec_pretty(&self).map_err(|error| io(error.into()))?;
        bytes.push(b'\n');
        disk::replace(path, &bytes).map_err(io)?;
        Ok(self)
    }
}

impl Signature {
    /// The change that is signed with this.
    pub(super) fn under(&self, action: Action, version: u32, instead_of: Option<u32>) -> Change {
        Change {
            at: self.at,
            by: one_line(&self.by, BY_CHARS),
            why: one_line(&self.why, WHY_CHARS),
            action,
            version,
            instead_of,
        }
    }
}

fn one_line(text: &str, most: usize) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(most).collect::<String>().trim().to_owned()
}
