//! Messages are served, once each, to those who ask.

use std::time::Duration;

use bytes::Bytes;

use super::{PATIENCE, QueueHarness, nothing_comes, publish, retry, settle, take, take_one};
use crate::ports::{Body, Depth, Message, Queue, RawId, Settlement};

/// Bytes, references, empty letters and odd names arrive as they were published.
///
/// # Panics
/// When they do not.
pub async fn what_is_published_is_received(harness: &dyn QueueHarness) {
    let queue = harness.connect().await;
    let all_bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let sent = vec![
        Message { body: Body::Inline(Bytes::from(all_bytes)), id: "binary".to_owned() },
        Message { body: Body::Inline(Bytes::new()), id: "empty".to_owned() },
        Message { body: Body::Stored(RawId("ab".repeat(32))), id: "reference".to_owned() },
        Message { body: Body::Inline(Bytes::from_static(b"x")), id: "æøå 123".to_owned() },
    ];
    queue.publish(sent.clone()).await.expect("publishing works");
    let received = take(&*queue, sent.len()).await;
    for Message { body, id } in sent {
        let found = received.iter().find(|found| found.id == id).expect("every name arrives");
        assert_eq!(found.body.as_ref(), Ok(&body), "{id}");
        assert_eq!((found.attempts, found.returned), (0, 0), "{id}");
    }
}

/// # Panics
/// When something is received that nobody published.
pub async fn an_empty_queue_gives_nothing(harness: &dyn QueueHarness) {
    let queue = harness.connect().await;
    nothing_comes(&*queue).await;
    queue.publish(Vec::new()).await.expect("no message is no error");
    queue.settle(Vec::new()).await.expect("nothing to settle is no error");
    assert_eq!(queue.depth().await.expect("counting works"), Depth::default());
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
    assert_eq!((count, done.len()), (MANY, MANY), "served, and of these different");
}

/// Consumes until nothing comes any more; every seventh message fails at first.
async fn consume_all(queue: &dyn Queue) -> Vec<String> {
    let mut done = Vec::new();
    loop {
        let received = queue.receive(32, Duration::from_secs(2)).await.expect("receiving works");
        if received.is_empty() {
            return done;
        }
        let mut outcomes = Vec::new();
        for (n, message) in received.iter().enumerate() {
            let fails = n % 7 == 3 && message.attempts == 0;
            outcomes.push((message.token, if fails { retry("once") } else { Settlement::Done }));
            if !fails {
                done.push(message.id.clone());
            }
        }
        queue.settle(outcomes).await.expect("settling works");
    }
}
