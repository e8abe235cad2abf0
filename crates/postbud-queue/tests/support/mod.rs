//! What the tests against a real broker share.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use lapin::options::QueueDeleteOptions;
use lapin::{Channel, Connection, ConnectionProperties};
use postbud_pipeline::ports::{Body, Message, Queue, QueueError, Received, Settlement, Token};
use postbud_queue::{RabbitOptions, RabbitQueue};

/// Long enough for a machine under load: no test passes sooner or later because of it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The broker's address, or a line that says why the test does nothing.
pub fn broker() -> Option<String> {
    let url = std::env::var("POSTBUD_TEST_AMQP").ok();
    if url.is_none() {
        println!("skipped: POSTBUD_TEST_AMQP is not set (cargo xtask test sets it)");
    }
    url
}

/// Options with queues of their own and short waits.
pub fn options(url: &str) -> RabbitOptions {
    RabbitOptions {
        url: url.to_owned(),
        prefix: format!("test-{}", uuid::Uuid::new_v4()),
        retry_delay_ms: 100,
        ..RabbitOptions::default()
    }
}

pub async fn connect(options: &RabbitOptions) -> RabbitQueue {
    RabbitQueue::connect(options.clone()).await.unwrap()
}

/// A channel beside the queue's own, to do what an operator or another program does.
pub struct Admin {
    pub connection: Connection,
    pub channel: Channel,
}

impl Admin {
    pub async fn connect(url: &str) -> Self {
        let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        Self { connection, channel }
    }

    pub async fn delete(&self, queue: &str) {
        self.channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
    }
}

/// Removes the queues of a test.
pub async fn clean(options: &RabbitOptions) {
    let admin = Admin::connect(&options.url).await;
    for queue in ["incoming", "retry", "dead"] {
        admin.delete(&format!("{}.{queue}", options.prefix)).await;
    }
}

pub fn letter(id: &str) -> Message {
    let body = Body::Inline(Bytes::from(format!("letter {id}")));
    Message { body, id: id.to_owned() }
}

pub fn letters(ids: impl Iterator<Item = u32>) -> Vec<Message> {
    ids.map(|id| letter(&format!("id-{id:05}"))).collect()
}

/// Receives until there are `count`.
pub async fn receive(queue: &RabbitQueue, count: usize) -> Vec<Received> {
    let mut received = Vec::new();
    let work = async {
        while received.len() < count {
            let more = queue.receive(count - received.len(), Duration::from_secs(1)).await;
            received.extend(more.unwrap_or_default());
        }
    };
    tokio::time::timeout(PATIENCE, work).await.expect("the messages do not come");
    received
}

pub async fn receive_one(queue: &RabbitQueue) -> Received {
    receive(queue, 1).await.remove(0)
}

pub async fn settle(queue: &RabbitQueue, token: Token, settlement: Settlement) {
    queue.settle(vec![(token, settlement)]).await.unwrap();
}

pub async fn done(queue: &RabbitQueue, received: &[Received]) {
    let outcomes = received.iter().map(|one| (one.token, Settlement::Done)).collect();
    queue.settle(outcomes).await.unwrap();
}

pub fn retry() -> Settlement {
    Settlement::Retry { reason: "the store is away".to_owned() }
}

/// Waits until the depths are these.
pub async fn depth_becomes(queue: &RabbitQueue, waiting: u64, retrying: u64, dead: u64) {
    let mut last = None;
    let work = async {
        loop {
            last = queue.depth().await.ok();
            let seen = last.map(|depth| (depth.waiting, depth.retrying, depth.dead));
            if seen == Some((waiting, retrying, dead)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let outcome = tokio::time::timeout(PATIENCE, work).await;
    assert!(outcome.is_ok(), "the depths stay at {last:?}");
}

/// Publishes until the broker takes it.
pub async fn publish_until_taken(queue: &RabbitQueue, messages: Vec<Message>) {
    let work = async {
        while queue.publish(messages.clone()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, work).await.expect("the broker takes nothing");
}

/// Receives and settles until every id has come; returns how often each did.
pub async fn collect(queue: &RabbitQueue, ids: &[String]) -> BTreeMap<String, u32> {
    let mut seen = BTreeMap::new();
    let work = async {
        while !ids.iter().all(|id| seen.contains_key(id)) {
            let batch = queue.receive(500, Duration::from_secs(1)).await.unwrap_or_default();
            for one in &batch {
                *seen.entry(one.id.clone()).or_insert(0) += 1;
            }
            let outcomes = batch.iter().map(|one| (one.token, Settlement::Done)).collect();
            // A fault only means that some come again.
            let _: Result<(), QueueError> = queue.settle(outcomes).await;
        }
    };
    let outcome = tokio::time::timeout(PATIENCE, work).await;
    let missing = ids.iter().filter(|id| !seen.contains_key(*id)).count();
    assert!(outcome.is_ok(), "{missing} of {} confirmed messages are lost", ids.len());
    seen
}
