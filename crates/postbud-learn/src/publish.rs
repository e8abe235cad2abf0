//! Makes a new version appear in the folder of a model, whole or not at all.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::disk;
use crate::error::LearnError;

/// A file of the new version: name and content.
pub(crate) type NewFile<'a> = (&'a str, &'a [u8]);

/// Writes the files into a folder beside the versions, sees them onto the disk, then gives the
/// folder the next free number. Versions that exist are not touched; of a failure nothing stays.
/// Returns the number and the folder.
pub(crate) fn publish(out: &Path, files: &[NewFile<'_>]) -> Result<(u32, PathBuf), LearnError> {
    write(out, files).map_err(|source| LearnError::Write { path: out.to_owned(), source })
}

fn write(out: &Path, files: &[NewFile<'_>]) -> io::Result<(u32, PathBuf)> {
    fs::create_dir_all(out)?;
    let hidden = tempfile::Builder::new().prefix(".postbud-").tempdir_in(out)?;
    for (name, bytes) in files {
        disk::write_synced(&hidden.path().join(name), bytes)?;
    }
    disk::readable(hidden.path(), true)?;
    disk::sync_folder(hidden.path())?;
    let mut number = next_number(out)?;
    loop {
        let version = out.join(number.to_string());
        match fs::rename(hidden.path(), &version) {
            Ok(()) => {
                // It has its own name now; there is nothing left to clean up.
                let _ = hidden.keep();
                disk::sync_folder(out)?;
                return Ok((number, version));
            }
            // Another training took the number in the meantime.
            Err(error) if taken(&error) => number = number.checked_add(1).ok_or(error)?,
            Err(error) => return Err(error),
        }
    }
}

fn taken(error: &io::Error) -> bool {
    use ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotADirectory};
    matches!(error.kind(), AlreadyExists | DirectoryNotEmpty | NotADirectory)
}

/// One more than the highest number in the folder, whatever carries it.
fn next_number(out: &Path) -> io::Result<u32> {
    let mut highest: u32 = 0;
    for entry in fs::read_dir(out)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.parse().ok());
        highest = highest.max(number.unwrap_or(0));
    }
    highest.checked_add(1).ok_or_else(|| io::Error::other("there is no higher version number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_follow_each_other_and_old_ones_stay() {
        let root = tempfile::tempdir().unwrap();
        let out = root.path().join("models/new");
        let (number, first) = publish(&out, &[("a", b"1"), ("b", b"2")]).unwrap();
        assert_eq!((number, fs::read(first.join("b")).unwrap()), (1, b"2".to_vec()));
        fs::create_dir(out.join("6")).unwrap();
        let (number, _) = publish(&out, &[("a", b"3")]).unwrap();
        assert_eq!(number, 7);
        assert_eq!(fs::read(first.join("a")).unwrap(), b"1");
        assert_eq!(names(&out), ["1", "6", "7"]);
    }

    #[test]
    fn of_a_failure_nothing_stays() {
        let root = tempfile::tempdir().unwrap();
        // The second file cannot be created, as if the disk had filled up after the first.
        let error = publish(root.path(), &[("a", b"1"), ("no/such/folder", b"2")]);
        assert!(matches!(error, Err(LearnError::Write { .. })));
        assert!(names(root.path()).is_empty());
    }

    #[test]
    fn trainings_at_the_same_time_get_different_numbers() {
        let root = tempfile::tempdir().unwrap();
        let numbers: Vec<u32> = std::thread::scope(|scope| {
            let one = || publish(root.path(), &[("a", b"x")]).unwrap().0;
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 8, "{numbers:?}");
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let name =
            |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }
}
