//! The drop folder on disk: what waits in it, and where files go afterwards.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

/// At most so many files are taken in one sweep; the others come in the next.
const FILES: usize = 1_000;
/// What is looked at in one sweep, also when it is not ours to take.
const ENTRIES: usize = 100_000;
/// Files of one name that are kept beside each other.
const SAME_NAME: u32 = 10_000;

/// The neighbour of a drop folder to which files go that were taken.
pub(super) const PROCESSED: &str = "processed";
/// The neighbour to which files go that are no letters.
pub(super) const FAILED: &str = "failed";
/// What the name of a refused file's reason ends with.
pub(super) const REASON: &str = ".reason.txt";

/// A drop folder with its two neighbours.
#[derive(Debug, Clone)]
pub(super) struct Place {
    drop: PathBuf,
    processed: PathBuf,
    failed: PathBuf,
}

/// What a file was when it was looked at; another value means that somebody still writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp(u64, u64, i64, i64);

impl Stamp {
    /// Its size.
    pub(super) fn bytes(&self) -> u64 {
        self.1
    }

    fn of(metadata: &Metadata) -> Self {
        Self(metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec())
    }
}

/// A file that could be opened.
pub(super) enum Content {
    /// Its bytes.
    Whole(Bytes, Stamp),
    /// It is larger than a letter may be.
    TooLarge(u64),
}

impl Place {
    /// The folder at `path`; makes it and its neighbours when they are not there.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let place = Self {
            drop: path.to_owned(),
            processed: path.join(PROCESSED),
            failed: path.join(FAILED),
        };
        fs::create_dir_all(&place.processed)?;
        fs::create_dir_all(&place.failed)?;
        Ok(place)
    }

    /// The files that wait, by name. Left alone are folders, links, hidden files and names that
    /// say that the file is still being written.
    pub(super) fn waiting(&self) -> io::Result<Vec<PathBuf>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.drop)?.take(ENTRIES) {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.as_encoded_bytes();
            let unfinished = [&b".tmp"[..], b".part", b".filepart"]
                .iter()
                .any(|ending| name.to_ascii_lowercase().ends_with(ending));
            if !name.starts_with(b".") && !unfinished && entry.file_type()?.is_file() {
                names.push(entry.path());
            }
        }
        names.sort();
        names.truncate(FILES);
        Ok(names)
    }

    /// Moves a file to the processed ones, or deletes it when none are kept.
    pub(super) fn processed(&self, path: &Path, keep: bool) -> io::Result<()> {
        if keep { move_to(path, &self.processed).map(drop) } else { gone(fs::remove_file(path)) }
    }

    /// Moves a file to the failed ones and writes beside it why it is there.
    pub(super) fn failed(&self, path: &Path, reason: &str) -> io::Result<()> {
        let Some(moved) = move_to(path, &self.failed)? else { return Ok(()) };
        let mut name = moved.into_os_string();
        name.push(REASON);
        fs::write(name, format!("{reason}\n"))
    }

    /// Deletes files that were moved to the processed or the failed ones longer ago than each are kept.
    pub(super) fn forget(&self, processed: Duration, failed: Duration) -> io::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let before = |age| i64::try_from(now.saturating_sub(age).as_secs()).unwrap_or(0);
        delete_older(&self.processed, before(processed))?;
        delete_older(&self.failed, before(failed))
    }
}

/// Deletes the files of a folder that were moved there before a moment, in seconds since 1970.
fn delete_older(folder: &Path, before: i64) -> io::Result<()> {
    for entry in fs::read_dir(folder)?.take(ENTRIES) {
        let entry = entry?;
        let metadata = entry.metadata()?;
        // Moving a file changes this time and no other.
        if metadata.is_file() && metadata.ctime() < before {
            gone(fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

/// Reads a file of at most `most` bytes, not through a link.
pub(super) fn read(path: &Path, most: usize) -> io::Result<Content> {
    // A link or a pipe that was put in the place of the file must not lead or hold us anywhere.
    let flags = (nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK).bits();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    if metadata.len() > most as u64 {
        return Ok(Content::TooLarge(metadata.len()));
    }
    let mut raw = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut raw)?;
    Ok(Content::Whole(raw.into(), Stamp::of(&metadata)))
}

/// What the file is now.
pub(super) fn stamp(path: &Path) -> io::Result<Stamp> {
    fs::symlink_metadata(path).map(|metadata| Stamp::of(&metadata))
}

/// Moves a file into a folder under its name, or the first free one like it. `None` when it is
/// gone: somebody else has taken it.
fn move_to(path: &Path, folder: &Path) -> io::Result<Option<PathBuf>> {
    let name = path.file_name().unwrap_or_default();
    for n in 0..SAME_NAME {
        let mut target = name.to_owned();
        if n > 0 {
            target.push(format!(".{n}"));
        }
        let target = folder.join(target);
        if fs::symlink_metadata(&target).is_ok() {
            continue;
        }
        return match fs::rename(path, &target) {
            Ok(()) => Ok(Some(target)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
    }
    Err(io::Error::other(format!("{} has too many files of one name", folder.display())))
}

fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finished_files_wait_and_none_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::open(dir.path()).unwrap();
        for name in ["b.xml", "a.eml", ".hidden", "c.tmp", "d.PART", "e.filepart"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        let names = |paths: Vec<PathBuf>| -> Vec<String> {
            paths.iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names(place.waiting().unwrap()), ["a.eml", "b.xml"]);
        for _ in 0..3 {
            fs::write(dir.path().join("a.eml"), "x").unwrap();
            place.processed(&dir.path().join("a.eml"), true).unwrap();
        }
        assert_eq!(fs::read_dir(dir.path().join("processed")).unwrap().count(), 3);
        place.failed(&dir.path().join("b.xml"), "because").unwrap();
        let reason = fs::read_to_string(dir.path().join("failed/b.xml.reason.txt")).unwrap();
        assert_eq!(reason, "because\n");
        // Gone already: another process has taken it.
        place.processed(&dir.path().join("b.xml"), true).unwrap();
        place.processed(&dir.path().join("b.xml"), false).unwrap();
        let there = |name| fs::read_dir(dir.path().join(name)).unwrap().count();
        let hour = Duration::from_secs(3600);
        place.forget(hour, hour).unwrap();
        assert_eq!((there("processed"), there("failed")), (3, 2));
        // Both moments lie behind any file that is there now.
        delete_older(&place.failed, i64::MAX).unwrap();
        assert_eq!((there("processed"), there("failed")), (3, 0));
    }

    #[test]
    fn neither_links_nor_large_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        assert!(read(&dir.path().join("link"), 1 << 20).is_err());
        fs::write(dir.path().join("five"), "12345").unwrap();
        assert!(matches!(read(&dir.path().join("five"), 4), Ok(Content::TooLarge(5))));
        let Ok(Content::Whole(raw, seen)) = read(&dir.path().join("five"), 5) else { panic!() };
        assert_eq!(&raw[..], b"12345");
        assert_eq!(seen, stamp(&dir.path().join("five")).unwrap());
        fs::write(dir.path().join("five"), "123456").unwrap();
        assert_ne!(seen, stamp(&dir.path().join("five")).unwrap());
    }
}
