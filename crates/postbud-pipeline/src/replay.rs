//! Dead letters back onto the queue, not all at once: what they died of may still be there, and
//! the letters of today must not wait behind a year's dead.

use std::time::Duration;

use crate::ports::{Queue, QueueError};

/// A pause after each portion.
const BEAT: Duration = Duration::from_millis(200);
const BEATS_PER_SECOND: u32 = 5;

/// Replays every letter that is dead now, at most so many a second (at least five are). One that
/// dies again meanwhile is not replayed again. Returns how many, and hears of each portion.
///
/// # Errors
/// Those of the queue. What was replayed until then stays replayed; none is lost.
pub async fn replay_slowly(
    queue: &dyn Queue,
    per_second: u32,
    mut told: impl FnMut(u64),
) -> Result<u64, QueueError> {
    let there = queue.depth().await?.dead;
    let portion = u64::from((per_second / BEATS_PER_SECOND).max(1));
    let mut replayed = 0;
    while replayed < there {
        let most = usize::try_from(portion.min(there - replayed)).unwrap_or(usize::MAX);
        let done = queue.replay(None, most).await?;
        if done == 0 {
            break;
        }
        replayed += done;
        told(done);
        if replayed < there {
            tokio::time::sleep(BEAT).await;
        }
    }
    Ok(replayed)
}
