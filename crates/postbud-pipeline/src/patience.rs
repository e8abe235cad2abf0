//! How long the pure steps may take, and what happens when they do not end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::error;

/// More time for a larger letter: each started mebibyte.
const PER_MEBIBYTE: Duration = Duration::from_secs(1);
/// The exit code of a process that ended itself because a letter would not end: an internal fault,
/// as in sysexits.
const STUCK: i32 = 70;

/// The time that reading and deciding may take for a letter of so many bytes.
#[must_use]
pub fn time_for(base: Duration, bytes: usize) -> Duration {
    let mebibytes = u32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX);
    base.saturating_add(PER_MEBIBYTE.saturating_mul(mebibytes))
}

/// How far a batch has come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress(Arc<AtomicUsize>);

impl Progress {
    /// Another letter is done.
    pub(crate) fn step(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn done(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Waits for work on letters of these ids and sizes. A letter that exceeds its time ends the
/// process: a thread that does not return cannot be stopped in any other way, and what it holds
/// would wait for ever. The letters come back, and the one that did it is then tried apart.
pub(crate) async fn finished<T>(
    mut work: JoinHandle<T>,
    progress: &Progress,
    letters: &[(String, usize)],
    base: Duration,
) -> Option<T> {
    loop {
        let before = progress.done();
        let Some((id, bytes)) = letters.get(before) else {
            return work.await.ok();
        };
        match tokio::time::timeout(time_for(base, *bytes), &mut work).await {
            Ok(done) => return done.ok(),
            Err(_) if progress.done() > before => {}
            Err(_) => {
                error!(
                    message = id,
                    "reading or deciding this letter does not end: leaving, so that it can be \
                     tried apart from the others after the restart"
                );
                std::process::exit(STUCK);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_letter_has_more_time() {
        let base = Duration::from_secs(10);
        assert_eq!(time_for(base, 0), base);
        assert_eq!(time_for(base, 8_192), Duration::from_secs(11));
        assert_eq!(time_for(base, 100 << 20), Duration::from_secs(110));
        assert!(time_for(Duration::MAX, usize::MAX) == Duration::MAX);
    }

    #[tokio::test]
    async fn a_batch_may_take_longer_than_one_letter_while_it_goes_on() {
        tokio::time::pause();
        let progress = Progress::default();
        let steps = progress.clone();
        let work = tokio::spawn(async move {
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_secs(8)).await;
                steps.step();
            }
            "done"
        });
        let letters: Vec<_> = (0..5).map(|n| (n.to_string(), 100)).collect();
        let done = finished(work, &progress, &letters, Duration::from_secs(10)).await;
        assert_eq!(done, Some("done"));
    }
}
