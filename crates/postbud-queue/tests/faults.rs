//! A private broker that is closed, killed, frozen and short of disk under a working queue.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use postbud_pipeline::ports::{Queue, QueueError};
use postbud_queue::{RabbitOptions, RabbitQueue};
use postbud_testkit::RabbitServer;
use support::*;

/// A broker of the test's own, where server tests are wanted.
fn private() -> Option<RabbitServer> {
    broker()?;
    if !RabbitServer::installed() {
        println!("skipped: RabbitMQ is not installed here, so no private broker can be started");
        return None;
    }
    Some(RabbitServer::start().unwrap())
}

fn quick(server: &RabbitServer) -> RabbitOptions {
    RabbitOptions { call_deadline_ms: 2000, ..options(&server.url()) }
}

/// Publishes letter after letter until told to stop; returns the ids that were confirmed.
fn publish_along(
    queue: &Arc<RabbitQueue>,
    stop: &Arc<AtomicBool>,
) -> tokio::task::JoinHandle<Vec<String>> {
    let (queue, stop) = (Arc::clone(queue), Arc::clone(stop));
    tokio::spawn(async move {
        let mut confirmed = Vec::new();
        let mut next = 0;
        while !stop.load(Ordering::Relaxed) {
            let batch = letters(next..next + 20);
            next += 20;
            let ids: Vec<String> = batch.iter().map(|one| one.id.clone()).collect();
            match queue.publish(batch).await {
                Ok(()) => confirmed.extend(ids),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        confirmed
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_confirmed_is_lost_when_the_broker_is_killed_or_closes_connections() {
    let Some(mut server) = private() else { return };
    let options = quick(&server);
    let queue = Arc::new(connect(&options).await);
    let stop = Arc::new(AtomicBool::new(false));
    let publisher = publish_along(&queue, &stop);
    let consumer = connect(&options).await;
    let some = receive(&consumer, 10).await;
    done(&consumer, &some[..5]).await;

    server.close_all_connections().unwrap();
    // Settled before the fault or not: tokens of the old session mean nothing now, and do no harm.
    let again = receive(&consumer, 10).await;
    done(&consumer, &some).await;
    done(&consumer, &again[..5]).await;

    server.kill_dash_nine().unwrap();
    let away = consumer.receive(1, Duration::from_millis(300)).await;
    assert!(matches!(away, Err(QueueError::Unavailable { .. }) | Ok(_)));
    server.restart().unwrap();
    publish_until_taken(&queue, vec![letter("fresh")]).await;
    stop.store(true, Ordering::Relaxed);
    let mut confirmed = publisher.await.unwrap();
    confirmed.push("fresh".to_owned());
    let settled: Vec<&String> = some[..5].iter().chain(&again[..5]).map(|one| &one.id).collect();
    confirmed.retain(|id| !settled.contains(&id));
    collect(&consumer, &confirmed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_is_not_stormed() {
    let Some(mut server) = private() else { return };
    let options = quick(&server);
    let queue = connect(&options).await;
    queue.publish(vec![letter("before")]).await.unwrap();
    done(&queue, &receive(&queue, 1).await).await;
    server.kill_dash_nine().unwrap();
    // In its place somebody who hangs up on every caller, and counts them.
    let listener = TcpListener::bind(("127.0.0.1", server.port())).unwrap();
    let calls = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&calls);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            drop(stream);
            if counter.fetch_add(1, Ordering::Relaxed) > 1000 {
                return;
            }
        }
    });
    let wait = Duration::from_millis(100);
    let noticed = async { while queue.receive(1, wait).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, noticed).await.expect("its end is not noticed");
    for _ in 0..20 {
        assert!(queue.receive(1, wait).await.is_err(), "nobody is there");
    }
    let calls = calls.load(Ordering::Relaxed);
    assert!((1..40).contains(&calls), "{calls} calls");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_broker_holds_nobody_beyond_the_deadline() {
    let Some(mut server) = private() else { return };
    let options = quick(&server);
    let queue = connect(&options).await;
    queue.publish(letters(0..10)).await.unwrap();
    let received = receive(&queue, 10).await;
    done(&queue, &received[..5]).await;
    server.freeze().unwrap();
    // Each call ends by itself; this only turns "for ever" into a failed test.
    let bounded = async {
        assert!(queue.publish(vec![letter("unheard")]).await.is_err());
        assert!(queue.depth().await.is_err());
        assert!(queue.dead(1).await.is_err());
        let _ = queue.receive(1, Duration::from_millis(100)).await;
    };
    tokio::time::timeout(PATIENCE, bounded).await.expect("a call does not end");
    server.thaw().unwrap();
    publish_until_taken(&queue, vec![letter("heard")]).await;
    let mut expected: Vec<String> = received[5..].iter().map(|one| one.id.clone()).collect();
    expected.push("heard".to_owned());
    collect(&queue, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_alarm_stops_publishing_and_not_settling() {
    let Some(server) = private() else { return };
    let options = quick(&server);
    let queue = connect(&options).await;
    queue.publish(letters(0..10)).await.unwrap();
    let received = receive(&queue, 5).await;
    server.control(&["set_disk_free_limit", "1000000GB"]).unwrap();
    // The alarm is noticed with the first message that meets it.
    let refused = async { while queue.publish(letters(10..11)).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, refused).await.expect("the alarm is not noticed");
    let error = queue.publish(letters(10..11)).await.unwrap_err();
    assert!(matches!(error, QueueError::Unavailable { .. }), "{error}");
    done(&queue, &received[..4]).await;
    // A retry needs to publish: it waits, and is made up for after the alarm.
    let waiting = queue.settle(vec![(received[4].token, retry())]).await;
    assert!(waiting.is_err());
    server.control(&["set_disk_free_limit", "50MB"]).unwrap();
    publish_until_taken(&queue, vec![letter("after")]).await;
    let mut retried = None;
    let work = async {
        while retried.is_none() {
            let batch = queue.receive(100, Duration::from_millis(200)).await.unwrap_or_default();
            retried = batch.iter().find(|one| one.id == received[4].id).map(|one| one.attempts);
            done(&queue, &batch).await;
        }
    };
    tokio::time::timeout(PATIENCE, work).await.expect("the retry is lost");
    assert_eq!(retried, Some(1));
}
