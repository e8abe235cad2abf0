//! A drop folder: other programs put letters there, whole and at once (by renaming them in).
//!
//! A file that was taken goes to `processed/`, one that is no letter to `failed/` with the reason
//! beside it. The move comes after the letter is durable: a crash in between takes the file again,
//! and the letter is recognised.

mod bulk;
mod kept;
mod place;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use postbud_pipeline::{RetryPolicy, Stop};
use tokio::sync::mpsc;
use tracing::{info, warn};

use crate::acceptor::{AcceptError, Acceptor, Kind};
use crate::activity::Activity;

use bulk::BulkError;
pub use bulk::BulkLimits;
pub use kept::{is_bulk, kept_in, read_kept, reason_beside};
use place::{Content, Place};

/// So many letters of a bulk file are named when they are refused.
const FAULTS: usize = 100;

/// How a drop folder is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderOptions {
    /// The folder.
    pub path: PathBuf,
    /// How often to look.
    pub every: Duration,
    /// How long processed files are kept; zero deletes them as soon as they are durable.
    pub keep: Duration,
    /// How long failed files are kept, with the reasons beside them.
    pub keep_failed: Duration,
    /// Limits on bulk files.
    pub bulk: BulkLimits,
}

/// Why a folder cannot be served now.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder or a file in it cannot be used.
    #[error("{} cannot be used", path.display())]
    Disk {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Queue or store do not take letters.
    #[error(transparent)]
    Accept(AcceptError),
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Letters that are durable.
    pub letters: usize,
    /// Files moved to `failed/`.
    pub failed: usize,
    /// Files that could not be read and were left where they are.
    pub left: usize,
}

/// A drop folder.
pub struct Folder {
    options: FolderOptions,
    place: Place,
    activity: Arc<Activity>,
}

impl Folder {
    /// Opens the folder and makes its two neighbours.
    ///
    /// # Errors
    /// When the folder cannot be made or used.
    pub fn open(options: FolderOptions) -> Result<Self, FolderError> {
        let place = Place::open(&options.path)
            .map_err(|source| FolderError::Disk { path: options.path.clone(), source })?;
        let activity = Arc::new(Activity::new("folder", options.path.display().to_string()));
        Ok(Self { options, place, activity })
    }

    /// Its figures.
    #[must_use]
    pub fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// Takes letters until `stop`.
    pub async fn run(&self, acceptor: &Acceptor, stop: &Stop) {
        let mut failed = 0;
        while !stop.is_set() {
            let pause = match self.sweep(acceptor, stop).await {
                Ok(swept) => {
                    failed = 0;
                    self.activity.success();
                    if swept.left == 0 {
                        self.activity.well();
                    }
                    self.options.every
                }
                Err(error) => {
                    failed += 1;
                    let word = match &error {
                        FolderError::Disk { .. } => "disk",
                        FolderError::Accept(_) => "not-taken",
                    };
                    self.activity.trouble(word, &error);
                    RetryPolicy::AWAY.pause_for_ever(&self.activity.reading().name, failed)
                }
            };
            stop.sleep(pause).await;
        }
    }

    /// Takes everything that waits now.
    ///
    /// # Errors
    /// When the folder, the queue or the store cannot be used. What was not taken waits where it
    /// is.
    pub async fn sweep(&self, acceptor: &Acceptor, stop: &Stop) -> Result<Swept, FolderError> {
        let place = self.place.clone();
        let waiting = self.blocking(&self.options.path, move || place.waiting()).await?;
        let mut swept = Swept::default();
        for (taken, path) in waiting.iter().enumerate() {
            self.activity.set_waiting(waiting.len() - taken);
            if stop.is_set() {
                return Ok(swept);
            }
            let name = path.as_os_str().as_encoded_bytes().to_ascii_lowercase();
            if name.ends_with(bulk::ENDING.as_bytes()) {
                self.take_bulk(path, acceptor, &mut swept).await?;
            } else {
                self.take(path, acceptor, &mut swept).await?;
            }
        }
        self.activity.set_waiting(swept.left);
        let (place, keep) = (self.place.clone(), self.options.keep);
        let keep_failed = self.options.keep_failed;
        self.blocking(&self.options.path, move || place.forget(keep, keep_failed)).await?;
        Ok(swept)
    }

    async fn take(
        &self,
        path: &Path,
        acceptor: &Acceptor,
        swept: &mut Swept,
    ) -> Result<(), FolderError> {
        let (from, most) = (path.to_owned(), acceptor.letter_bytes());
        // One file that cannot be read must not keep the others waiting.
        let content = match self.blocking(path, move || place::read(&from, most)).await {
            Ok(content) => content,
            Err(error) => {
                self.activity.trouble("file", &error);
                swept.left += 1;
                return Ok(());
            }
        };
        let (raw, seen) = match content {
            Content::Whole(raw, seen) => (raw, seen),
            Content::TooLarge(bytes) => {
                let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
                let error = AcceptError::TooLarge { bytes, limit: most };
                return self.refuse(path, &error.to_string(), swept).await;
            }
        };
        let unchanged = place::stamp(path).is_ok_and(|now| now == seen);
        if !unchanged || raw.len() as u64 != seen.bytes() {
            // Still being written: the next sweep looks again.
            return Ok(());
        }
        match acceptor.accept(raw, Kind::Letter).await {
            Ok(id) => {
                self.processed(path).await?;
                self.activity.accepted();
                swept.letters += 1;
                info!(letter = %id, "taken from a drop folder");
                Ok(())
            }
            Err(error) if error.is_final() => self.refuse(path, &error.to_string(), swept).await,
            Err(error) => Err(FolderError::Accept(error)),
        }
    }

