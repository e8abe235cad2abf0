//! The suite that every implementation of the `Queue` port must pass.
//!
//! A crate that implements it writes a [`QueueHarness`] and, in one of its tests,
//! `postbud_pipeline::queue_conformance!(fresh);` where
//! `async fn fresh(case: &str) -> Option<impl QueueHarness>` makes an empty queue, or prints
//! `skipped: …` and returns `None` when its server is not there. The macro writes one test a case.
//!
//! The queue must be set to three attempts and a retry delay of at most half a second; what a
//! crashed connection held must come back within [`PATIENCE`].

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::ports::{Body, Message, Queue, RawId, Received, Settlement};

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
                }
            }
        )*
    };
}

fn message(id: &str) -> Message {
    Message {
        body: Body::Inline(Bytes::from(format!("bytes of {id}"))),
        id: id.to_owned(),
    }
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
        let more = queue
            .receive(count - taken.len(), Duration::from_secs(1))
            .await;
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
    queue
        .settle(vec![(received.token, outcome)])
        .await
        .expect("settling works");
}

fn retry(reason: &str) -> Settlement {
    Settlement::Retry {
        reason: reason.to_owned(),
    }
}

async fn until_dead(queue: &dyn Queue, count: usize) -> Vec<crate::ports::DeadLetter> {
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

/// Bytes, references, empty letters and odd names arrive as they were published.
///
/// # Panics
/// When they do not.
pub async fn what_is_published_is_received(harness: &dyn QueueHarness) {
    let queue = harness.connect().await;
    let all_bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let sent = vec![
        Message {
            body: Body::Inline(Bytes::from(all_bytes)),
            id: "binary".to_owned(),
        },
        Message {
            body: Body::Inline(Bytes::new()),
            id: "empty".to_owned(),
        },
        Message {
            body: Body::Stored(RawId("ab".repeat(32))),
            id: "reference".to_owned(),
        },
        Message {
            body: Body::Inline(Bytes::from_static(b"x")),
            id: "æøå 123".to_owned(),
        },
    ];
    queue.publish(sent.clone()).await.expect("publishing works");
    let received = take(&*queue, sent.len()).await;
    for Message { body, id } in sent {
        let found = received
            .iter()
            .find(|found| found.id == id)
            .expect("every name arrives");
        assert_eq!(found.body.as_ref(), Ok(&body), "{id}");
        assert_eq!((found.attempts, found.returned), (0, 0), "{id}");
    }
}

/// # Panics
/// When something is received that nobody published.
pub async fn an_empty_queue_gives_nothing(harness: &dyn QueueHarness) {
    let queue = harness.connect().await;
    nothing_comes(&*queue).await;
    queue
        .publish(Vec::new())
        .await
        .expect("no message is no error");
    queue
        .settle(Vec::new())
        .await
        .expect("nothing to settle is no error");
    assert_eq!(
        queue.depth().await.expect("counting works"),
        crate::ports::Depth::default()
    );
}

/// # Panics
/// When a receiver that waits already gets nothing.
pub async fn a_waiting_receiver_is_served(harness: &dyn QueueHarness) {
    let consumer = harness.connect().await;
    let publisher = harness.connect().await;
    let waiting = consumer.receive(10, PATIENCE);
    let later = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        publish(&*publisher, &["a"]).await;
    };
    let (received, ()) = tokio::join!(waiting, later);
    assert_eq!(received.expect("receiving works").len(), 1);
}

/// # Panics
/// When more is received than was asked for, or the rest is lost.
pub async fn no_more_than_asked_for(harness: &dyn QueueHarness) {
    let queue = harness.connect().await;
    publish(&*queue, &["a", "b", "c", "d", "e"]).await;
    let first = queue.receive(2, PATIENCE).await.expect("receiving works");
    assert!((1..=2).contains(&first.len()));
    take(&*queue, 5 - first.len()).await;
    nothing_comes(&*queue).await;
}

/// # Panics
/// When a message that one connection holds is given to another.
pub async fn what_one_holds_no_other_receives(harness: &dyn QueueHarness) {
    let one = harness.connect().await;
    let other = harness.connect().await;
    publish(&*one, &["a"]).await;
    let held = take_one(&*one).await;
    // Longer than any lease of the suite: whoever lives keeps what it holds.
    let end = tokio::time::Instant::now() + Duration::from_secs(3);
    while tokio::time::Instant::now() < end {
        nothing_comes(&*other).await;
    }
    settle(&*one, &held, Settlement::Done).await;
    nothing_comes(&*other).await;
}

