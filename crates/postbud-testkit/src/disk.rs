//! A disk that can be full: a small file system of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::statvfs::statvfs;
use tempfile::TempDir;

use crate::folder;
use crate::process::run;

const PATIENCE: Duration = Duration::from_secs(20);

/// A file system in memory, unmounted when this is dropped. Needs root.
pub struct SmallDisk {
    dir: TempDir,
}

impl SmallDisk {
    /// Mounts one of so many megabytes.
    ///
    /// # Errors
    /// When that is not allowed, or not known here.
    pub fn mount(megabytes: u32) -> Result<Self> {
        let dir = folder::private("disk")?;
        let options = format!("size={megabytes}m,mode=755");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(dir.path());
        run(&mut mount, PATIENCE).context("mount a small disk")?;
        Ok(Self { dir })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Uses up all room that is left.
    ///
    /// # Errors
    /// When the disk cannot be written for another reason than that it is full.
    pub fn fill(&self) -> Result<()> {
        let mut file = fs::File::create(self.ballast())?;
        let block = vec![1; 64 << 10];
        for size in [64 << 10, 4096] {
            while std::io::Write::write_all(&mut file, &block[..size]).is_ok() {}
        }
        Ok(())
    }

    /// The share of the disk that is in use, from 0 to 1.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn used(&self) -> Result<f64> {
        let found = statvfs(self.path()).context("ask how full the small disk is")?;
        Ok(1.0 - found.blocks_free() as f64 / (found.blocks() as f64).max(1.0))
    }

    /// Gives the room back.
    ///
    /// # Errors
    /// When the file that uses it cannot be removed.
    pub fn free(&self) -> Result<()> {
        fs::remove_file(self.ballast()).context("make room on the small disk")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server may still have files open there.
        let _ = run(Command::new("umount").arg("-l").arg(self.dir.path()), PATIENCE);
    }
}
