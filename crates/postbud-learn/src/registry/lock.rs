//! One change at a time: a lock that the operating system gives back when a process dies.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use super::RegistryError;

/// Locked while a role changes. It stays there; an empty file harms nobody.
const LOCK_FILE: &str = ".registry.lock";
/// A change takes as long as a model takes to load; whoever holds the lock longer hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Held while the record is read, changed and written. Dropping it lets the next one in.
pub(super) struct Lock(#[expect(dead_code, reason = "closing the file unlocks it")] File);

impl Lock {
    /// Waits for the lock of the registry in `dir`.
    pub(super) fn take(dir: &Path) -> Result<Self, RegistryError> {
        let path = dir.join(LOCK_FILE);
        let io = |source| RegistryError::Io { path: path.clone(), action: "be locked", source };
        let file = File::options().create(true).append(true).open(&path).map_err(io)?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => return Err(RegistryError::Busy { path }),
                Err(TryLockError::Error(source)) => return Err(io(source)),
            }
        }
    }
}
