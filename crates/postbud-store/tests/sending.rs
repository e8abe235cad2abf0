//! From the outbox to the mailbox, or to a person and on from there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use postbud_pipeline::ports::{Body, OutboxOutcome, State, Store as _};
use support::outgoing::{LEASE_MS, claim, failed, settle, state};
use support::{Fixture, MANY_BYTES, assignment, at, entry, letter, mailbox};

support::on_both!(
    a_delivered_letter_is_out_of_the_way,
    a_lease_keeps_others_away_until_it_ends,
    a_failure_is_tried_again_when_due,
    what_is_released_is_due_at_once,
    given_up_goes_to_a_person_and_on,
    claims_are_bounded_in_number_and_bytes,
    workers_share_the_outbox,
    outcomes_for_nothing_are_ignored,
);

async fn a_delivered_letter_is_out_of_the_way(fixture: &Fixture) {
    let sent = entry("a", "raw a", Some("Miljø"));
    fixture.store.record(&[sent.clone(), entry("b", "raw b", None)]).await.unwrap();
    let items = claim(fixture, 1).await;
    assert_eq!(items.len(), 1);
    let item = &items[0];
    assert_eq!((item.key.as_str(), item.letter.as_str(), item.attempts), ("a-1", "a", 0));
    assert_eq!(item.raw, Body::Inline(sent.raw.clone()));
    assert_eq!(item.decision, sent.decision);
    assert_eq!(item.mailbox, mailbox("Miljø"));
    assert_eq!(state(fixture, "a").await, State::Routed, "not before its mailbox has it");
    settle(fixture, item, OutboxOutcome::Delivered, 2).await;
    assert_eq!(state(fixture, "a").await, State::Delivered);
    assert!(claim(fixture, 1_000_000).await.is_empty());
    let events = fixture.store.letter(&letter("a")).await.unwrap().unwrap().events;
    let last = events.last().unwrap();
    assert_eq!((last.what.as_str(), last.detail.as_str(), last.at), ("delivered", "Miljø", at(2)));
    // The same again, by someone whose lease had ended, changes nothing.
    settle(fixture, item, failed("too late"), 3).await;
    settle(fixture, item, OutboxOutcome::Delivered, 3).await;
    assert_eq!(state(fixture, "a").await, State::Delivered);
    assert_eq!(fixture.store.letter(&letter("a")).await.unwrap().unwrap().events, events);
}

async fn a_lease_keeps_others_away_until_it_ends(fixture: &Fixture) {
    fixture.store.record(&[entry("a", "raw a", Some("Miljø"))]).await.unwrap();
    let first = claim(fixture, 0).await;
    assert_eq!(first.len(), 1);
    assert!(claim(fixture, LEASE_MS - 1).await.is_empty());
    let second = claim(fixture, LEASE_MS).await;
    assert_eq!(second.len(), 1);
    assert_eq!((&second[0].key, second[0].attempts), (&first[0].key, 0));
}

async fn a_failure_is_tried_again_when_due(fixture: &Fixture) {
    fixture.store.record(&[entry("a", "raw a", Some("Miljø"))]).await.unwrap();
    let key = claim(fixture, 0).await[0].key.clone();
    let again = OutboxOutcome::Again { at: at(50), error: "the target is away".to_owned() };
    fixture.store.settle_outbox(&[(key.clone(), again)], at(10)).await.unwrap();
    assert!(claim(fixture, 49).await.is_empty());
    let items = claim(fixture, 50).await;
    assert_eq!((items[0].key.as_str(), items[0].attempts), (key.as_str(), 1));
}

async fn what_is_released_is_due_at_once(fixture: &Fixture) {
    fixture.store.record(&[entry("a", "raw a", Some("Miljø"))]).await.unwrap();
    let items = claim(fixture, 0).await;
    settle(fixture, &items[0], OutboxOutcome::Release, 5).await;
    let items = claim(fixture, 5).await;
    assert_eq!((items.len(), items[0].attempts), (1, 0));
}

