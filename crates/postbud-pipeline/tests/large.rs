//! Letters that the queue only names are read from the store as far as there is room for them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use postbud_decide::Settings;
use postbud_letter::{Limits, raw_sha256_hex};
use postbud_pipeline::ports::{Body, Look, RawId, Settlement, Trial, Verdict};
use postbud_pipeline::{LetterMemory, Router, RouterOptions, Steps, stop_pair};
use support::{Log, MemoryQueue, MemoryStore, Nothing, Step};

const LETTERS: usize = 12;
const BYTES: usize = 400 << 10;

/// Finds every letter harmless.
struct Harmless;

#[async_trait::async_trait]
impl Trial for Harmless {
    async fn attempt(&self, _: &Bytes, _: Look) -> Verdict {
        Verdict::Harmless
    }
}

/// Routes letters of [`BYTES`] bytes that came back so often; the most bytes in hand at once.
async fn most_in_hand(large_bytes: usize, returned: u32) -> usize {
    let log = Log::default();
    let store = MemoryStore::new(&log);
    let bodies = (0..LETTERS).map(|n| {
        let mut raw = format!("From: a@example.dk\r\nSubject: {n}\r\n\r\n").into_bytes();
        raw.resize(BYTES, b'x');
        let id = RawId(raw_sha256_hex(&raw));
        store.raws.lock().unwrap().insert(id.clone(), Bytes::from(raw));
        Ok(Body::Stored(id))
    });
    let queue = Arc::new(MemoryQueue::new(bodies.collect(), &log));
    queue.waiting.lock().unwrap().iter_mut().for_each(|message| message.returned = returned);
    let steps = Arc::new(Steps::new(Limits::default(), Settings::default(), Arc::new(Nothing)));
    let options = RouterOptions { lanes: 4, batch: 3, ..RouterOptions::default() };
    let store = Arc::new(store);
    let router = Router::new(queue, Arc::clone(&store) as _, steps, options)
        .with_trial(Arc::new(Harmless))
        .with_memory(LetterMemory::new(large_bytes));
    let (stopper, stop) = stop_pair();
    let done = |step: &&Step| matches!(step, Step::Settled(_, Settlement::Done));
    let watch = async {
        while log.lock().unwrap().iter().filter(done).count() < LETTERS {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stopper.stop();
    };
    let work = async { tokio::join!(router.run(&stop), watch) };
    tokio::time::timeout(Duration::from_secs(60), work).await.expect("no letter waits for ever");
    let (left, most) = *store.in_hand.lock().unwrap();
    assert_eq!(left, 0);
    most
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_of_them_are_in_hand_than_there_is_room_for() {
    // Also those that are tried first, of which a lane could gather several.
    for returned in [0, 1] {
        assert_eq!(most_in_hand(1, returned).await, BYTES, "a larger letter goes alone");
        assert!(most_in_hand(2 * BYTES, returned).await <= 2 * BYTES);
    }
}
