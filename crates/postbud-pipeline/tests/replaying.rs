//! Replaying dead letters at a measured pace.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use postbud_pipeline::ports::*;
use postbud_pipeline::replay_slowly;

/// Letters that die again as soon as they are replayed, so that there are always as many.
struct Hopeless {
    dead: u64,
    replayed: AtomicU64,
}

#[async_trait]
impl Queue for Hopeless {
    async fn publish(&self, _: Vec<Message>) -> Result<(), QueueError> {
        Ok(())
    }
    async fn receive(&self, _: usize, _: Duration) -> Result<Vec<Received>, QueueError> {
        Ok(Vec::new())
    }
    async fn settle(&self, _: Vec<(Token, Settlement)>) -> Result<(), QueueError> {
        Ok(())
    }
    async fn depth(&self) -> Result<Depth, QueueError> {
        Ok(Depth { dead: self.dead, ..Depth::default() })
    }
    async fn dead(&self, _: usize) -> Result<Vec<DeadLetter>, QueueError> {
        Ok(Vec::new())
    }
    async fn erase_dead(&self, _: &dyn DeadJudge) -> Result<u64, QueueError> {
        Ok(0)
    }
    async fn replay(&self, _: Option<&str>, max: usize) -> Result<u64, QueueError> {
        let count = self.dead.min(max as u64);
        self.replayed.fetch_add(count, Ordering::Relaxed);
        Ok(count)
    }
    async fn shutdown(&self) -> Result<(), QueueError> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn each_dead_letter_goes_back_once_and_never_faster_than_asked() {
    let queue = Hopeless { dead: 1000, replayed: AtomicU64::new(0) };
    let (begun, mut told) = (tokio::time::Instant::now(), 0);
    let replayed = replay_slowly(&queue, 50, |count| told += count).await.unwrap();
    assert_eq!((replayed, told), (1000, 1000));
    assert_eq!(queue.replayed.load(Ordering::Relaxed), 1000);
    // A paused clock: this is the sum of the pauses, not a measurement.
    let pauses = begun.elapsed();
    assert!(pauses >= Duration::from_secs(19), "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn without_dead_letters_nothing_happens() {
    let queue = Hopeless { dead: 0, replayed: AtomicU64::new(0) };
    assert_eq!(replay_slowly(&queue, 50, |_| ()).await.unwrap(), 0);
}
