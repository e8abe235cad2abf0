//! What lies in a folder that only changes now and then, without listing it for every letter.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::disk::{DiskError, fault};

#[cfg(test)]
thread_local! {
    /// How often this thread has listed a folder.
    pub(super) static LISTINGS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// What mail programs and drafts put behind a name begins with one of these.
pub(super) const BEHIND_NAME: [char; 4] = [':', ',', ';', '!'];

/// Two changes closer together than this may bear the same time, on some network shares.
const SETTLED: Duration = Duration::from_secs(3);

/// What is known of a folder.
#[derive(Default)]
pub(super) struct Index(Mutex<Option<Known>>);

/// The names in a folder, as sorted hashes: a few bytes for each, also with a million letters.
struct Known {
    names: Vec<u64>,
    /// When the folder had last changed when it was read.
    changed: SystemTime,
    /// The folder had not changed for a while then: a change after it was read shows in its time.
    settled: bool,
}

impl Index {
    /// May `folder` hold a file called `name`, whatever is put behind it? `false` is certain, `true`
    /// may be another name with the same hash. Reads the folder when it has changed.
    pub(super) fn may_hold(&self, folder: &Path, name: &str) -> Result<bool, DiskError> {
        let changed = fs::metadata(folder)
            .and_then(|folder| folder.modified())
            .map_err(|source| fault("cannot look at", folder, source))?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = known.take().filter(|known| known.settled && known.changed == changed);
        let known = match fresh {
            Some(fresh) => known.insert(fresh),
            None => known.insert(Known::read(folder, changed)?),
        };
        Ok(known.names.binary_search(&hash(name)).is_ok())
    }
}

impl Known {
    fn read(folder: &Path, changed: SystemTime) -> Result<Self, DiskError> {
        let settled = changed.elapsed().is_ok_and(|since| since > SETTLED);
        let mut names = Vec::new();
        for entry in list(folder)? {
            let entry = entry.map_err(|source| fault("cannot list", folder, source))?;
            let file = entry.file_name();
            let base = file.to_str().and_then(|file| file.split(BEHIND_NAME).next());
            names.extend(base.map(hash));
        }
        names.sort_unstable();
        Ok(Self { names, changed, settled })
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

pub(super) fn list(folder: &Path) -> Result<fs::ReadDir, DiskError> {
    #[cfg(test)]
    LISTINGS.with(|count| count.set(count.get() + 1));
    fs::read_dir(folder).map_err(|source| fault("cannot list", folder, source))
}
