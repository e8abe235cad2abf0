//! Maildir: one file per letter, whole or not at all, and never twice.
//!
//! The file is written under a name of its own in `tmp`, flushed to disk, and linked into `new`
//! under a name that comes from the outbox item's key. The link fails when the name is there
//! already, so two attempts at once end in one letter. Before that, `new` and `cur` are searched:
//! a mail program that moved the letter to `cur` has put flags behind its name. In `new` the name
//! is known and looked up; the names in `cur` are read again only when the folder has changed, so
//! that a letter costs the same in a full mailbox as in an empty one.
//!
//! A person who moves a letter out of the mailbox and an attempt that is repeated only then, after
//! a crash, is the one case in which the letter comes again.

mod index;

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use mail_builder::IoWriter;
use postbud_pipeline::fault::point;

use crate::disk::{DiskError, create, draft_name, fault, remove, sync, write};

use self::index::{BEHIND_NAME, Index, list};

/// A Maildir, with what is known of its `cur`.
pub(crate) struct Maildir {
    folder: PathBuf,
    cur: Index,
}

impl Maildir {
    /// The Maildir at `folder`, which need not be there yet.
    pub(crate) fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), cur: Index::default() }
    }

    /// Puts the mail that `make` writes into it, durably. Does nothing when a letter of this name is
    /// there already. Blocks.
    pub(crate) fn deliver(
        &self,
        name: &str,
        make: impl FnOnce(&mut IoWriter<&File>),
    ) -> Result<(), DiskError> {
        let [tmp, new, cur] = ["tmp", "new", "cur"].map(|part| self.folder.join(part));
        for part in [&tmp, &new, &cur] {
            create(part)?;
        }
        // A mail program moves from `new` to `cur`, never back: looking in this order misses
        // nothing.
        if is_there(&new.join(name))? || self.was_read(&cur, name)? {
            return Ok(());
        }
        for left_over in find(&tmp, name)? {
            remove(&left_over)?;
        }
        point("before-write", name);
        let draft = tmp.join(draft_name(name));
        let put = write(&draft, make).and_then(|()| {
            point("before-link", name);
            link(&draft, &new.join(name))
        });
        point("after-link", name);
        let removed = remove(&draft);
        put?;
        removed?;
        sync(&new)
    }

    /// Is the letter in `cur`, whatever flags are behind its name?
    fn was_read(&self, cur: &Path, name: &str) -> Result<bool, DiskError> {
        // Two names may have one hash: only the folder itself may say that a letter is there.
        Ok(self.cur.may_hold(cur, name)? && !find(cur, name)?.is_empty())
    }
}

fn is_there(path: &Path) -> Result<bool, DiskError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(fault("cannot look at", path, source)),
    }
}

/// Files in `folder` called `name`, also with what mail programs and drafts put behind it.
fn find(folder: &Path, name: &str) -> Result<Vec<PathBuf>, DiskError> {
    let mut found = Vec::new();
    for entry in list(folder)? {
        let entry = entry.map_err(|source| fault("cannot list", folder, source))?;
        let other = entry.file_name();
        let rest = other.to_str().and_then(|other| other.strip_prefix(name));
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(BEHIND_NAME)) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Gives the draft its name in `new`, unless that is taken.
fn link(draft: &Path, target: &Path) -> Result<(), DiskError> {
    match fs::hard_link(draft, target) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        // File systems without links, such as network shares: the search above has to do.
        Err(error)
            if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied) =>
        {
            fs::rename(draft, target)
        }
        other => other,
    }
    .map_err(|source| fault("cannot put the letter at", target, source))
}

#[cfg(test)]
mod tests {
    use super::index::LISTINGS;
    use super::*;
    use mail_builder::Writer as _;
    use nix::errno::Errno;
    use proptest::prelude::*;
    use std::fs::DirBuilder;
    use std::io;
    use std::os::unix::fs::DirBuilderExt;
    use std::time::{Duration, SystemTime};

    /// As a process does that has just been started.
    fn deliver(folder: &Path, name: &str, mail: &[u8]) -> Result<(), DiskError> {
        Maildir::new(folder).deliver(name, |out| out.write(mail))
    }

    fn not_again(_: &mut IoWriter<&File>) {
        unreachable!("composed again");
    }

    fn age(folder: &Path) {
        let long_ago = SystemTime::now() - Duration::from_secs(600);
        File::open(folder).unwrap().set_modified(long_ago).unwrap();
    }

    #[test]
    fn a_full_mailbox_is_not_listed_for_every_letter() {
        let root = tempfile::tempdir().unwrap();
        let maildir = Maildir::new(root.path());
        maildir.deliver("first", |out| out.write(b"x")).unwrap();
        fs::write(root.path().join("cur/read:2,S"), b"x").unwrap();
        age(&root.path().join("cur"));
        let before = LISTINGS.get();
        for n in 0..50 {
            maildir.deliver(&format!("o-{n}"), |out| out.write(b"x")).unwrap();
        }
        // `tmp` each time, which is as good as empty, and `cur` once.
        assert_eq!(LISTINGS.get() - before, 51);
        assert_eq!(files(root.path(), "new").len(), 51);
    }

