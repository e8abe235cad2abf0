//! A queue that somebody else declared, consumed without touching it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::time::Duration;

use lapin::BasicProperties;
use lapin::options::{BasicPublishOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use postbud_pipeline::CertificateFiles;
use postbud_pipeline::ports::{Body, Queue, QueueError, Received, Settlement};
use postbud_queue::{ForeignOptions, ForeignQueue};
use support::*;

fn foreign(url: &str, queue: &str) -> ForeignQueue {
    ForeignQueue::new(ForeignOptions {
        url: url.to_owned(),
        password: None,
        queue: queue.to_owned(),
        prefetch: 4,
        call_deadline_ms: 5_000,
        certificates: CertificateFiles::default(),
        token_file: None,
    })
    .unwrap()
}

async fn all(queue: &ForeignQueue, count: usize) -> Vec<Received> {
    let mut received = Vec::new();
    while received.len() < count {
        let more = queue.receive(count - received.len(), PATIENCE).await.unwrap();
        assert!(!more.is_empty(), "the messages do not come");
        received.extend(more);
    }
    received
}

fn text(received: &Received) -> String {
    let Ok(Body::Inline(raw)) = &received.body else { panic!("{received:?}") };
    String::from_utf8(raw.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_come_as_they_are_and_come_again_until_they_are_settled() {
    let Some(url) = broker() else { return };
    let name = uuid::Uuid::new_v4().to_string();
    let admin = Admin::connect(&url).await;
    let queue = foreign(&url, &name);
    let missing = queue.receive(1, Duration::from_secs(1)).await;
    assert!(matches!(missing, Err(QueueError::Refused { .. })), "never declared: {missing:?}");
    let declare = QueueDeclareOptions::durable();
    admin
        .channel
        .queue_declare(name.as_str().into(), declare, FieldTable::default())
        .await
        .unwrap();
    for n in 0..3 {
        // A header that means something on our own queues means nothing here.
        let mut headers = FieldTable::default();
        headers
            .insert("x-postbud-body".into(), lapin::types::AMQPValue::LongString("stored".into()));
        let properties = BasicProperties::default().with_headers(headers);
        admin
            .channel
            .basic_publish(
                "".into(),
                name.as_str().into(),
                BasicPublishOptions::default(),
                format!("message {n}").as_bytes(),
                properties,
            )
            .await
            .unwrap();
    }
    let first = all(&queue, 3).await;
    assert_eq!(first.iter().map(text).collect::<Vec<_>>(), ["message 0", "message 1", "message 2"]);
    let outcomes = vec![
        (first[0].token, Settlement::Done),
        (first[1].token, Settlement::Dead { reason: "no letter".to_owned() }),
        (first[2].token, Settlement::Release),
    ];
    queue.settle(outcomes).await.unwrap();
    let again = all(&queue, 1).await;
    assert_eq!((text(&again[0]).as_str(), again[0].returned), ("message 2", 1));
    // Not settled: another connection gets it again, and an old token is worth nothing.
    queue.shutdown().await.unwrap();
    let last = all(&queue, 1).await;
    assert_eq!(text(&last[0]), "message 2");
    queue.settle(vec![(again[0].token, Settlement::Done)]).await.unwrap();
    queue.settle(vec![(last[0].token, Settlement::Done)]).await.unwrap();
    queue.shutdown().await.unwrap();
    assert!(queue.receive(1, Duration::from_millis(300)).await.unwrap().is_empty());
    queue.shutdown().await.unwrap();
    admin.delete(&name).await;
}
