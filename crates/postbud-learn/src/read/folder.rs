//! A folder: Maildir, or one sub-folder or mbox per mailbox.

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::files::{self, Found};
use super::{MAX_LETTERS, ReadError, Reading, Skipped, Why, jsonl, name};

/// Folders inside a mailbox's folder are followed this deep.
const DEPTH: usize = 8;

/// A file to read.
struct Job {
    path: PathBuf,
    place: String,
    label: Arc<str>,
}

/// What is collected before the files are read.
struct Walk<'a> {
    root: &'a Path,
    jobs: Vec<Job>,
    reading: &'a mut Reading,
}

/// Reads everything below a folder.
pub(super) fn read(root: &Path, reading: &mut Reading) -> Result<(), ReadError> {
    let io = |source| ReadError::Io { path: root.to_owned(), source };
    let mut walk = Walk { root, jobs: Vec::new(), reading };
    let entries = entries(root).map_err(io)?;
    if is_maildir(root) {
        walk.maildir(&entries)?;
    } else {
        walk.mailboxes(&entries)?;
    }
    let jobs = walk.jobs;
    if jobs.len() > MAX_LETTERS {
        return Err(ReadError::TooMany { path: root.to_owned() });
    }
    let read = |job: &Job| files::in_mailbox(&job.path, &job.label, &job.place);
    let found: Vec<Found> = jobs.par_iter().map(read).collect();
    found.into_iter().try_for_each(|found| files::take(found, root, reading))
}

impl Walk<'_> {
    /// A Maildir: its own letters, or those of its sub-folders when it has some; then its inbox
    /// is where letters wait, and no mailbox.
    fn maildir(&mut self, entries: &[DirEntry]) -> Result<(), ReadError> {
        let subfolders: Vec<&DirEntry> =
            entries.iter().filter(|entry| hidden(entry) && is_maildir(&entry.path())).collect();
        if subfolders.is_empty() {
            let whole = fs::canonicalize(self.root).unwrap_or_else(|_| self.root.to_owned());
            let label = whole.file_name().and_then(name::of_folder);
            let bad = || ReadError::BadName { path: self.root.to_owned() };
            let label = label.ok_or_else(bad)?;
            self.letters_of(self.root, &label.into(), DEPTH);
            return Ok(());
        }
        for entry in subfolders {
            match name::of_subfolder(&entry.file_name()) {
                Some(label) => self.letters_of(&entry.path(), &label.into(), DEPTH),
                None => self.skip(&entry.path(), &Why::BadName),
            }
        }
        for part in ["cur", "new"] {
            self.skip_letters(&self.root.join(part));
        }
        Ok(())
    }

    /// One sub-folder or one mbox per mailbox; JSON Lines bring their labels along.
    fn mailboxes(&mut self, entries: &[DirEntry]) -> Result<(), ReadError> {
        for entry in entries.iter().filter(|entry| !hidden(entry)) {
            let (path, file_name) = (entry.path(), entry.file_name());
            let Ok(kind) = entry.file_type() else {
                self.skip(&path, &Why::NoFile);
                continue;
            };
            if kind.is_dir() {
                // Some programs put the mbox into a folder of its name.
                match name::of_mbox(&file_name) {
                    Some(label) => self.letters_of(&path, &label.into(), DEPTH),
                    None => self.skip(&path, &Why::BadName),
                }
            } else if is_file(&path) {
                self.beside(&path)?;
            } else {
                self.skip(&path, &Why::NoFile);
            }
        }
        Ok(())
    }

    /// A file beside the folders of the mailboxes.
    fn beside(&mut self, path: &Path) -> Result<(), ReadError> {
        let (file, head) = match files::open(path) {
            Ok(opened) => opened,
            Err(error) => {
                self.skip(path, &Why::Unreadable(error));
                return Ok(());
            }
        };
        if head.starts_with(b"From ") {
            match path.file_name().and_then(name::of_mbox) {
                Some(label) => self.push(path, &label.into()),
                None => self.skip(path, &Why::BadName),
            }
        } else if !head.is_empty() && files::is_jsonl(path, &head) {
            match jsonl::read(path, file, &mut self.reading.letters) {
                Ok(()) => {}
                Err(ReadError::Lines { count, faults, .. }) if !faults.is_empty() => {
                    self.skip(path, &Why::Lines { count, first: faults[0].clone() });
                }
                Err(ReadError::Io { source, .. }) => self.skip(path, &Why::Unreadable(source)),
                Err(error) => return Err(error),
            }
        } else {
            self.skip(path, &Why::Beside);
        }
        Ok(())
    }

    /// All files in a mailbox's folder, however deep; of a Maildir not those that are still being
    /// delivered (`tmp`).
    fn letters_of(&mut self, folder: &Path, label: &Arc<str>, depth: usize) {
        let entries = match entries(folder) {
            Ok(entries) => entries,
            Err(error) => return self.skip(folder, &Why::Unreadable(error)),
        };
        let maildir = is_maildir(folder);
        for entry in entries {
            let (path, file_name) = (entry.path(), entry.file_name());
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if hidden(&entry) || maildir && (file_name == "tmp" || !is_dir) {
                continue;
            }
            if !is_dir && is_file(&path) {
                self.push(&path, label);
            } else if is_dir && depth > 0 {
                self.letters_of(&path, label, depth - 1);
            } else {
                self.skip(&path, if is_dir { &Why::TooDeep } else { &Why::NoFile });
            }
        }
    }

    fn skip_letters(&mut self, folder: &Path) {
        for entry in entries(folder).unwrap_or_default() {
            self.skip(&entry.path(), &Why::Beside);
        }
    }

    fn push(&mut self, path: &Path, label: &Arc<str>) {
        // One more than allowed is enough to say that there are too many.
        if self.jobs.len() <= MAX_LETTERS {
            let place = self.place(path);
            self.jobs.push(Job { path: path.to_owned(), place, label: Arc::clone(label) });
        }
    }

    fn skip(&mut self, path: &Path, why: &Why) {
        let skipped = Skipped::new(self.place(path), why);
        self.reading.skip(skipped);
    }

    fn place(&self, path: &Path) -> String {
        path.strip_prefix(self.root).unwrap_or(path).display().to_string()
    }
}

/// What a folder holds, by name.
fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

fn hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn is_maildir(folder: &Path) -> bool {
    ["cur", "new"].iter().all(|part| folder.join(part).is_dir())
}

/// A file, or a link to one.
fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}
