//! The models on disk: `models/<name>/<version>/model.postbud`, and which version has which role.
//!
//! - The *champion* serves: it decides about letters.
//! - The *challenger* scores every letter beside it and never acts.
//! - The *previous* champion is the one to roll back to.
//!
//! The roles stand in one file, `registry.json`, that is replaced at once with every change and
//! says who changed what, when and why. Without it the first version is the champion: a version
//! never takes over because it was trained, only because somebody promoted it.

mod change;
mod error;
mod found;
mod lock;
mod record;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub use change::Check;
pub use error::RegistryError;
pub use found::Resolved;
use record::Record;
pub use record::{Action, Appointed, Change, Signature};

/// The file in a version's folder that holds the model.
pub const MODEL_FILE: &str = "model.postbud";
/// The file beside the versions that says which one has which role.
pub const RECORD_FILE: &str = "registry.json";

/// The versions of one model and their roles, as they were when it was opened. A change looks at
/// the disk again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    dir: PathBuf,
    name: String,
    versions: Vec<u32>,
    record: Record,
}

/// What a version is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Decides about letters.
    Champion,
    /// Scores every letter and never acts.
    Challenger,
    /// Served before; the one to roll back to.
    Previous,
}

impl Registry {
    /// Looks at the folder of a model. One without versions, or that does not exist yet, is an
    /// empty registry: the place for a first version.
    ///
    /// # Errors
    /// [`RegistryError::Io`] when the folder cannot be read, [`RegistryError::Record`] when the
    /// record of roles cannot be understood.
    pub fn open(dir: &Path) -> Result<Self, RegistryError> {
        let read = |source| RegistryError::Io { path: dir.to_owned(), action: "be read", source };
        let mut versions = Vec::new();
        match fs::read_dir(dir) {
            Ok(entries) => {
                for entry in entries {
                    let entry = entry.map_err(read)?;
                    let number = entry.file_name().to_str().and_then(version_number);
                    let holds_model = || entry.path().join(MODEL_FILE).is_file();
                    versions.extend(number.filter(|_| holds_model()));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(read(error)),
        }
        versions.sort_unstable();
        let whole = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
        let name = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let record = Record::read(&dir.join(RECORD_FILE))?;
        Ok(Self { dir: dir.to_owned(), name, versions, record })
    }

    /// The model's name: that of its folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model's folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The numbers of the versions, rising.
    #[must_use]
    pub fn versions(&self) -> &[u32] {
        &self.versions
    }

    /// The folder of a version.
    #[must_use]
    pub fn version_dir(&self, version: u32) -> PathBuf {
        self.dir.join(version.to_string())
    }

    /// The version that serves: the one that was promoted last; the first when none was.
    ///
    /// # Errors
    /// [`RegistryError`] when there is no version, or the promoted one is gone.
    pub fn champion(&self) -> Result<u32, RegistryError> {
        match &self.record.champion {
            Some(champion) => self.known(champion.version).map(|()| champion.version),
            None => {
                let first = self.versions.first().copied();
                first.ok_or_else(|| RegistryError::NoVersion { path: self.dir.clone() })
            }
        }
    }

    /// The version that scores every letter beside the champion and never acts.
    #[must_use]
    pub fn challenger(&self) -> Option<u32> {
        self.record.challenger.as_ref().map(|found| found.version)
    }

    /// The version that a rollback goes back to.
    #[must_use]
    pub fn previous(&self) -> Option<u32> {
        self.record.previous.first().map(|found| found.version)
    }

    /// The role of a version.
    #[must_use]
    pub fn role(&self, version: u32) -> Option<Role> {
        if self.champion().is_ok_and(|champion| champion == version) {
            Some(Role::Champion)
        } else if self.challenger() == Some(version) {
            Some(Role::Challenger)
        } else {
            (self.previous() == Some(version)).then_some(Role::Previous)
        }
    }

    /// The last changes of the roles, at most a hundred, the latest last.
    #[must_use]
    pub fn history(&self) -> &[Change] {
        &self.record.history
    }

    /// The role's entry in the record, for the checksum that belongs to it.
    fn appointed(&self, version: u32) -> Option<&Appointed> {
        let record = &self.record;
        let roles = record.champion.iter().chain(&record.challenger).chain(&record.previous);
        roles.into_iter().find(|found| found.version == version)
    }

    fn known(&self, version: u32) -> Result<(), RegistryError> {
        if self.versions.contains(&version) {
            return Ok(());
        }
        Err(RegistryError::NoSuchVersion {
            path: self.dir.clone(),
            version,
            versions: self.versions.clone(),
        })
    }
}

/// A positive number written the one way it is written: no sign, no leading zero.
fn version_number(text: &str) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    (number > 0 && number.to_string() == text).then_some(number)
}
