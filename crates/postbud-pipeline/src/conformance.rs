//! The suite that every implementation of the `Queue` port must pass.
//!
//! A crate that implements it writes a [`QueueHarness`] and, in one of its tests,
//! `postbud_pipeline::queue_conformance!(fresh);` where
//! `async fn fresh(case: &str) -> Option<impl QueueHarness>` makes an empty queue, or prints
//! `skipped: …` and returns `None` when its server is not there. The macro writes one test a case.
//!
//! The queue must be set to three attempts and a retry delay of at most half a second; what a
//! crashed connection held must come back within [`PATIENCE`].

mod failing;
mod serving;

pub use failing::*;
pub use serving::*;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::ports::{Body, DeadLetter, Message, Queue, Received, Settlement};

/// How long the suite waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How long the suite waits for what must not happen.
const A_WHILE: Duration = Duration::from_millis(700);

/// One queue, at first empty, that the suite connects to several times.
#[async_trait]
pub trait QueueHarness: Send + Sync {
    /// Connects to the queue, as another process would.
    async fn connect(&self) -> Box<dyn Queue>;

    /// Ends a connection as a crash of its process would: nothing is settled, nobody says goodbye.
    async fn crash(&self, queue: Box<dyn Queue>);

    /// Removes what the harness made; called when a case has passed.
    async fn end(&self) {}
}

/// Writes one test for each case of the suite.
#[macro_export]
macro_rules! queue_conformance {
    ($fresh:path) => {
        $crate::queue_conformance! {@tests $fresh:
            what_is_published_is_received,
            an_empty_queue_gives_nothing,
            a_waiting_receiver_is_served,
            no_more_than_asked_for,
            what_one_holds_no_other_receives,
            done_is_forgotten,
            release_costs_no_attempt,
            three_failures_make_a_dead_letter,
            dead_at_once,
            replay_starts_anew,
            replay_by_name,
            a_crash_loses_nothing,
            an_old_token_settles_nothing,
            shutdown_gives_back,
            many_are_served_once_each,
        }
    };
    (@tests $fresh:path: $($case:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if let Some(harness) = $fresh(stringify!($case)).await {
                    $crate::conformance::$case(&harness).await;
                    $crate::conformance::QueueHarness::end(&harness).await;
                }
            }
        )*
    };
}

fn message(id: &str) -> Message {
    Message { body: Body::Inline(Bytes::from(format!("bytes of {id}"))), id: id.to_owned() }
}

async fn publish(queue: &dyn Queue, ids: &[&str]) {
    let messages = ids.iter().map(|id| message(id)).collect();
    queue.publish(messages).await.expect("publishing works");
}

/// Receives until `count` messages are there.
async fn take(queue: &dyn Queue, count: usize) -> Vec<Received> {
    let mut taken: Vec<Received> = Vec::new();
    let end = tokio::time::Instant::now() + PATIENCE;
    while taken.len() < count && tokio::time::Instant::now() < end {
        let more = queue.receive(count - taken.len(), Duration::from_secs(1)).await;
        taken.extend(more.expect("receiving works"));
    }
    assert_eq!(taken.len(), count, "messages received");
    taken
}

async fn take_one(queue: &dyn Queue) -> Received {
    take(queue, 1).await.pop().expect("there is one")
}

async fn nothing_comes(queue: &dyn Queue) {
    let received = queue.receive(10, A_WHILE).await.expect("receiving works");
    assert!(received.is_empty(), "received {received:?}");
}

async fn settle(queue: &dyn Queue, received: &Received, outcome: Settlement) {
    queue.settle(vec![(received.token, outcome)]).await.expect("settling works");
}

fn retry(reason: &str) -> Settlement {
    Settlement::Retry { reason: reason.to_owned() }
}

async fn until_dead(queue: &dyn Queue, count: usize) -> Vec<DeadLetter> {
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        let dead = queue.dead(100).await.expect("listing works");
        if dead.len() == count || tokio::time::Instant::now() > end {
            assert_eq!(dead.len(), count, "dead letters");
            return dead;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
