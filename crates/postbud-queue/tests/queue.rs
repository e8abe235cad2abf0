//! The port's promises against a real broker.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use lapin::BasicProperties;
use lapin::options::BasicPublishOptions;
use postbud_pipeline::ports::{Body, DeadJudge, Message, Queue, RawId, Settlement, Timestamp};
use support::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_received_once_and_gone_when_done() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let queue = connect(&options).await;
    let stored = Body::Stored(RawId("0f".repeat(32)));
    let messages = vec![letter("a"), Message { body: stored.clone(), id: "b".into() }];
    queue.publish(messages).await.unwrap();
    depth_becomes(&queue, 2, 0, 0).await;

    let received = receive(&queue, 2).await;
    assert_eq!(received[0].body, Ok(Body::Inline(Bytes::from_static(b"letter a"))));
    assert_eq!(received[1].body, Ok(stored));
    let ids: Vec<&str> = received.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert!(received.iter().all(|one| one.attempts == 0 && one.returned == 0));
    done(&queue, &received).await;
    queue.shutdown().await.unwrap();

    let queue = connect(&options).await;
    depth_becomes(&queue, 0, 0, 0).await;
    clean(&options).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_message_is_taken_as_a_letter_and_survives_a_retry() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let queue = connect(&options).await;
    let admin = Admin::connect(&url).await;
    // An expiry of its own, which the retry must not inherit.
    let properties = BasicProperties::default().with_expiration("600000".into());
    let incoming = format!("{}.incoming", options.prefix);
    let publish = BasicPublishOptions::default();
    let sent = admin.channel.basic_publish(
        "".into(),
        incoming.as_str().into(),
        publish,
        b"Hej",
        properties,
    );
    sent.await.unwrap();
    let first = receive_one(&queue).await;
    assert_eq!((first.id.as_str(), first.attempts), ("", 0));
    settle(&queue, first.token, retry()).await;
    let second = receive_one(&queue).await;
    assert_eq!(second.body, Ok(Body::Inline(Bytes::from_static(b"Hej"))));
    assert_eq!(second.attempts, 1);
    clean(&options).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_is_dead_after_three_attempts_and_the_next_letter_is_served() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let queue = connect(&options).await;
    queue.publish(vec![letter("poison"), letter("next")]).await.unwrap();
    let mut attempts = Vec::new();
    let mut served = false;
    while attempts.len() < 3 || !served {
        let one = receive_one(&queue).await;
        if one.id == "poison" {
            attempts.push(one.attempts);
            settle(&queue, one.token, retry()).await;
        } else {
            served = true;
            settle(&queue, one.token, Settlement::Done).await;
        }
    }
    assert_eq!(attempts, [0, 1, 2]);
    depth_becomes(&queue, 0, 0, 1).await;
    let dead = queue.dead(10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].id.as_str(), dead[0].attempts, dead[0].bytes), ("poison", 3, 13));
    assert_eq!(dead[0].reason, "the store is away");
    assert!(dead[0].at.is_some());
    clean(&options).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_can_be_listed_for_ever_and_replayed_by_name_or_all() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let queue = connect(&options).await;
    queue.publish(letters(0..4)).await.unwrap();
    for one in receive(&queue, 4).await {
        settle(&queue, one.token, Settlement::Dead { reason: "no letter at all".into() }).await;
    }
    // More often than a broker's limit of deliveries, after which it would drop them.
    for _ in 0..25 {
        let dead = queue.dead(3).await.unwrap();
        let ids: Vec<&str> = dead.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["id-00000", "id-00001", "id-00002"]);
    }
    assert_eq!(queue.replay(Some("nobody"), 10).await.unwrap(), 0);
    assert_eq!(queue.replay(Some("id-00002"), 10).await.unwrap(), 1);
    let back = receive_one(&queue).await;
    assert_eq!((back.id.as_str(), back.attempts), ("id-00002", 0));
    settle(&queue, back.token, Settlement::Done).await;
    depth_becomes(&queue, 0, 0, 3).await;
    assert_eq!(queue.replay(None, 2).await.unwrap(), 2);
    let ids: Vec<String> = receive(&queue, 2).await.into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["id-00000", "id-00001"]);
    depth_becomes(&queue, 0, 0, 1).await;
    clean(&options).await;
}

/// Condemns the letters whose id ends in an even digit.
struct Even;

