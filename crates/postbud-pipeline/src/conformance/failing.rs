//! What fails is served again or becomes a dead letter, and crashes lose nothing.

use std::collections::BTreeSet;

use super::{
    A_WHILE, QueueHarness, message, nothing_comes, publish, retry, settle, take, take_one,
    until_dead,
};
use crate::ports::Settlement;

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
        settle(&*queue, &held, Settlement::Dead { reason: "no letter at all".to_owned() }).await;
    }
    let dead = until_dead(&*queue, 2).await;
    assert!(dead.iter().all(|letter| letter.reason == "no letter at all"));
    assert_eq!(queue.dead(1).await.expect("listing works").len(), 1);
    nothing_comes(&*queue).await;
}

/// # Panics
/// When replayed letters are lost, or their old attempts still count.
pub async fn replay_starts_anew(harness: &dyn QueueHarness) {
    let queue = harness.connect().await;
    publish(&*queue, &["a", "b", "c"]).await;
    for held in take(&*queue, 3).await {
        settle(&*queue, &held, Settlement::Dead { reason: "x".to_owned() }).await;
    }
    until_dead(&*queue, 3).await;
    assert_eq!(queue.replay(None, 2).await.expect("replaying works"), 2);
    until_dead(&*queue, 1).await;
    assert_eq!(queue.replay(None, 10).await.expect("replaying works"), 1);
    let received = take(&*queue, 3).await;
    assert!(received.iter().all(|held| (held.attempts, held.returned) == (0, 0)));
    let ids: BTreeSet<&str> = received.iter().map(|held| held.id.as_str()).collect();
    assert_eq!(ids, BTreeSet::from(["a", "b", "c"]));
    let again = received.iter().find(|held| held.id == "b").expect("b is there");
    assert_eq!(again.body, Ok(message("b").body));
    until_dead(&*queue, 0).await;
}

/// # Panics
/// When another letter than the one named is replayed.
pub async fn replay_by_name(harness: &dyn QueueHarness) {
    let queue = harness.connect().await;
    publish(&*queue, &["a", "b", "c"]).await;
    for held in take(&*queue, 3).await {
        settle(&*queue, &held, Settlement::Dead { reason: "x".to_owned() }).await;
    }
    until_dead(&*queue, 3).await;
    assert_eq!(queue.replay(Some("unknown"), 10).await.expect("replaying works"), 0);
    assert_eq!(queue.replay(Some("b"), 10).await.expect("replaying works"), 1);
    assert_eq!(take_one(&*queue).await.id, "b");
    let left: BTreeSet<String> =
        until_dead(&*queue, 2).await.into_iter().map(|letter| letter.id).collect();
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
    assert!(again.iter().all(|message| message.returned >= 1 && message.attempts == 0));
    let ids: BTreeSet<&str> = again.iter().map(|message| message.id.as_str()).collect();
    let expected: BTreeSet<&str> = held[1..].iter().map(|message| message.id.as_str()).collect();
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
    assert_eq!((again.id.as_str(), again.attempts), (held[1].id.as_str(), 0));
    nothing_comes(&*next).await;
}