    #[test]
    fn a_letter_that_is_read_between_two_attempts_does_not_come_again() {
        let root = tempfile::tempdir().unwrap();
        let maildir = Maildir::new(root.path());
        maildir.deliver("o-1", |out| out.write(b"x")).unwrap();
        age(&root.path().join("cur"));
        maildir.deliver("o-2", |out| out.write(b"x")).unwrap();
        for name in ["o-1", "o-2"] {
            let read = root.path().join(format!("cur/{name}:2,S"));
            fs::rename(root.path().join("new").join(name), read).unwrap();
            maildir.deliver(name, not_again).unwrap();
        }
        assert!(files(root.path(), "new").is_empty());
    }

    fn files(folder: &Path, part: &str) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(folder.join(part))
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|e| (e.file_name().into_string().unwrap(), fs::read(e.path()).unwrap()))
            .collect();
        files.sort();
        files
    }

    #[test]
    fn the_same_letter_twice_is_one_file() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        deliver(&folder, "o-1", b"et\n").unwrap();
        Maildir::new(&folder).deliver("o-1", not_again).unwrap();
        deliver(&folder, "o-2", b"to\r\n\0\xff").unwrap();
        assert_eq!(
            files(&folder, "new"),
            [("o-1".into(), b"et\n".to_vec()), ("o-2".into(), b"to\r\n\0\xff".to_vec())]
        );
        assert!(files(&folder, "tmp").is_empty());
    }

    #[test]
    fn a_letter_that_was_read_does_not_come_again() {
        for moved in ["o-1", "o-1:2,S", "o-1,S=17,W=18:2,RS", "o-1;2,S", "o-1!2,S"] {
            let root = tempfile::tempdir().unwrap();
            deliver(root.path(), "o-1", b"x").unwrap();
            let read = root.path().join("cur").join(moved);
            fs::rename(root.path().join("new/o-1"), read).unwrap();
            deliver(root.path(), "o-1", b"x").unwrap();
            assert!(files(root.path(), "new").is_empty(), "{moved}");
            // A name that only begins alike is another letter.
            deliver(root.path(), "o-", b"y").unwrap();
            assert_eq!(files(root.path(), "new").len(), 1, "{moved}");
        }
    }

    #[test]
    fn what_a_crash_left_behind_is_swept_away() {
        let root = tempfile::tempdir().unwrap();
        let tmp = root.path().join("tmp");
        fs::create_dir_all(&tmp).unwrap();
        fs::write(tmp.join("o-1,4711-0"), b"half a let").unwrap();
        fs::write(tmp.join("o-10,4711-1"), b"of another").unwrap();
        deliver(root.path(), "o-1", b"whole").unwrap();
        assert_eq!(files(root.path(), "new"), [("o-1".into(), b"whole".to_vec())]);
        assert_eq!(files(root.path(), "tmp"), [("o-10,4711-1".into(), b"of another".to_vec())]);
    }

    #[test]
    fn many_at_once_are_one_file() {
        let root = tempfile::tempdir().unwrap();
        let results: Vec<_> = std::thread::scope(|scope| {
            let attempt = || deliver(root.path(), "o-1", &[b'x'; 100_000]);
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(attempt)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        // An attempt may find its draft swept away by another and fail; it is then made again.
        assert!(results.iter().any(Result::is_ok));
        assert_eq!(files(root.path(), "new"), [("o-1".into(), vec![b'x'; 100_000])]);
        assert!(files(root.path(), "tmp").is_empty());
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("brev");
        fs::write(&file, b"x").unwrap();
        for folder in [file.clone(), file.join("below")] {
            let error = deliver(&folder, "o-1", b"x").unwrap_err();
            assert!(error.is_permanent());
            let text = error.to_string().replace(root.path().to_str().unwrap(), "/root");
            assert!(text.contains("something else than a folder is in the way"), "{text}");
        }
        fs::create_dir(root.path().join("m")).unwrap();
        fs::write(root.path().join("m/new"), b"x").unwrap();
        let error = deliver(&root.path().join("m"), "o-1", b"x").unwrap_err();
        assert!(error.is_permanent());
    }

    #[test]
    fn a_folder_that_may_not_be_written_is_tried_again() {
        if nix::unistd::geteuid().is_root() {
            println!("skipped: root may write everywhere");
            return;
        }
        let root = tempfile::tempdir().unwrap();
        let closed = root.path().join("closed");
        DirBuilder::new().mode(0o500).create(&closed).unwrap();
        let error = deliver(&closed, "o-1", b"x").unwrap_err();
        assert!(!error.is_permanent());
        assert!(error.to_string().contains("let the user that Postbud runs as write there"));
    }

    #[test]
    fn errors_say_what_helps() {
        let codes = [
            Errno::EACCES,
            Errno::ENOSPC,
            Errno::EDQUOT,
            Errno::EROFS,
            Errno::ENOTDIR,
            Errno::ENAMETOOLONG,
            Errno::EFBIG,
            Errno::EIO,
            Errno::ESTALE,
        ];
        let lines: Vec<String> = codes
            .iter()
            .map(|&code| {
                let source = io::Error::from_raw_os_error(code as i32);
                let error = fault("cannot write", Path::new("/post/tmp/o-1"), source);
                let word = if error.is_permanent() { "permanent" } else { "transient" };
                format!("{word}: {error}")
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn weird_keys_stay_inside_the_folder(key in any::<String>(), mail in any::<Vec<u8>>()) {
            let root = tempfile::tempdir().unwrap();
            let name = crate::compose::token(&key);
            deliver(root.path(), &name, &mail).unwrap();
            deliver(root.path(), &name, &mail).unwrap();
            prop_assert_eq!(files(root.path(), "new"), [(name, mail)]);
        }
    }
}
