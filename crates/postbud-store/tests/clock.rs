//! A clock that was set back: what was due by the old one comes, and leases of others stay.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::time::Duration;

use bytes::Bytes;
use postbud_pipeline::ports::{Body, Message, OutboxOutcome, Queue as _, Store as _, Timestamp};
use postbud_store::{EmbeddedOptions, EmbeddedQueue};
use support::outgoing::{LEASE_MS, claim, settle};
use support::{Fixture, at, entry, mailbox};

support::on_both!(what_was_due_is_due_again, leases_and_what_is_near_stay);

const BACK: Duration = Duration::from_secs(7_200);

async fn what_was_due_is_due_again(fixture: &Fixture) {
    let store = &fixture.store;
    store.record(&[entry("a", "raw a", Some("vej"))]).await.unwrap();
    let item = claim(fixture, 0).await.remove(0);
    let again = OutboxOutcome::Again { at: at(7_205_000), error: "busy".to_owned() };
    settle(fixture, &item, again, 1).await;
    store.reserve(&mailbox("vej"), 7_230_000, at(0)).await.unwrap();
    let queue = EmbeddedQueue::new(store.clone(), EmbeddedOptions::default());
    let body = Body::Inline(Bytes::from_static(b"x"));
    queue.publish(vec![Message { id: "m".to_owned(), body }]).await.unwrap();
    let now = Timestamp::now();
    fixture.sql(&format!("UPDATE queue SET visible_at = {}", now.plus_ms(7_200_500).0)).await;
    assert!(claim(fixture, 10_000).await.is_empty());
    assert_eq!(store.clock_went_back(BACK, at(0)).await.unwrap(), 3);
    assert_eq!(claim(fixture, 10_000).await.len(), 1, "five seconds on, as it was to be");
    let next = store.reserve(&mailbox("vej"), 1, at(31_000)).await.unwrap();
    assert_eq!(next, at(31_000), "the pace goes on by the new clock");
    let received = queue.receive(1, Duration::from_secs(10)).await.unwrap();
    assert_eq!(received.len(), 1, "the queue goes on by the new clock");
}

async fn leases_and_what_is_near_stay(fixture: &Fixture) {
    let store = &fixture.store;
    store
        .record(&[entry("a", "raw a", Some("vej")), entry("b", "raw b", Some("vej"))])
        .await
        .unwrap();
    let held = claim(fixture, 0).await;
    assert_eq!(held.len(), 2);
    let soon = OutboxOutcome::Again { at: at(50_000), error: "busy".to_owned() };
    settle(fixture, &held[0], soon, 1).await;
    assert_eq!(store.clock_went_back(BACK, at(0)).await.unwrap(), 0);
    assert!(claim(fixture, LEASE_MS - 1).await.is_empty(), "another worker still holds the one");
    assert_eq!(claim(fixture, 49_000).await.len(), 1, "and the other is not due yet");
}
