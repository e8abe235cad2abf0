//! What the processes of the tests said, and whether a mark of personal data is in it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use postbud_testkit::marks;

/// Findings beyond these are only counted.
const SHOWN: usize = 50;
/// All end-to-end tests leave hundreds of files.
const FEW: usize = 100;

/// A folder that the tests fill.
pub(crate) struct Outputs(PathBuf);

impl Outputs {
    /// An empty folder, which stays after the tests so that somebody can look.
    pub(crate) fn prepare(root: &Path) -> Result<Self> {
        let folder = root.join("target/test-outputs");
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("empty {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        Ok(Self(folder))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    /// Searches everything and says where there is a mark, and never which. When `everything` ran,
    /// a folder with hardly anything in it is no good news either.
    pub(crate) fn are_clean(&self, everything: bool) -> Result<bool> {
        let folder = self.0.display();
        let found = marks::search(&self.0).with_context(|| format!("search {folder}"))?;
        for mark in found.iter().take(SHOWN) {
            println!("{mark}");
        }
        let files = fs::read_dir(&self.0)?.count();
        if !found.is_empty() {
            println!(
                "FAILED: {} places in {folder} say what only letters may say: no text of a letter \
                 and nobody's number in logs, metrics, traces, errors and reasons",
                found.len()
            );
        } else if everything && files < FEW {
            println!("FAILED: only {files} files in {folder}: the tests do not keep what is said");
            return Ok(false);
        } else {
            println!("no mark of personal data in {files} files of {folder}");
        }
        Ok(found.is_empty())
    }
}

/// Is there no mark in any file called `log` below `folder`? Other files there may be letters.
pub(crate) fn logs_are_clean(folder: &Path) -> Result<bool> {
    let mut clean = true;
    for entry in fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            clean &= logs_are_clean(&path)?;
        } else if path.file_name().is_some_and(|name| name == "log") {
            let found =
                marks::in_file(&path).with_context(|| format!("search {}", path.display()))?;
            found.iter().take(SHOWN).for_each(|mark| println!("FAILED: {mark}"));
            clean &= found.is_empty();
        }
    }
    Ok(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_in_a_log_of_the_campaign_is_found_and_letters_are_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("1-worker-killed");
        fs::create_dir_all(place.join("mailboxes")).unwrap();
        fs::write(place.join("mailboxes/letter"), marks::line()).unwrap();
        fs::write(place.join("log"), "INFO letter=sha-1\n").unwrap();
        assert!(logs_are_clean(root.path()).unwrap());
        fs::write(place.join("log"), format!("INFO {}\n", marks::EMAIL)).unwrap();
        assert!(!logs_are_clean(root.path()).unwrap());
    }

    #[test]
    fn one_mark_in_one_output_is_a_failure_and_so_is_silence() {
        let root = tempfile::tempdir().unwrap();
        let outputs = Outputs::prepare(root.path()).unwrap();
        assert!(outputs.are_clean(false).unwrap());
        assert!(!outputs.are_clean(true).unwrap(), "nothing was kept");
        for n in 0..FEW {
            fs::write(outputs.folder().join(format!("{n}-run.err")), "INFO letter=sha-1\n")
                .unwrap();
        }
        assert!(outputs.are_clean(true).unwrap());
        let log = format!("INFO letter=sha-1\nERROR no mailbox for {}\n", marks::CPR);
        fs::write(outputs.folder().join("7-run.err"), log).unwrap();
        assert!(!outputs.are_clean(true).unwrap());
        let outputs = Outputs::prepare(root.path()).unwrap();
        assert!(outputs.are_clean(false).unwrap(), "what earlier tests said is gone");
    }
}
