//! One retraining at a time: a file in the model's folder for this machine, a lease in the store
//! for all machines that share it.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use postbud_pipeline::ports::{Retrains as _, Timestamp};
use postbud_store::SqlStore;

use crate::exit::{self, Failure};

/// Locked while a version is made. It stays there; an empty file harms nobody.
const LOCK_FILE: &str = ".retrain.lock";
/// How long a lease holds without being prolonged.
const LEASE_MS: i64 = 120_000;
/// How often it is prolonged.
const PROLONG: Duration = Duration::from_secs(30);
/// What a training leaves behind that was killed while it wrote; nobody writes for so long.
const ABANDONED: Duration = Duration::from_secs(3_600);

/// The right to retrain. The operating system gives the file back when a process dies; the lease
/// runs out.
pub(super) struct Lock {
    _file: File,
    prolonging: tokio::task::JoinHandle<()>,
    store: SqlStore,
    holder: String,
}

impl Lock {
    /// Takes both, or says who has them.
    pub(super) async fn take(dir: &Path, store: &SqlStore, holder: &str) -> anyhow::Result<Self> {
        fs::create_dir_all(dir)
            .with_context(|| format!("the folder {} cannot be made", dir.display()))?;
        let path = dir.join(LOCK_FILE);
        let locked = File::options().create(true).append(true).open(&path);
        let file = locked.with_context(|| format!("{} cannot be opened", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(busy("on this machine")),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("{} cannot be locked", path.display()));
            }
        }
        let now = Timestamp::now();
        if store.take_retrain_lease(holder, now, now.plus_ms(LEASE_MS)).await?.is_some() {
            return Err(busy("on another machine, or one has just died: then wait two minutes"));
        }
        clean(dir);
        let prolonging = tokio::spawn(prolong(store.clone(), holder.to_owned()));
        Ok(Self { _file: file, prolonging, store: store.clone(), holder: holder.to_owned() })
    }

    /// Lets the next one in.
    pub(super) async fn release(self) -> anyhow::Result<()> {
        self.prolonging.abort();
        self.store.release_retrain_lease(&self.holder).await?;
        Ok(())
    }
}

fn busy(where_: &str) -> anyhow::Error {
    Failure::new(exit::FAILED, format!("another retraining is running {where_}; nothing was done"))
        .into()
}

async fn prolong(store: SqlStore, holder: String) {
    loop {
        tokio::time::sleep(PROLONG).await;
        let now = Timestamp::now();
        // A store that is away for a moment leaves time for three more tries.
        let _ = store.take_retrain_lease(&holder, now, now.plus_ms(LEASE_MS)).await;
    }
}

/// Takes away what trainings left that were killed while they wrote.
fn clean(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let hidden = entry.file_name().to_string_lossy().starts_with(".postbud-");
        let age = entry.metadata().and_then(|found| found.modified()).ok();
        let age = age.and_then(|at| SystemTime::now().duration_since(at).ok());
        if hidden && age.is_some_and(|age| age > ABANDONED) {
            let path = entry.path();
            // What cannot be removed is in nobody's way.
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
    }
}
