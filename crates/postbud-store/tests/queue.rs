//! The embedded queue passes the suite that every queue must pass, and does its own part besides.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use postbud_pipeline::conformance::QueueHarness;
use postbud_pipeline::ports::{
    Body, DeadJudge, Entry, Message, Queue, Settlement, Store as _, Timestamp,
};
use postbud_store::{EmbeddedOptions, EmbeddedQueue};
use support::{Fixture, PATIENCE, entry, raw_id};

/// Connections with stores of their own, as several processes have them.
struct Harness(Fixture);

fn quick() -> EmbeddedOptions {
    EmbeddedOptions { attempts: 3, retry_delay_ms: 200, lease_ms: 1_500 }
}

#[async_trait]
impl QueueHarness for Harness {
    async fn connect(&self) -> Box<dyn Queue> {
        Box::new(EmbeddedQueue::new(self.0.another().await, quick()))
    }

    async fn crash(&self, queue: Box<dyn Queue>) {
        drop(queue);
    }

    async fn end(&self) {
        self.0.end().await;
    }
}

mod sqlite {
    async fn fresh(case: &str) -> Option<super::Harness> {
        super::Fixture::sqlite(case).await.map(super::Harness)
    }
    postbud_pipeline::queue_conformance!(fresh);
}

mod postgres {
    async fn fresh(case: &str) -> Option<super::Harness> {
        super::Fixture::postgres(case).await.map(super::Harness)
    }
    postbud_pipeline::queue_conformance!(fresh);
}

mod own {
    use super::{
        a_condemned_dead_message_goes_with_its_bytes, large_messages_travel_by_reference, support,
        the_bell_wakes, the_bytes_are_stored_once,
    };
    support::on_both!(
        a_condemned_dead_message_goes_with_its_bytes,
        large_messages_travel_by_reference,
        the_bytes_are_stored_once,
        the_bell_wakes
    );
}

fn inline(id: &str, raw: &Bytes) -> Message {
    Message { body: Body::Inline(raw.clone()), id: id.to_owned() }
}

async fn large_messages_travel_by_reference(fixture: &Fixture) {
    let queue = EmbeddedQueue::new(fixture.store.clone(), quick());
    let large = Bytes::from(vec![7_u8; (3 << 20) + 5]);
    queue.publish(vec![inline("large", &large)]).await.unwrap();
    let received = queue.receive(10, PATIENCE).await.unwrap();
    assert_eq!(received[0].body, Ok(Body::Stored(raw_id(&large))));
    assert!(fixture.store.raw(&raw_id(&large)).await.unwrap() == Some(large.clone()));
    let dead = Settlement::Dead { reason: "too large".to_owned() };
    queue.settle(vec![(received[0].token, dead)]).await.unwrap();
    assert_eq!(queue.dead(10).await.unwrap()[0].bytes, large.len() as u64);
}

async fn the_bytes_are_stored_once(fixture: &Fixture) {
    let queue = EmbeddedQueue::new(fixture.store.clone(), quick());
    let letter: Entry = entry("a", "the bytes of a letter", None);
    queue.publish(vec![inline("a", &letter.raw), inline("a", &letter.raw)]).await.unwrap();
    fixture.store.record(std::slice::from_ref(&letter)).await.unwrap();
    let received = queue.receive(10, PATIENCE).await.unwrap();
    assert_eq!(received.len(), 2, "the same letter sent twice is two messages");
    let done = received.iter().map(|message| (message.token, Settlement::Done)).collect();
    queue.settle(done).await.unwrap();
    assert_eq!(fixture.store.raw(&letter.raw_id).await.unwrap(), Some(letter.raw.clone()));

    // Bytes that have gone missing are a message that cannot be understood, not a blocked queue.
    queue.publish(vec![inline("b", &Bytes::from_static(b"gone"))]).await.unwrap();
    fixture.sql(&format!("DELETE FROM raws WHERE raw_id = '{}'", raw_id(b"gone").0)).await;
    let received = queue.receive(10, PATIENCE).await.unwrap();
    assert!(received[0].body.is_err());
}

async fn the_bell_wakes(fixture: &Fixture) {
    let queue = Arc::new(EmbeddedQueue::new(fixture.store.clone(), quick()));
    for n in 0..20 {
        let consumer = Arc::clone(&queue);
        let waiting = tokio::spawn(async move { consumer.receive(1, PATIENCE).await.unwrap() });
        tokio::time::sleep(Duration::from_millis(n % 4)).await;
        queue.publish(vec![inline("x", &Bytes::from_static(b"x"))]).await.unwrap();
        let received = waiting.await.unwrap();
        queue.settle(vec![(received[0].token, Settlement::Done)]).await.unwrap();
    }
    let idle = Arc::clone(&queue);
    let waiting = tokio::spawn(async move { idle.receive(1, PATIENCE).await.unwrap() });
    queue.shutdown().await.unwrap();
    assert!(waiting.await.unwrap().is_empty(), "shutting down ends the wait");
}

/// Condemns the message of one name.
struct Named(&'static str);

#[async_trait]
impl DeadJudge for Named {
    async fn condemns(&self, id: &str, _: &Body, at: Option<Timestamp>) -> bool {
        assert!(at.is_some_and(|at| at <= Timestamp::now()), "it is known when");
        id == self.0
    }
}

async fn a_condemned_dead_message_goes_with_its_bytes(fixture: &Fixture) {
    let queue = EmbeddedQueue::new(fixture.store.clone(), quick());
    for id in ["one", "two"] {
        let body = Body::Inline(Bytes::from(format!("Subject: {id}\r\n\r\n")));
        queue.publish(vec![Message { body, id: id.to_owned() }]).await.unwrap();
    }
    let received = queue.receive(2, PATIENCE).await.unwrap();
    let dead = Settlement::Dead { reason: "for the test".to_owned() };
    let outcomes = received.iter().map(|one| (one.token, dead.clone())).collect();
    queue.settle(outcomes).await.unwrap();
    assert_eq!(queue.erase_dead(&Named("nobody")).await.unwrap(), 0);
    assert_eq!(queue.erase_dead(&Named("one")).await.unwrap(), 1);
    let left = queue.dead(9).await.unwrap();
    assert_eq!(left.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["two"]);
    assert_eq!(fixture.count("SELECT COUNT(DISTINCT raw_id) FROM raws").await, 1);
}