/// # Panics
/// When a message comes again that was done.
pub async fn done_is_forgotten(harness: &dyn QueueHarness) {
    let queue = harness.connect().await;
    publish(&*queue, &["a"]).await;
    let held = take_one(&*queue).await;
    settle(&*queue, &held, Settlement::Done).await;
    queue.shutdown().await.expect("shutting down works");
    let after = harness.connect().await;
    nothing_comes(&*after).await;
    assert_eq!(after.depth().await.expect("counting works").waiting, 0);
}

/// # Panics
/// When a released message does not come again, or an attempt was counted.
pub async fn release_costs_no_attempt(harness: &dyn QueueHarness) {
    let queue = harness.connect().await;
    publish(&*queue, &["a"]).await;
    for _ in 0..5 {
        let held = take_one(&*queue).await;
        assert_eq!(held.attempts, 0);
        settle(&*queue, &held, Settlement::Release).await;
    }
    assert!(queue.dead(10).await.expect("listing works").is_empty());
}

/// # Panics
/// When attempts are not counted, or the third failure does not end it.
pub async fn three_failures_make_a_dead_letter(harness: &dyn QueueHarness) {
    let queue = harness.connect().await;
    publish(&*queue, &["poison", "good"]).await;
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let held = take_one(&*queue).await;
        if held.id == "good" {
            settle(&*queue, &held, Settlement::Done).await;
            continue;
        }
        seen.push(held.attempts);
        settle(&*queue, &held, retry(&format!("failure {}", seen.len()))).await;
    }
    assert_eq!(seen, [0, 1, 2]);
    let dead = until_dead(&*queue, 1).await;
    assert_eq!(dead[0].id, "poison");
    assert_eq!(dead[0].attempts, 3);
    assert_eq!(dead[0].reason, "failure 3");
    assert_eq!(dead[0].bytes, "bytes of poison".len() as u64);
    nothing_comes(&*queue).await;
    let depth = queue.depth().await.expect("counting works");
    assert_eq!((depth.waiting, depth.retrying, depth.dead), (0, 0, 1));
}

/// # Panics
/// When a message that is settled as dead is not, or its reason is lost.
pub async fn dead_at_once(harness: &dyn QueueHarness) {
    let queue = harness.connect().await;
    publish(&*queue, &["a", "b"]).await;
    for held in take(&*queue, 2).await {
        settle(
            &*queue,
            &held,
            Settlement::Dead {
                reason: "no letter at all".to_owned(),
            },
        )
        .await;
    }
    let dead = until_dead(&*queue, 2).await;
    assert!(
        dead.iter()
            .all(|letter| letter.reason == "no letter at all")
    );
    assert_eq!(queue.dead(1).await.expect("listing works").len(), 1);
    nothing_comes(&*queue).await;
}

/// # Panics
/// When replayed letters are lost, or their old attempts still count.
pub async fn replay_starts_anew(harness: &dyn QueueHarness) {
    let queue = harness.connect().await;
    publish(&*queue, &["a", "b", "c"]).await;
    for held in take(&*queue, 3).await {
        settle(
            &*queue,
            &held,
            Settlement::Dead {
                reason: "x".to_owned(),
            },
        )
        .await;
    }
    until_dead(&*queue, 3).await;
    assert_eq!(queue.replay(None, 2).await.expect("replaying works"), 2);
    until_dead(&*queue, 1).await;
    assert_eq!(queue.replay(None, 10).await.expect("replaying works"), 1);
    let received = take(&*queue, 3).await;
    assert!(
        received
            .iter()
            .all(|held| (held.attempts, held.returned) == (0, 0))
    );
    let ids: BTreeSet<&str> = received.iter().map(|held| held.id.as_str()).collect();
    assert_eq!(ids, BTreeSet::from(["a", "b", "c"]));
    let again = received
        .iter()
        .find(|held| held.id == "b")
        .expect("b is there");
    assert_eq!(again.body, Ok(message("b").body));
    until_dead(&*queue, 0).await;
}

