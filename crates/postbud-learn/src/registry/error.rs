//! What can be wrong with the models on disk.

use std::io;
use std::path::PathBuf;

use postbud_model::ModelFileError;

/// A model that is not where it should be, or a change to the registry that was refused. A change
/// that ends in an error has changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A file or folder cannot be read or written.
    #[error("{}: could not {action}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// "be read", "be written" …
        action: &'static str,
        /// From the operating system.
        source: io::Error,
    },
    /// Nothing is there.
    #[error("{}: does not exist; give a model.postbud, the folder of a version or the folder of a model", path.display())]
    Missing {
        /// Where nothing is.
        path: PathBuf,
    },
    /// A folder without any version.
    #[error("{}: holds no version of a model; `postbud train --letters FILE --out {}` makes one", path.display(), path.display())]
    NoVersion {
        /// The folder.
        path: PathBuf,
    },
    /// The record of roles cannot be understood.
    #[error("{}: the record {what}; restore it from a backup, or remove it (the first version then serves) and promote again", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// No version of this number.
    #[error("{}: there is no version {version}, only {}", path.display(), numbers(versions))]
    NoSuchVersion {
        /// The model's folder.
        path: PathBuf,
        /// The number asked for.
        version: u32,
        /// The versions there are.
        versions: Vec<u32>,
    },
    /// Somebody else is changing the registry and does not come to an end.
    #[error("{}: another command is changing this registry; try again when it has ended", path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
    },
    /// The model's file does not verify.
    #[error("{} does not verify", path.display())]
    Unverified {
        /// The model's file.
        path: PathBuf,
        /// Why.
        source: ModelFileError,
    },
    /// The file verifies, but it is another model than the one that was given its role.
    #[error("{}: this is not the file that was promoted (its checksum was {promoted:.12}, now it is {found:.12}); copy the old file back, or promote this one", path.display())]
    Replaced {
        /// The model's file.
        path: PathBuf,
        /// The checksum in the record.
        promoted: String,
        /// The checksum of the file.
        found: String,
    },
    /// The caller's own check refused the version.
    #[error("{} cannot be used here: {what}", path.display())]
    Unsuitable {
        /// The model's file.
        path: PathBuf,
        /// Why, and what to do.
        what: String,
    },
    /// Nothing served before.
    #[error("{}: no other version has served before {champion}; `postbud model promote` takes any by its number", path.display())]
    NoPrevious {
        /// The model's folder.
        path: PathBuf,
        /// The version that serves.
        champion: u32,
    },
    /// A version cannot challenge itself.
    #[error("{}: version {version} is the champion; only another version can challenge it", path.display())]
    IsChampion {
        /// The model's folder.
        path: PathBuf,
        /// The version.
        version: u32,
    },
}

fn numbers(versions: &[u32]) -> String {
    let numbers: Vec<String> = versions.iter().map(u32::to_string).collect();
    if numbers.is_empty() { "none at all".to_owned() } else { numbers.join(", ") }
}