#[async_trait::async_trait]
impl DeadJudge for Even {
    async fn condemns(&self, id: &str, body: &Body, at: Option<Timestamp>) -> bool {
        assert!(at.is_some_and(|at| at <= Timestamp::now()), "it is known when");
        let Body::Inline(bytes) = body else { return false };
        assert_eq!(bytes.as_ref(), format!("letter {id}").as_bytes());
        id.ends_with(['0', '2', '4', '6', '8'])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn condemned_dead_letters_are_gone_and_all_others_stay() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let queue = connect(&options).await;
    queue.publish(letters(0..5)).await.unwrap();
    for one in receive(&queue, 5).await {
        settle(&queue, one.token, Settlement::Dead { reason: "no letter at all".into() }).await;
    }
    depth_becomes(&queue, 0, 0, 5).await;
    assert_eq!(queue.erase_dead(&Even).await.unwrap(), 3);
    depth_becomes(&queue, 0, 0, 2).await;
    let ids: Vec<String> = queue.dead(9).await.unwrap().into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["id-00001", "id-00003"]);
    assert_eq!(queue.erase_dead(&Even).await.unwrap(), 0);
    // What stays can still be sent again.
    assert_eq!(queue.replay(None, 9).await.unwrap(), 2);
    clean(&options).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_released_more_often_than_the_delivery_limit_is_not_dead() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let queue = connect(&options).await;
    queue.publish(vec![letter("patient")]).await.unwrap();
    for _ in 0..45 {
        let one = receive_one(&queue).await;
        assert_eq!(one.attempts, 0);
        settle(&queue, one.token, Settlement::Release).await;
    }
    depth_becomes(&queue, 1, 0, 0).await;
    clean(&options).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_ends_the_process_each_time_is_dead_in_the_end() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let queue = connect(&options).await;
    queue.publish(vec![letter("killer")]).await.unwrap();
    let mut returned = Vec::new();
    while queue.depth().await.unwrap().dead == 0 {
        assert!(returned.len() < 100, "it is never given up");
        let victim = connect(&options).await;
        let one = victim.receive(1, Duration::from_secs(2)).await.unwrap();
        returned.extend(one.iter().map(|one| one.returned));
        // Dropped without a settlement and without a goodbye, as by a crash.
        drop(victim);
    }
    assert_eq!(returned, (0..=20).collect::<Vec<u32>>());
    let dead = queue.dead(1).await.unwrap();
    assert_eq!(dead[0].id, "killer");
    assert!(dead[0].reason.contains("may end the process"), "{}", dead[0].reason);
    assert!(dead[0].at.is_some());
    clean(&options).await;
}

/// Without the careful start each death would cost all hundred a delivery, and all of them would be
/// dead letters after the twenty-first.
#[tokio::test(flavor = "multi_thread")]
async fn many_deaths_in_a_row_do_not_use_up_the_deliveries_of_the_neighbours() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let queue = connect(&options).await;
    queue.publish(letters(0..100)).await.unwrap();
    for _ in 0..30 {
        let victim = connect(&options).await;
        receive_one(&victim).await;
        drop(victim);
    }
    // The broker hands out first what came back: one letter was in hand until it was given up, and
    // then the next.
    depth_becomes(&queue, 99, 0, 1).await;
    let mut returned = Vec::new();
    while returned.len() < 99 {
        let batch = queue.receive(100, Duration::from_secs(5)).await.unwrap();
        returned.extend(batch.iter().map(|one| one.returned));
        done(&queue, &batch).await;
    }
    returned.sort_unstable();
    assert!(returned[..98].iter().all(|&returned| returned <= 3), "{returned:?}");
    clean(&options).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordered_shutdown_brings_back_all_that_was_not_settled_and_nothing_else() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let queue = connect(&options).await;
    queue.publish(letters(0..3000)).await.unwrap();
    let mut settled = BTreeSet::new();
    let mut kept = BTreeSet::new();
    while settled.len() < 1500 {
        let batch = queue.receive(100, Duration::from_secs(5)).await.unwrap();
        // One of each batch is left unsettled, so that not all acknowledgements are "all before".
        let (last, rest) = batch.split_last().unwrap();
        kept.insert(last.id.clone());
        settled.extend(rest.iter().map(|one| one.id.clone()));
        done(&queue, rest).await;
    }
    queue.shutdown().await.unwrap();
    assert!(queue.receive(1, Duration::ZERO).await.is_err());

    let queue = connect(&options).await;
    let mut back = BTreeSet::new();
    while settled.len() + back.len() < 3000 {
        let batch = receive(&queue, 1).await;
        back.extend(batch.iter().map(|one| one.id.clone()));
        done(&queue, &batch).await;
    }
    assert!(queue.receive(1, Duration::from_millis(300)).await.unwrap().is_empty());
    assert_eq!(back.intersection(&settled).count(), 0, "settled letters came again");
    assert!(kept.is_subset(&back));
    clean(&options).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_handed_out_than_the_prefetch_limit() {
    let Some(url) = broker() else { return };
    let mut options = options(&url);
    options.prefetch = 5;
    let queue = connect(&options).await;
    queue.publish(letters(0..20)).await.unwrap();
    // The first one came while the subscription was still careful, and is in hand beside the others.
    let first = receive(&queue, 6).await;
    assert!(queue.receive(100, Duration::from_millis(300)).await.unwrap().is_empty());
    done(&queue, &first[1..3]).await;
    assert_eq!(receive(&queue, 2).await.len(), 2);
    assert!(queue.receive(100, Duration::from_millis(300)).await.unwrap().is_empty());
    clean(&options).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_others_and_tokens_used_before_are_ignored() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let (queue, other) = (connect(&options).await, connect(&options).await);
    queue.publish(letters(0..2)).await.unwrap();
    let received = receive(&queue, 2).await;
    let first = received[0].token;
    other.settle(vec![(first, Settlement::Done)]).await.unwrap();
    let twice = vec![(first, Settlement::Done), (first, retry()), (first, Settlement::Release)];
    queue.settle(twice).await.unwrap();
    queue.settle(vec![(first, Settlement::Dead { reason: "late".into() })]).await.unwrap();
    done(&queue, &received[1..]).await;
    queue.shutdown().await.unwrap();
    other.shutdown().await.unwrap();
    let queue = connect(&options).await;
    depth_becomes(&queue, 0, 0, 0).await;
    clean(&options).await;
}

