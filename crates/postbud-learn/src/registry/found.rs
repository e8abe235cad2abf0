//! From a path that somebody names to the model file that it stands for.

use std::fs;
use std::path::{Path, PathBuf};

use postbud_model::Model;

use super::{MODEL_FILE, Registry, RegistryError, version_number};

/// A model file that was found, and what to call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The file.
    pub path: PathBuf,
    /// Name and version, `klitkobing/1`; the file's name where it lies in no version's folder.
    pub name: String,
    /// The checksum the model must have, as hex: the one it had when it was given its role.
    /// `None` when it has no role in a record.
    pub checksum: Option<String>,
}

impl Resolved {
    /// Reads the model and verifies it.
    ///
    /// # Errors
    /// [`RegistryError::Unverified`] when the file does not verify, [`RegistryError::Replaced`]
    /// when it is another model than the one that was given its role.
    pub fn load(&self) -> Result<Model, RegistryError> {
        let model = Model::load(&self.path)
            .map_err(|source| RegistryError::Unverified { path: self.path.clone(), source })?;
        let found = model.checksum_hex();
        match &self.checksum {
            Some(promoted) if *promoted != found => Err(RegistryError::Replaced {
                path: self.path.clone(),
                promoted: promoted.clone(),
                found,
            }),
            _ => Ok(model),
        }
    }
}

impl Registry {
    /// Finds the model that a path stands for: a model file, the folder of a version, or the
    /// folder of a model, whose champion it then is.
    ///
    /// # Errors
    /// [`RegistryError`] when there is none.
    pub fn resolve(path: &Path) -> Result<Resolved, RegistryError> {
        if path.is_file() {
            let name = named_by_folder(path.parent().unwrap_or(Path::new("")));
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            return Ok(Resolved {
                path: path.to_owned(),
                name: name.unwrap_or_else(|| stem.into_owned()),
                checksum: None,
            });
        }
        if !path.is_dir() {
            return Err(RegistryError::Missing { path: path.to_owned() });
        }
        let file = path.join(MODEL_FILE);
        if file.is_file() {
            return Self::resolve(&file);
        }
        let registry = Self::open(path)?;
        registry.find(registry.champion()?)
    }

    /// Does this path stand for one model for ever, so that no promotion can change it? That is a
    /// model file, or the folder of one version.
    #[must_use]
    pub fn is_pinned(path: &Path) -> bool {
        path.is_file() || path.join(MODEL_FILE).is_file()
    }

    /// The file of a version.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchVersion`].
    pub fn find(&self, version: u32) -> Result<Resolved, RegistryError> {
        self.known(version)?;
        Ok(Resolved {
            path: self.version_dir(version).join(MODEL_FILE),
            name: format!("{}/{version}", self.name),
            checksum: self.appointed(version).map(|found| found.checksum.clone()),
        })
    }
}

/// `klitkobing/1` for the folder of version 1.
fn named_by_folder(dir: &Path) -> Option<String> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let whole = fs::canonicalize(dir).ok()?;
    let version = version_number(whole.file_name()?.to_str()?)?;
    let name = whole.parent()?.file_name()?.to_string_lossy().into_owned();
    Some(format!("{name}/{version}"))
}