    async fn take_bulk(
        &self,
        path: &Path,
        acceptor: &Acceptor,
        swept: &mut Swept,
    ) -> Result<(), FolderError> {
        // First to the end without taking anything: a file that breaks a limit gives no letters.
        if let Err(error) = self.walk(path, acceptor, None).await {
            return self.refuse_bulk(path, &error, swept).await;
        }
        let (sender, members) = mpsc::channel(1);
        let taking = take_members(acceptor, members);
        let (walked, taken) = tokio::join!(self.walk(path, acceptor, Some(sender)), taking);
        let (taken, faults) = taken?;
        swept.letters += taken;
        for _ in 0..taken {
            self.activity.accepted();
        }
        if let Err(error) = walked {
            return self.refuse_bulk(path, &error, swept).await;
        }
        info!(letters = taken, refused = faults.len(), "a bulk file was taken from a drop folder");
        if faults.is_empty() {
            return self.processed(path).await;
        }
        let refused = faults.len();
        let listed: Vec<String> = faults
            .into_iter()
            .take(FAULTS)
            .map(|(number, error)| format!("letter {number} in it was not taken: {error}"))
            .collect();
        let listed = listed.join("\n");
        let reason = format!("{taken} letters were taken, {refused} were not:\n{listed}");
        self.refuse(path, &reason, swept).await
    }

    /// Reads through a bulk file; hands the letters to `to` if there is one.
    async fn walk(
        &self,
        path: &Path,
        acceptor: &Acceptor,
        to: Option<mpsc::Sender<bulk::Member>>,
    ) -> Result<usize, BulkError> {
        let (from, limits, most) =
            (path.to_owned(), self.options.bulk.clone(), acceptor.letter_bytes());
        let walked = tokio::task::spawn_blocking(move || {
            bulk::walk(&from, &limits, most, &mut |member| {
                to.as_ref().is_none_or(|to| to.blocking_send(member).is_ok())
            })
        });
        // A runtime that shuts down does not run it: then the file stays where it is.
        walked.await.unwrap_or(Err(BulkError::Interrupted))
    }

    async fn refuse_bulk(
        &self,
        path: &Path,
        error: &BulkError,
        swept: &mut Swept,
    ) -> Result<(), FolderError> {
        match error {
            BulkError::Interrupted => Ok(()),
            BulkError::Read(_) => {
                self.activity.trouble("file", error);
                swept.left += 1;
                Ok(())
            }
            _ => self.refuse(path, &crate::activity::chain(error), swept).await,
        }
    }

    async fn processed(&self, path: &Path) -> Result<(), FolderError> {
        let (place, from) = (self.place.clone(), path.to_owned());
        let keep = !self.options.keep.is_zero();
        self.blocking(path, move || place.processed(&from, keep)).await
    }

    async fn refuse(
        &self,
        path: &Path,
        reason: &str,
        swept: &mut Swept,
    ) -> Result<(), FolderError> {
        let (place, from, why) = (self.place.clone(), path.to_owned(), reason.to_owned());
        self.blocking(path, move || place.failed(&from, &why)).await?;
        self.activity.refused();
        swept.failed += 1;
        warn!(folder = %self.options.path.display(), reason, "a file was moved to failed/");
        Ok(())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        path: &Path,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, FolderError> {
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|error| Err(io::Error::other(error)))
            .map_err(|source| FolderError::Disk { path: path.to_owned(), source })
    }
}

/// Takes the letters of a bulk file; returns how many, and what was wrong with the others.
async fn take_members(
    acceptor: &Acceptor,
    mut members: mpsc::Receiver<bulk::Member>,
) -> Result<(usize, Vec<(usize, AcceptError)>), FolderError> {
    let mut faults = Vec::new();
    let mut taken = 0;
    while let Some(bulk::Member { number, raw }) = members.recv().await {
        let accepted = match raw {
            Ok(raw) => acceptor.accept(raw, Kind::Memo).await,
            Err(size) => Err(AcceptError::TooLarge {
                bytes: usize::try_from(size).unwrap_or(usize::MAX),
                limit: acceptor.letter_bytes(),
            }),
        };
        match accepted {
            Ok(_) => taken += 1,
            Err(error) if error.is_final() => faults.push((number, error)),
            // Nobody listens any more from here on, which ends the reading too.
            Err(error) => return Err(FolderError::Accept(error)),
        }
    }
    Ok((taken, faults))
}
