//! What is made of files that somebody renews, such as certificates: whoever writes them anew need
//! not restart anything.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tracing::{info, warn};

/// What tells one state of a file from another: when it was written, and its size.
type Mark = Option<(SystemTime, u64)>;
type Make<T> = dyn Fn() -> Result<T, Box<dyn Error + Send + Sync>> + Send + Sync;

/// A value made of files, and made again when they have changed.
pub struct Renewed<T> {
    files: Vec<PathBuf>,
    make: Box<Make<T>>,
    now: Mutex<Now<T>>,
}

struct Now<T> {
    marks: Vec<Mark>,
    made: T,
}

impl<T: Clone> Renewed<T> {
    /// Makes it for the first time; `files` are those that `make` reads.
    ///
    /// # Errors
    /// What `make` says.
    pub fn open<E: Into<Box<dyn Error + Send + Sync>>>(
        files: Vec<PathBuf>,
        make: impl Fn() -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<Self, E> {
        // Before the files are read: a change in between is seen at the next look.
        let marks = marks(&files);
        let made = make()?;
        let make = Box::new(move || make().map_err(Into::into));
        Ok(Self { files, make, now: Mutex::new(Now { marks, made }) })
    }

    /// The value for one connection. Files that changed are read again; what cannot be used (such as
    /// a new certificate whose key is still to be written) is said once, and what was there goes on.
    pub fn current(&self) -> T {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let marks = marks(&self.files);
        if marks != now.marks {
            let path = self.files.first().map_or(Path::new(""), PathBuf::as_path).display();
            match (self.make)() {
                Ok(made) => {
                    now.made = made;
                    info!(certificate = %path, "a renewed certificate is in use");
                }
                Err(error) => {
                    let error = &*error as &dyn Error;
                    warn!(certificate = %path, error, "a renewed certificate cannot be used, the last one goes on");
                }
            }
            now.marks = marks;
        }
        now.made.clone()
    }
}

fn marks(files: &[PathBuf]) -> Vec<Mark> {
    let mark = |path: &PathBuf| {
        let found = std::fs::metadata(path).ok()?;
        Some((found.modified().ok()?, found.len()))
    };
    files.iter().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs::File;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_renewed_is_read_and_what_is_half_there_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        // Files written within one tick of the file system's clock are told apart.
        let written = Cell::new(SystemTime::now());
        let write = |name: &str, text: &str| {
            std::fs::write(path(name), text).unwrap();
            written.set(written.get() + Duration::from_secs(1));
            let file = File::options().write(true).open(path(name)).unwrap();
            file.set_modified(written.get()).unwrap();
        };
        write("certificate", "1");
        write("key", "1");
        let files = vec![path("certificate"), path("key")];
        let read = files.clone();
        let made = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&made);
        let renewed = Renewed::open(files, move || {
            counted.fetch_add(1, Ordering::Relaxed);
            let [certificate, key] = [&read[0], &read[1]].map(std::fs::read_to_string);
            let (certificate, key) = (certificate?, key?);
            let fit = certificate == key;
            fit.then_some(key).ok_or(std::io::Error::other("they do not fit together"))
        });
        let renewed = renewed.unwrap();
        assert_eq!([renewed.current(), renewed.current()], ["1", "1"]);
        assert_eq!(made.load(Ordering::Relaxed), 1, "nothing has changed");
        write("certificate", "2");
        assert_eq!(renewed.current(), "1", "its key is not there yet");
        std::fs::remove_file(path("key")).unwrap();
        assert_eq!(renewed.current(), "1", "no key at all");
        write("key", "2");
        assert_eq!(renewed.current(), "2");
    }
}
