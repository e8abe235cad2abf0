//! What a broker refuses, and queues that are not what they should be.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::error::Error;
use std::net::TcpListener;
use std::time::Duration;

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use postbud_pipeline::ports::{Queue, QueueError};
use postbud_queue::{RabbitOptions, RabbitQueue};
use support::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_a_queue_is_not_taken_for_delivered() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let queue = connect(&options).await;
    let incoming = format!("{}.incoming", options.prefix);
    Admin::connect(&url).await.delete(&incoming).await;
    let error = queue.publish(letters(0..50)).await.unwrap_err();
    assert!(matches!(&error, QueueError::Unroutable { queue } if *queue == incoming), "{error}");
    // The queue is declared again, and the next try succeeds.
    publish_until_taken(&queue, letters(0..50)).await;
    assert_eq!(receive(&queue, 50).await.len(), 50);
    clean(&options).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_survives_the_deletion_of_its_queue() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let queue = connect(&options).await;
    queue.publish(vec![letter("before")]).await.unwrap();
    done(&queue, &receive(&queue, 1).await).await;
    Admin::connect(&url).await.delete(&format!("{}.incoming", options.prefix)).await;
    publish_until_taken(&queue, vec![letter("after")]).await;
    assert_eq!(receive_one(&queue).await.id, "after");
    clean(&options).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_kind_of_queue_under_our_name_is_named() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let admin = Admin::connect(&url).await;
    let name = format!("{}.retry", options.prefix);
    let declare = QueueDeclareOptions::durable();
    admin
        .channel
        .queue_declare(name.as_str().into(), declare, FieldTable::default())
        .await
        .unwrap();
    let error = RabbitQueue::connect(options.clone()).await.unwrap_err();
    let QueueError::Refused { what } = &error else { panic!("{error}") };
    assert!(
        what.starts_with(&format!("another kind of queue is called {name}; delete it")),
        "{what}"
    );
    clean(&options).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_that_are_only_looked_for_must_be_there() {
    let Some(url) = broker() else { return };
    let declaring = options(&url);
    let looking = RabbitOptions { declare: false, ..declaring.clone() };
    let error = RabbitQueue::connect(looking.clone()).await.unwrap_err();
    let QueueError::Refused { what } = &error else { panic!("{error}") };
    assert!(what.starts_with(&format!("there is no queue {}.dead", declaring.prefix)), "{what}");
    drop(connect(&declaring).await);
    let queue = connect(&looking).await;
    queue.publish(vec![letter("a")]).await.unwrap();
    assert_eq!(receive_one(&queue).await.id, "a");
    clean(&declaring).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused_and_shown_nowhere() {
    let Some(url) = broker() else { return };
    let options = RabbitOptions { password: Some("hemmelig".into()), ..options(&url) };
    let error = RabbitQueue::connect(options).await.unwrap_err();
    assert!(matches!(error, QueueError::Refused { .. }), "{error}");
    let source = error.source().map(ToString::to_string);
    let text = format!("{error} {error:?} {source:?}");
    assert!(text.contains("ACCESS_REFUSED"), "{text}");
    assert!(!text.contains("hemmelig"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_and_nobody_answering_are_both_reported() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let quick = |port: u16| RabbitOptions {
        url: format!("amqp://guest@127.0.0.1:{port}"),
        call_deadline_ms: 200,
        ..RabbitOptions::default()
    };
    let late = RabbitQueue::connect(quick(port)).await.unwrap_err();
    let source = late.source().map(ToString::to_string);
    assert_eq!(source.as_deref(), Some("no answer within 200 ms"));
    drop(silent);
    let absent = RabbitQueue::connect(quick(port)).await.unwrap_err();
    let place = format!("the queue at amqp://127.0.0.1:{port} cannot be reached: connect");
    assert_eq!(absent.to_string(), place);
    assert!(absent.source().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_nothing_ends_with_nothing() {
    let Some(url) = broker() else { return };
    let options = options(&url);
    let queue = connect(&options).await;
    assert!(receive_nothing(&queue, 10, Duration::from_millis(500)).await);
    assert!(receive_nothing(&queue, 0, Duration::from_secs(3600)).await);
    assert!(queue.dead(10).await.unwrap().is_empty());
    assert_eq!(queue.replay(None, 10).await.unwrap(), 0);
    queue.publish(Vec::new()).await.unwrap();
    queue.settle(Vec::new()).await.unwrap();
    clean(&options).await;
}

async fn receive_nothing(queue: &RabbitQueue, max: usize, wait: Duration) -> bool {
    let received = tokio::time::timeout(PATIENCE, queue.receive(max, wait)).await;
    received.expect("it waits too long").unwrap().is_empty()
}
