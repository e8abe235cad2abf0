//! The list of what a backup holds, with the checksum of each file.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Component, Path};

use anyhow::{Context, bail, ensure};
use postbud_pipeline::ports::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::files;

/// The list itself.
const FILE: &str = "manifest.json";
/// A larger list is none.
const BYTES_MAX: u64 = 16 << 20;

/// What a backup holds.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The version of Postbud that made it.
    pub(super) version: String,
    /// When.
    pub(super) at: Timestamp,
    /// The schema of the store in it.
    pub(super) schema: i64,
    /// The files.
    pub(super) files: Vec<Listed>,
}

/// One file.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Listed {
    /// Its path in the backup.
    pub(super) name: String,
    /// Its size.
    pub(super) bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub(super) sha256: String,
}

impl Manifest {
    /// Lists a folder.
    pub(super) fn of(folder: &Path, at: Timestamp, schema: i64) -> anyhow::Result<Self> {
        let mut listed = Vec::new();
        for name in files::list(folder)? {
            let name = name.to_str().context("a file has no proper name")?.to_owned();
            if name != FILE {
                let (bytes, sha256) = sum(&folder.join(&name))?;
                listed.push(Listed { name, bytes, sha256 });
            }
        }
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Self { version, at, schema, files: listed })
    }

    /// Writes it last: a folder without one is no backup.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let mut file = File::create_new(folder.join(FILE))?;
        file.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
        file.sync_all()?;
        File::open(folder)?.sync_all()?;
        Ok(())
    }

    /// Reads the list of a backup.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let size = fs::metadata(&path)
            .with_context(|| format!("{} is no whole backup: no {FILE}", folder.display()))?
            .len();
        ensure!(size <= BYTES_MAX, "{} is too large", path.display());
        serde_json::from_slice(&fs::read(&path)?)
            .with_context(|| format!("{} cannot be read", path.display()))
    }

    /// Is every file there and as it was?
    pub(super) fn verify(&self, folder: &Path) -> anyhow::Result<()> {
        for listed in &self.files {
            let plain =
                Path::new(&listed.name).components().all(|c| matches!(c, Component::Normal(_)));
            ensure!(plain, "the list names {:?}, which lies outside of the backup", listed.name);
            let (bytes, sha256) = sum(&folder.join(&listed.name))
                .with_context(|| format!("{} of the backup is missing", listed.name))?;
            if (bytes, &sha256) != (listed.bytes, &listed.sha256) {
                bail!("{} is damaged: take another backup", listed.name);
            }
        }
        Ok(())
    }
}

fn sum(path: &Path) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let bytes = io::copy(&mut File::open(path)?, &mut hash)?;
    let digits: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_missing_or_foreign_file_is_noticed() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("models")).expect("a folder");
        fs::write(dir.path().join("models/a"), "a").expect("writes");
        fs::write(dir.path().join("store.db"), "letters").expect("writes");
        Manifest::of(dir.path(), Timestamp(1), 5)
            .expect("lists")
            .write(dir.path())
            .expect("writes");
        let mut manifest = Manifest::read(dir.path()).expect("reads");
        assert_eq!(manifest.files.len(), 2);
        manifest.verify(dir.path()).expect("whole");

        fs::write(dir.path().join("store.db"), "lettera").expect("writes");
        assert!(manifest.verify(dir.path()).expect_err("changed").to_string().contains("damaged"));
        fs::remove_file(dir.path().join("store.db")).expect("removes");
        assert!(manifest.verify(dir.path()).expect_err("gone").to_string().contains("missing"));
        manifest.files[0].name = "../etc/passwd".into();
        assert!(manifest.verify(dir.path()).expect_err("foreign").to_string().contains("outside"));
        fs::remove_file(dir.path().join(FILE)).expect("removes");
        assert!(Manifest::read(dir.path()).is_err());
    }
}