/// More stops than the broker grants deliveries, each with a letter fetched that nobody had begun.
#[tokio::test(flavor = "multi_thread")]
async fn no_number_of_orderly_stops_makes_a_dead_letter() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let queue = connect(&options).await;
    queue.publish(letters(0..1)).await.unwrap();
    queue.shutdown().await.unwrap();
    for _ in 0..25 {
        let queue = connect(&options).await;
        // Fetched, and taken by nobody before the stop.
        let none = queue.receive(0, Duration::from_millis(200)).await.unwrap();
        assert!(none.is_empty());
        tokio::time::sleep(Duration::from_millis(100)).await;
        queue.shutdown().await.unwrap();
    }
    let queue = connect(&options).await;
    depth_becomes(&queue, 1, 0, 0).await;
    let one = receive_one(&queue).await;
    done(&queue, &[one]).await;
    depth_becomes(&queue, 0, 0, 0).await;
    queue.shutdown().await.unwrap();
    clean(&options).await;
}

/// The same, with stops that come while the letter is on its way from the broker.
#[tokio::test(flavor = "multi_thread")]
async fn no_number_of_stops_while_a_letter_comes_makes_a_dead_letter() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let queue = connect(&options).await;
    queue.publish(letters(0..1)).await.unwrap();
    queue.shutdown().await.unwrap();
    for stop in 0..60 {
        let queue = connect(&options).await;
        // The subscription begins with the first call that receives.
        let none = queue.receive(0, Duration::from_millis(200)).await.unwrap();
        assert!(none.is_empty());
        tokio::time::sleep(Duration::from_millis(stop % 6)).await;
        queue.shutdown().await.unwrap();
    }
    let queue = connect(&options).await;
    depth_becomes(&queue, 1, 0, 0).await;
    queue.shutdown().await.unwrap();
    clean(&options).await;
}

/// Stops that come at any moment of connecting: no session is there yet to leave in good order.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_while_the_queue_connects_leaves_the_letter_with_nobody() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let queue = connect(&options).await;
    queue.publish(letters(0..1)).await.unwrap();
    queue.shutdown().await.unwrap();
    // Kept: what ends with the value that was stopped is no proof.
    let mut stopped = Vec::new();
    for stop in 0..60 {
        let queue = connect(&options).await;
        let none = queue.receive(0, Duration::from_millis(stop * 4)).await.unwrap();
        assert!(none.is_empty());
        queue.shutdown().await.unwrap();
        stopped.push(queue);
    }
    let queue = connect(&options).await;
    depth_becomes(&queue, 1, 0, 0).await;
    queue.shutdown().await.unwrap();
    clean(&options).await;
}
