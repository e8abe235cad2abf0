//! What a drop folder keeps: reading letters again that were taken or refused.

use std::io;
use std::path::{Path, PathBuf};

use super::bulk::{self, BulkLimits};
use super::place::{self, Content};

/// The folders beside a drop folder: of files that were taken, and of files that were refused.
#[must_use]
pub fn kept_in(drop: &Path) -> (PathBuf, PathBuf) {
    (drop.join(place::PROCESSED), drop.join(place::FAILED))
}

/// The file beside a refused one that says why.
#[must_use]
pub fn reason_beside(failed: &Path) -> PathBuf {
    let mut name = failed.as_os_str().to_owned();
    name.push(place::REASON);
    name.into()
}

/// Does the name say that there are many letters in the file?
#[must_use]
pub fn is_bulk(file: &Path) -> bool {
    let name = file.as_os_str().as_encoded_bytes().to_ascii_lowercase();
    name.ends_with(bulk::ENDING.as_bytes())
}

/// Hands every letter in a file to `each`; no link is followed. Blocks. `false` when some of it cannot
/// be read, is larger than `letter_bytes`, or lies beyond a limit on bulk files.
///
/// # Errors
/// When the file cannot be opened.
pub fn read_kept(
    file: &Path,
    limits: &BulkLimits,
    letter_bytes: usize,
    each: &mut dyn FnMut(&[u8]),
) -> io::Result<bool> {
    if !is_bulk(file) {
        return Ok(match place::read(file, letter_bytes)? {
            Content::Whole(raw, _) => {
                each(&raw);
                true
            }
            Content::TooLarge(_) => false,
        });
    }
    if !file.symlink_metadata()?.is_file() {
        return Ok(false);
    }
    let mut whole = true;
    let walked = bulk::walk(file, limits, letter_bytes, &mut |member| {
        match member.raw {
            Ok(raw) => each(&raw),
            Err(_) => whole = false,
        }
        true
    });
    Ok(walked.is_ok() && whole)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn letters_are_handed_out_and_what_is_no_letter_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let (small, large) = (file("a.eml", "brev"), file("b.eml", "et langt brev"));
        let damaged = file("c.TAR.lzma", "brev");
        std::os::unix::fs::symlink(&small, dir.path().join("link.eml")).unwrap();
        let mut found = Vec::new();
        let mut read = |path: &Path| {
            read_kept(path, &BulkLimits::default(), 5, &mut |raw| found.push(raw.to_vec()))
        };
        assert!(read(&small).unwrap());
        assert!(!read(&large).unwrap());
        assert!(!read(&damaged).unwrap());
        assert!(read(&dir.path().join("link.eml")).is_err());
        assert_eq!(found, [b"brev"]);
        assert!(reason_beside(&small).ends_with("a.eml.reason.txt"));
    }
}
