//! The models on disk: `models/<name>/<version>/model.postbud`, and which version is in use.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::disk;

/// The file in a version's folder that holds the model.
pub const MODEL_FILE: &str = "model.postbud";
/// The file beside the versions that holds the number of the one in use.
pub const CHAMPION_FILE: &str = "champion";

/// The versions of one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    dir: PathBuf,
    name: String,
    versions: Vec<u32>,
}

/// A model file that was found, and what to call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The file.
    pub path: PathBuf,
    /// Name and version, `klitkobing/1`; the file's name where it lies in no version's folder.
    pub name: String,
}

/// A model that is not where it should be.
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
    /// The file that names the champion does not.
    #[error("{}: should hold the number of a version, {} are there; `postbud model promote` writes it", path.display(), numbers(versions))]
    Champion {
        /// The file.
        path: PathBuf,
        /// The versions there are.
        versions: Vec<u32>,
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
}

fn numbers(versions: &[u32]) -> String {
    let numbers: Vec<String> = versions.iter().map(u32::to_string).collect();
    numbers.join(", ")
}

impl Registry {
    /// Looks at the folder of a model. One without versions, or that does not exist yet, is an
    /// empty registry: the place for a first version.
    ///
    /// # Errors
    /// [`RegistryError::Io`] when the folder cannot be read.
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
        let name = whole.file_name().unwrap_or_default();
        Ok(Self { dir: dir.to_owned(), name: name.to_string_lossy().into_owned(), versions })
    }

    /// The model's name: that of its folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
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

    /// The version in use: the one that the file `champion` names; without that file the highest.
    ///
    /// # Errors
    /// [`RegistryError`] when there is no version, or the file names none.
    pub fn champion(&self) -> Result<u32, RegistryError> {
        let path = self.dir.join(CHAMPION_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let named = version_number(text.trim()).filter(|n| self.versions.contains(n));
                named.ok_or_else(|| RegistryError::Champion {
                    path,
                    versions: self.versions.clone(),
                })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let highest = self.versions.last().copied();
                highest.ok_or_else(|| RegistryError::NoVersion { path: self.dir.clone() })
            }
            Err(source) => Err(RegistryError::Io { path, action: "be read", source }),
        }
    }

    /// Puts a version in use. Readers see the old number or the new one, never half of it.
    ///
    /// # Errors
    /// [`RegistryError`] when there is no such version or the file cannot be written; the old
    /// champion then stays.
    pub fn set_champion(&self, version: u32) -> Result<(), RegistryError> {
        if !self.versions.contains(&version) {
            return Err(RegistryError::NoSuchVersion {
                path: self.dir.clone(),
                version,
                versions: self.versions.clone(),
            });
        }
        let path = self.dir.join(CHAMPION_FILE);
        disk::replace(&path, format!("{version}\n").as_bytes())
            .map_err(|source| RegistryError::Io { path, action: "be written", source })
    }

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
        let version = registry.champion()?;
        Ok(Resolved {
            path: registry.version_dir(version).join(MODEL_FILE),
            name: format!("{}/{version}", registry.name),
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

/// A positive number written the one way it is written: no sign, no leading zero.
fn version_number(text: &str) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    (number > 0 && number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(dir: &Path, version: &str) -> PathBuf {
        let folder = dir.join(version);
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(MODEL_FILE);
        fs::write(&file, version).unwrap();
        file
    }

    #[test]
    fn a_path_may_be_a_file_a_version_or_a_model() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("klitkobing");
        let (first, second) = (model(&dir, "1"), model(&dir, "2"));
        for noise in ["03", ".tmp", "0", "x"] {
            model(&dir, noise);
        }
        fs::create_dir(dir.join("9")).unwrap();
        let resolved = |path: &Path| Registry::resolve(path).unwrap();
        assert_eq!(resolved(&dir).path, second);
        assert_eq!(resolved(&dir).name, "klitkobing/2");
        assert_eq!(resolved(&dir.join("1")).path, first);
        assert_eq!(resolved(&first).name, "klitkobing/1");
        let loose = root.path().join("mine.postbud");
        fs::write(&loose, "").unwrap();
        assert_eq!(resolved(&loose).name, "mine");
        assert_eq!(Registry::open(&dir).unwrap().versions(), [1, 2]);
    }

    #[test]
    fn the_champion_is_the_one_named() {
        let root = tempfile::tempdir().unwrap();
        model(root.path(), "1");
        model(root.path(), "2");
        let registry = Registry::open(root.path()).unwrap();
        assert_eq!(registry.champion().unwrap(), 2);
        registry.set_champion(1).unwrap();
        assert_eq!(registry.champion().unwrap(), 1);
        assert!(Registry::resolve(root.path()).unwrap().name.ends_with("/1"));
        let error = registry.set_champion(7).unwrap_err();
        assert!(matches!(error, RegistryError::NoSuchVersion { version: 7, .. }));
        for nonsense in ["7", "", "one", "-1"] {
            fs::write(root.path().join(CHAMPION_FILE), nonsense).unwrap();
            let error = registry.champion().unwrap_err();
            assert!(matches!(error, RegistryError::Champion { .. }), "{nonsense}");
        }
    }

    #[test]
    fn nothing_there_is_said() {
        let root = tempfile::tempdir().unwrap();
        assert!(Registry::open(&root.path().join("new")).unwrap().versions().is_empty());
        let error = Registry::resolve(root.path()).unwrap_err();
        assert!(matches!(error, RegistryError::NoVersion { .. }));
        let error = Registry::resolve(&root.path().join("none")).unwrap_err();
        assert!(matches!(error, RegistryError::Missing { .. }));
    }
}
