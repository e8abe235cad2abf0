//! A clock that was ahead and is set back: nothing waits for a moment that the old clock wrote.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::time::Duration;

use bytes::Bytes;
use postbud_pipeline::ports::{Body, Message, OutboxOutcome, Queue as _, Store as _, Timestamp};
use postbud_store::{EmbeddedOptions, EmbeddedQueue};
use support::outgoing::{LEASE_MS, claim};
use support::{Fixture, MANY_BYTES, PATIENCE, at, entry, mailbox};

const DAY: i64 = 86_400_000;

support::on_both!(
    what_waited_by_the_old_clock_is_brought_nearer,
    a_lease_by_the_new_clock_is_left_alone,
    messages_that_nobody_would_see_for_days_are_seen,
    a_pace_does_not_stop_for_days,
);

async fn what_waited_by_the_old_clock_is_brought_nearer(fixture: &Fixture) {
    let store = &fixture.store;
    store
        .record(&[entry("a", "raw a", Some("Miljø")), entry("b", "raw b", Some("Miljø"))])
        .await
        .unwrap();
    // The clock is two days ahead while both fail.
    for (item, pause) in claim(fixture, 2 * DAY).await.iter().zip([30_000, 3_600_000]) {
        let again = OutboxOutcome::Again { at: at(2 * DAY + pause), error: "away".to_owned() };
        store.settle_outbox(&[(item.key.clone(), again)], at(2 * DAY)).await.unwrap();
    }
    assert!(claim(fixture, DAY).await.is_empty());
    // Set back: each waits for as long as it would have.
    assert_eq!(store.clock_went_back(at(0), 2 * DAY).await.unwrap(), 2);
    assert!(claim(fixture, 29_999).await.is_empty());
    assert_eq!(claim(fixture, 30_000).await.len(), 1);
    assert_eq!(claim(fixture, 3_600_000).await.len(), 2, "the first one's lease has ended");
    // The same where nobody saw it: no pause is longer than this.
    fixture.sql(&format!("UPDATE outbox SET owner = NULL, due_at = {}", at(9 * DAY).0)).await;
    assert_eq!(store.nothing_beyond(at(0), 10 * DAY).await.unwrap(), 0);
    assert_eq!(store.nothing_beyond(at(0), DAY).await.unwrap(), 2);
    assert_eq!(claim(fixture, 0).await.len(), 2);
}

async fn a_lease_by_the_new_clock_is_left_alone(fixture: &Fixture) {
    let store = &fixture.store;
    store.record(&[entry("a", "raw a", Some("Miljø"))]).await.unwrap();
    assert_eq!(claim(fixture, 0).await.len(), 1);
    assert_eq!(store.clock_went_back(at(0), 2 * DAY).await.unwrap(), 0);
    assert!(claim(fixture, LEASE_MS - 1).await.is_empty());
    // One by the old clock, of a worker that is gone.
    assert_eq!(store.claim_outbox(9, MANY_BYTES, at(2 * DAY), LEASE_MS).await.unwrap().len(), 1);
    assert_eq!(store.clock_went_back(at(0), 2 * DAY).await.unwrap(), 1);
    assert_eq!(claim(fixture, LEASE_MS).await.len(), 1);
}

async fn messages_that_nobody_would_see_for_days_are_seen(fixture: &Fixture) {
    let options = EmbeddedOptions { attempts: 3, retry_delay_ms: 200, lease_ms: 1_500 };
    let queue = EmbeddedQueue::new(fixture.store.clone(), options);
    let body = Body::Inline(Bytes::from_static(b"a letter"));
    queue.publish(vec![Message { body, id: "a".to_owned() }]).await.unwrap();
    fixture.sql(&format!("UPDATE queue SET visible_at = visible_at + {}", 2 * DAY)).await;
    assert!(queue.receive(10, Duration::from_millis(50)).await.unwrap().is_empty());
    assert_eq!(fixture.store.clock_went_back(Timestamp::now(), 2 * DAY).await.unwrap(), 1);
    assert_eq!(queue.receive(10, PATIENCE).await.unwrap().len(), 1);
}

async fn a_pace_does_not_stop_for_days(fixture: &Fixture) {
    let (store, box_) = (&fixture.store, mailbox("Miljø"));
    store.reserve(&box_, 1_000, at(2 * DAY)).await.unwrap();
    store.clock_went_back(at(0), 2 * DAY).await.unwrap();
    assert_eq!(store.reserve(&box_, 1_000, at(0)).await.unwrap(), at(1_000));
}
