//! Files that are there for good once a call has returned: whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use mail_builder::{IoWriter, Writer as _};

/// What went wrong, and where.
#[derive(Debug, thiserror::Error)]
#[error("{what} {path}: {advice}", path = .path.display(), advice = advice(.source))]
pub(crate) struct DiskError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl DiskError {
    /// Will it fail the same way again, whoever tries?
    pub(crate) fn is_permanent(&self) -> bool {
        matches!(
            self.source.kind(),
            ErrorKind::NotADirectory
                | ErrorKind::InvalidFilename
                | ErrorKind::InvalidInput
                | ErrorKind::FileTooLarge
        )
    }
}

/// What the error is and what helps.
fn advice(error: &io::Error) -> String {
    let help = match error.kind() {
        ErrorKind::PermissionDenied => "let the user that Postbud runs as write there",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space or raise the quota",
        ErrorKind::ReadOnlyFilesystem => "mount the file system for writing",
        ErrorKind::NotADirectory => {
            "something else than a folder is in the way; choose another path"
        }
        ErrorKind::InvalidFilename | ErrorKind::InvalidInput => "choose a shorter, plain path",
        ErrorKind::FileTooLarge => "the file system does not take files of this size",
        _ => return error.to_string(),
    };
    format!("{error}; {help}")
}

/// Puts a file of this name into `folder`, in place of one that is there. Blocks.
pub(crate) fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
    create(folder)?;
    let (draft, target) = (folder.join(draft_name(&format!(".{name}"))), folder.join(name));
    let put = write(&draft, |out| out.write(bytes)).and_then(|()| {
        fs::rename(&draft, &target)
            .map_err(|source| fault("cannot put the letter at", &target, source))
    });
    if put.is_err() {
        remove(&draft)?;
    }
    put.and_then(|()| sync(folder))
}

/// `name`, and behind a comma what no other draft has.
pub(crate) fn draft_name(name: &str) -> String {
    format!("{name},{}-{}", std::process::id(), next())
}

/// A number that this process has not used yet.
fn next() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// Makes a folder and those above it, and what was made durable.
pub(crate) fn create(folder: &Path) -> Result<(), DiskError> {
    if folder.is_dir() {
        return Ok(());
    }
    let missing: Vec<&Path> = folder.ancestors().take_while(|path| !path.is_dir()).collect();
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    if let Err(error) = made
        && !folder.is_dir()
    {
        return Err(fault("cannot create", folder, in_the_way(folder, error)));
    }
    // A folder is on disk when its parent is.
    missing.iter().filter_map(|path| path.parent()).try_for_each(|parent| {
        sync(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
    })
}

/// A file where a folder should be makes `mkdir` say "exists": say what it is instead.
fn in_the_way(folder: &Path, error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::AlreadyExists && !folder.is_dir() {
        ErrorKind::NotADirectory.into()
    } else {
        error
    }
}

/// Makes the draft of what `make` writes, and flushes it to disk. However large it is, little of it
/// is in memory.
pub(crate) fn write(
    draft: &Path,
    make: impl FnOnce(&mut IoWriter<&File>),
) -> Result<(), DiskError> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)
        .map_err(|source| fault("cannot create", draft, source))?;
    let mut out = IoWriter::new(&file);
    make(&mut out);
    out.finish()
        .and_then(|_| file.sync_all())
        .map_err(|source| fault("cannot write", draft, source))
}

pub(crate) fn remove(draft: &Path) -> Result<(), DiskError> {
    match fs::remove_file(draft) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(fault("cannot remove", draft, source))
        }
        _ => Ok(()),
    }
}

pub(crate) fn sync(folder: &Path) -> Result<(), DiskError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| fault("cannot flush", folder, source))
}

pub(crate) fn fault(what: &'static str, path: &Path, source: io::Error) -> DiskError {
    DiskError { what, path: path.to_owned(), source }
}
