//! Copies a file or a folder of plain files, durably.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// Deeper folders are none of ours.
const DEPTH: usize = 16;

/// Copies `from` to `to`, which is not there yet. Links and special files are left out.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    copy_at(from, to, 0)
}

fn copy_at(from: &Path, to: &Path, depth: usize) -> io::Result<()> {
    let kind = fs::symlink_metadata(from)?.file_type();
    // The path that the configuration names may be a link; what lies below it may not.
    let (is_file, is_dir) =
        if depth == 0 { (from.is_file(), from.is_dir()) } else { (kind.is_file(), kind.is_dir()) };
    if is_file {
        if let Some(folder) = to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        fs::copy(from, to)?;
        return File::open(to)?.sync_all();
    }
    if is_dir && depth < DEPTH {
        DirBuilder::new().recursive(true).mode(0o700).create(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy_at(&entry.path(), &to.join(entry.file_name()), depth + 1)?;
        }
        return File::open(to)?.sync_all();
    }
    Ok(())
}

/// Every plain file below a folder, as paths from there, sorted.
pub(super) fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file()
                && let Ok(short) = entry.path().strip_prefix(folder)
            {
                files.push(short.to_owned());
            }
        }
    }
    files.sort();
    Ok(files)
}