/// # Panics
/// When another letter than the one named is replayed.
pub async fn replay_by_name(harness: &dyn QueueHarness) {
    let queue = harness.connect().await;
    publish(&*queue, &["a", "b", "c"]).await;
    for held in take(&*queue, 3).await {
        settle(
            &*queue,
            &held,
            Settlement::Dead {
                reason: "x".to_owned(),
            },
        )
        .await;
    }
    until_dead(&*queue, 3).await;
    assert_eq!(
        queue
            .replay(Some("unknown"), 10)
            .await
            .expect("replaying works"),
        0
    );
    assert_eq!(
        queue.replay(Some("b"), 10).await.expect("replaying works"),
        1
    );
    assert_eq!(take_one(&*queue).await.id, "b");
    let left: BTreeSet<String> = until_dead(&*queue, 2)
        .await
        .into_iter()
        .map(|letter| letter.id)
        .collect();
    assert_eq!(left, BTreeSet::from(["a".to_owned(), "c".to_owned()]));
}

/// # Panics
/// When what a crashed process held does not come back, or does not say so.
pub async fn a_crash_loses_nothing(harness: &dyn QueueHarness) {
    let doomed = harness.connect().await;
    publish(&*doomed, &["a", "b", "c"]).await;
    let held = take(&*doomed, 3).await;
    settle(&*doomed, &held[0], Settlement::Done).await;
    // Settlements reach the other side at their own pace; a crash right now may undo this one.
    tokio::time::sleep(A_WHILE).await;
    harness.crash(doomed).await;
    let survivor = harness.connect().await;
    let again = take(&*survivor, 2).await;
    assert!(
        again
            .iter()
            .all(|message| message.returned >= 1 && message.attempts == 0)
    );
    let ids: BTreeSet<&str> = again.iter().map(|message| message.id.as_str()).collect();
    let expected: BTreeSet<&str> = held[1..]
        .iter()
        .map(|message| message.id.as_str())
        .collect();
    assert_eq!(ids, expected);
}

/// # Panics
/// When the token of a crashed connection settles the message of another.
pub async fn an_old_token_settles_nothing(harness: &dyn QueueHarness) {
    let doomed = harness.connect().await;
    publish(&*doomed, &["a"]).await;
    let old = take_one(&*doomed).await;
    harness.crash(doomed).await;
    let survivor = harness.connect().await;
    let new = take_one(&*survivor).await;
    settle(&*survivor, &old, Settlement::Done).await;
    settle(&*survivor, &old, retry("too late")).await;
    settle(&*survivor, &new, Settlement::Release).await;
    let again = take_one(&*survivor).await;
    assert_eq!((again.id.as_str(), again.attempts), ("a", 0));
}

/// # Panics
/// When what is held at shutdown does not come back, or settled messages do.
pub async fn shutdown_gives_back(harness: &dyn QueueHarness) {
    let first = harness.connect().await;
    publish(&*first, &["a", "b"]).await;
    let held = take(&*first, 2).await;
    settle(&*first, &held[0], Settlement::Done).await;
    first.shutdown().await.expect("shutting down works");
    let next = harness.connect().await;
    let again = take_one(&*next).await;
    assert_eq!(
        (again.id.as_str(), again.attempts),
        (held[1].id.as_str(), 0)
    );
    nothing_comes(&*next).await;
}

/// Two consumers share a thousand messages, some of which fail once.
///
/// # Panics
/// When one is lost or served to both.
pub async fn many_are_served_once_each(harness: &dyn QueueHarness) {
    const MANY: usize = 1_000;
    let publisher = harness.connect().await;
    for start in (0..MANY).step_by(50) {
        let ids: Vec<String> = (start..start + 50).map(|n| format!("m-{n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        publish(&*publisher, &ids).await;
    }
    let consumers = [harness.connect().await, harness.connect().await];
    let work = consumers.iter().map(|queue| consume_all(&**queue));
    let mut done: Vec<String> = futures::future::join_all(work).await.concat();
    done.sort();
    let count = done.len();
    done.dedup();
    assert_eq!(
        (count, done.len()),
        (MANY, MANY),
        "served, and of these different"
    );
}

/// Consumes until nothing comes any more; every seventh message fails at first.
async fn consume_all(queue: &dyn Queue) -> Vec<String> {
    let mut done = Vec::new();
    loop {
        let received = queue
            .receive(32, Duration::from_secs(2))
            .await
            .expect("receiving works");
        if received.is_empty() {
            return done;
        }
        let mut outcomes = Vec::new();
        for (n, message) in received.iter().enumerate() {
            let fails = n % 7 == 3 && message.attempts == 0;
            outcomes.push((
                message.token,
                if fails {
                    retry("once")
                } else {
                    Settlement::Done
                },
            ));
            if !fails {
                done.push(message.id.clone());
            }
        }
        queue.settle(outcomes).await.expect("settling works");
    }
}
