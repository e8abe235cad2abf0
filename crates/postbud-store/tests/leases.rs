//! Who holds an outgoing letter, and what the others may still say of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use postbud_pipeline::ports::{OutboxOutcome, State, Store as _};
use support::outgoing::{LEASE_MS, claim, failed, settle, state};
use support::{Fixture, MANY_BYTES, at, entry, mailbox};

support::on_both!(
    a_lease_that_is_prolonged_keeps_others_away,
    what_somebody_else_took_is_lost,
    a_late_refusal_takes_nothing_from_the_new_holder,
    a_late_delivery_counts,
    a_mailbox_that_is_left_out_waits,
    moments_to_send_lie_apart_over_all_workers,
);

async fn a_lease_that_is_prolonged_keeps_others_away(fixture: &Fixture) {
    fixture.store.record(&[entry("a", "raw a", Some("Miljø"))]).await.unwrap();
    let keys = vec![claim(fixture, 0).await[0].key.clone(), "b-1".to_owned(), "no key".to_owned()];
    let held = fixture.store.prolong_outbox(&keys, at(5_000)).await.unwrap();
    assert_eq!(held, ["a-1"]);
    let other = fixture.another().await;
    assert!(other.claim_outbox(9, MANY_BYTES, at(4_999), LEASE_MS).await.unwrap().is_empty());
    assert_eq!(other.claim_outbox(9, MANY_BYTES, at(5_000), LEASE_MS).await.unwrap().len(), 1);
    other.close().await;
    assert!(fixture.store.prolong_outbox(&[], at(9)).await.unwrap().is_empty());
}

async fn what_somebody_else_took_is_lost(fixture: &Fixture) {
    fixture.store.record(&[entry("a", "raw a", Some("Miljø"))]).await.unwrap();
    let keys = vec![claim(fixture, 0).await[0].key.clone()];
    // Late, but nobody came: it is still ours.
    assert_eq!(fixture.store.prolong_outbox(&keys, at(LEASE_MS)).await.unwrap(), keys);
    let other = fixture.another().await;
    assert_eq!(other.claim_outbox(9, MANY_BYTES, at(LEASE_MS), LEASE_MS).await.unwrap().len(), 1);
    assert!(fixture.store.prolong_outbox(&keys, at(9_000)).await.unwrap().is_empty());
    assert_eq!(other.prolong_outbox(&keys, at(9_000)).await.unwrap(), keys);
    other.close().await;
}

async fn a_late_refusal_takes_nothing_from_the_new_holder(fixture: &Fixture) {
    fixture.store.record(&[entry("a", "raw a", Some("Miljø"))]).await.unwrap();
    let item = claim(fixture, 0).await.remove(0);
    let other = fixture.another().await;
    assert_eq!(other.claim_outbox(9, MANY_BYTES, at(LEASE_MS), LEASE_MS).await.unwrap().len(), 1);
    let again = OutboxOutcome::Again { at: at(LEASE_MS), error: "late".to_owned() };
    for outcome in [OutboxOutcome::Release, again, failed("late")] {
        settle(fixture, &item, outcome, LEASE_MS).await;
        assert!(claim(fixture, LEASE_MS + 1).await.is_empty());
        assert_eq!(state(fixture, "a").await, State::Routed);
    }
    other.settle_outbox(&[(item.key.clone(), OutboxOutcome::Release)], at(3_000)).await.unwrap();
    other.close().await;
    assert_eq!(claim(fixture, 3_000).await.len(), 1, "given back, it is anybody's");
}

async fn a_late_delivery_counts(fixture: &Fixture) {
    fixture.store.record(&[entry("a", "raw a", Some("Miljø"))]).await.unwrap();
    let item = claim(fixture, 0).await.remove(0);
    let other = fixture.another().await;
    assert_eq!(other.claim_outbox(9, MANY_BYTES, at(LEASE_MS), LEASE_MS).await.unwrap().len(), 1);
    settle(fixture, &item, OutboxOutcome::Delivered, LEASE_MS).await;
    assert_eq!(state(fixture, "a").await, State::Delivered);
    other.close().await;
}

async fn a_mailbox_that_is_left_out_waits(fixture: &Fixture) {
    let batch = [
        entry("a", "raw a", Some("Miljø")),
        entry("b", "raw b", Some("Teknik")),
        entry("c", "raw c", Some("Skole")),
    ];
    fixture.store.record(&batch).await.unwrap();
    let except = [mailbox("Miljø"), mailbox("Skole")];
    let found =
        fixture.store.claim_outbox_except(&except, 9, MANY_BYTES, at(1), LEASE_MS).await.unwrap();
    let letters: Vec<&str> = found.iter().map(|item| item.letter.as_str()).collect();
    assert_eq!(letters, ["b"]);
    assert_eq!(claim(fixture, 1).await.len(), 2);
}

async fn moments_to_send_lie_apart_over_all_workers(fixture: &Fixture) {
    let other = fixture.another().await;
    let (a, b) = (mailbox("Miljø"), mailbox("Teknik"));
    assert_eq!(fixture.store.reserve(&a, 100, at(1_000)).await.unwrap(), at(1_000));
    assert_eq!(other.reserve(&a, 100, at(1_000)).await.unwrap(), at(1_100));
    assert_eq!(fixture.store.reserve(&a, 100, at(1_010)).await.unwrap(), at(1_200));
    assert_eq!(other.reserve(&b, 100, at(1_010)).await.unwrap(), at(1_010), "each its own");
    // A pause saves nothing up: after it there is no burst.
    assert_eq!(other.reserve(&a, 100, at(9_000)).await.unwrap(), at(9_000));
    assert_eq!(other.reserve(&a, 100, at(9_000)).await.unwrap(), at(9_100));
    other.close().await;
}