async fn given_up_goes_to_a_person_and_on(fixture: &Fixture) {
    fixture.store.record(&[entry("a", "raw a", Some("Miljø"))]).await.unwrap();
    let items = claim(fixture, 0).await;
    settle(fixture, &items[0], failed("550 no such mailbox"), 7).await;
    let detail = fixture.store.letter(&letter("a")).await.unwrap().unwrap();
    assert_eq!(detail.row.state, State::Review);
    assert_eq!(detail.decisions.len(), 1, "the decision itself stands");
    let event = detail.events.last().unwrap();
    assert_eq!(event.what, "delivery-failed");
    assert_eq!((event.detail.as_str(), event.at), ("550 no such mailbox", at(7)));
    assert!(claim(fixture, 1_000_000).await.is_empty());

    fixture.store.assign(&assignment("a", "Teknik", "Anna", true)).await.unwrap();
    let items = claim(fixture, 2_000).await;
    assert_eq!((items.len(), items[0].key.as_str()), (1, "a-2"), "another sending, another key");
    assert_eq!(items[0].mailbox, mailbox("Teknik"));
    settle(fixture, &items[0], OutboxOutcome::Delivered, 2_001).await;
    assert_eq!(state(fixture, "a").await, State::Delivered);
    let detail = fixture.store.letter(&letter("a")).await.unwrap().unwrap();
    let story: Vec<&str> = detail.events.iter().map(|event| event.what.as_str()).collect();
    assert_eq!(story, ["received", "decided", "delivery-failed", "assigned", "delivered"]);
}

async fn claims_are_bounded_in_number_and_bytes(fixture: &Fixture) {
    let large = "x".repeat(1_000);
    let batch: Vec<_> =
        (0..6).map(|n| entry(&format!("l-{n}"), &format!("{n}{large}"), Some("Miljø"))).collect();
    fixture.store.record(&batch).await.unwrap();
    assert_eq!(fixture.store.claim_outbox(2, MANY_BYTES, at(1), 10).await.unwrap().len(), 2);
    assert_eq!(fixture.store.claim_outbox(100, 2_500, at(1), 10).await.unwrap().len(), 2);
    assert_eq!(fixture.store.claim_outbox(100, 1, at(1), 10).await.unwrap().len(), 1);
    assert_eq!(claim(fixture, 1).await.len(), 1, "what was left out is not leased");
    assert!(fixture.store.claim_outbox(0, MANY_BYTES, at(999_999), 10).await.unwrap().is_empty());
}

async fn workers_share_the_outbox(fixture: &Fixture) {
    let batch: Vec<_> =
        (0..200).map(|n| entry(&format!("l-{n}"), &format!("raw {n}"), Some("Miljø"))).collect();
    fixture.store.record(&batch).await.unwrap();
    let mut work = Vec::new();
    for _ in 0..4 {
        let store = fixture.another().await;
        work.push(tokio::spawn(async move {
            let mut sent = Vec::new();
            loop {
                let items = store.claim_outbox(9, MANY_BYTES, at(1), 60_000).await.unwrap();
                if items.is_empty() {
                    store.close().await;
                    return sent;
                }
                let outcomes: Vec<_> =
                    items.iter().map(|item| (item.key.clone(), OutboxOutcome::Delivered)).collect();
                store.settle_outbox(&outcomes, at(2)).await.unwrap();
                sent.extend(items.into_iter().map(|item| item.key));
            }
        }));
    }
    let mut sent = Vec::new();
    for worker in work {
        sent.extend(worker.await.unwrap());
    }
    sent.sort();
    let count = sent.len();
    sent.dedup();
    assert_eq!((count, sent.len()), (200, 200), "claimed, and of these different");
    assert_eq!(fixture.store.tally().await.unwrap().delivered, 200);
}

async fn outcomes_for_nothing_are_ignored(fixture: &Fixture) {
    fixture.store.record(&[entry("a", "raw a", Some("Miljø"))]).await.unwrap();
    let key = claim(fixture, 0).await[0].key.clone();
    let outcomes = [
        ("no key".to_owned(), OutboxOutcome::Delivered),
        ("b-1".to_owned(), OutboxOutcome::Delivered),
        (key.clone(), OutboxOutcome::Delivered),
        (key, failed("said twice")),
    ];
    fixture.store.settle_outbox(&outcomes, at(1)).await.unwrap();
    fixture.store.settle_outbox(&[], at(1)).await.unwrap();
    assert_eq!(state(fixture, "a").await, State::Delivered);
}
