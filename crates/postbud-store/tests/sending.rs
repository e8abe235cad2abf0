//! From the outbox to the mailbox, or to a person and on from there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use postbud_decide::Doubt;
use postbud_pipeline::ports::{OutboxItem, OutboxOutcome, State, Store as _, StoreError};
use support::{Fixture, MANY_BYTES, assignment, at, entry, letter, mailbox};

support::on_both!(
    a_delivered_letter_is_out_of_the_way,
    a_lease_keeps_others_away_until_it_ends,
    a_failure_is_tried_again_when_due,
    what_is_released_is_due_at_once,
    given_up_goes_to_a_person_and_on,
    claims_are_bounded_in_number_and_bytes,
    workers_share_the_outbox,
    a_person_decides_once,
    a_letter_without_a_target_is_delivered,
    a_quarantined_letter_can_be_assigned,
    only_the_last_label_holds,
    outcomes_for_nothing_are_ignored,
);

const LEASE_MS: i64 = 1_000;

async fn claim(fixture: &Fixture, ms: i64) -> Vec<OutboxItem> {
    fixture
        .store
        .claim_outbox(100, MANY_BYTES, at(ms), LEASE_MS)
        .await
        .unwrap()
}

async fn settle(fixture: &Fixture, item: &OutboxItem, outcome: OutboxOutcome, ms: i64) {
    fixture
        .store
        .settle_outbox(&[(item.key.clone(), outcome)], at(ms))
        .await
        .unwrap();
}

async fn state(fixture: &Fixture, id: &str) -> State {
    fixture
        .store
        .letter(&letter(id))
        .await
        .unwrap()
        .unwrap()
        .row
        .state
}

fn failed(error: &str) -> OutboxOutcome {
    OutboxOutcome::GivenUp {
        doubt: Doubt::DeliveryFailed {
            error: error.to_owned(),
        },
    }
}

async fn a_delivered_letter_is_out_of_the_way(fixture: &Fixture) {
    let sent = entry("a", "raw a", Some("Miljø"));
    fixture
        .store
        .record(&[sent.clone(), entry("b", "raw b", None)])
        .await
        .unwrap();
    let items = claim(fixture, 1).await;
    assert_eq!(items.len(), 1);
    let item = &items[0];
    assert_eq!(
        (item.key.as_str(), item.letter.as_str(), item.attempts),
        ("a-1", "a", 0)
    );
    assert_eq!((&item.raw, &item.decision), (&sent.raw, &sent.decision));
    assert_eq!(item.mailbox, mailbox("Miljø"));
    assert_eq!(
        state(fixture, "a").await,
        State::Routed,
        "not before its mailbox has it"
    );
    settle(fixture, item, OutboxOutcome::Delivered, 2).await;
    assert_eq!(state(fixture, "a").await, State::Delivered);
    assert!(claim(fixture, 1_000_000).await.is_empty());
    let events = fixture
        .store
        .letter(&letter("a"))
        .await
        .unwrap()
        .unwrap()
        .events;
    let last = events.last().unwrap();
    assert_eq!(
        (last.what.as_str(), last.detail.as_str(), last.at),
        ("delivered", "Miljø", at(2))
    );
    // The same again, by someone whose lease had ended, changes nothing.
    settle(fixture, item, failed("too late"), 3).await;
    settle(fixture, item, OutboxOutcome::Delivered, 3).await;
    assert_eq!(state(fixture, "a").await, State::Delivered);
    assert_eq!(
        fixture
            .store
            .letter(&letter("a"))
            .await
            .unwrap()
            .unwrap()
            .events,
        events
    );
}

async fn a_lease_keeps_others_away_until_it_ends(fixture: &Fixture) {
    fixture
        .store
        .record(&[entry("a", "raw a", Some("Miljø"))])
        .await
        .unwrap();
    let first = claim(fixture, 0).await;
    assert_eq!(first.len(), 1);
    assert!(claim(fixture, LEASE_MS - 1).await.is_empty());
    let second = claim(fixture, LEASE_MS).await;
    assert_eq!(second.len(), 1);
    assert_eq!((&second[0].key, second[0].attempts), (&first[0].key, 0));
}

async fn a_failure_is_tried_again_when_due(fixture: &Fixture) {
    fixture
        .store
        .record(&[entry("a", "raw a", Some("Miljø"))])
        .await
        .unwrap();
    let key = claim(fixture, 0).await[0].key.clone();
    let again = OutboxOutcome::Again {
        at: at(50),
        error: "the target is away".to_owned(),
    };
    fixture
        .store
        .settle_outbox(&[(key.clone(), again)], at(10))
        .await
        .unwrap();
    assert!(claim(fixture, 49).await.is_empty());
    let items = claim(fixture, 50).await;
    assert_eq!(
        (items[0].key.as_str(), items[0].attempts),
        (key.as_str(), 1)
    );
}

async fn what_is_released_is_due_at_once(fixture: &Fixture) {
    fixture
        .store
        .record(&[entry("a", "raw a", Some("Miljø"))])
        .await
        .unwrap();
    let items = claim(fixture, 0).await;
    settle(fixture, &items[0], OutboxOutcome::Release, 5).await;
    let items = claim(fixture, 5).await;
    assert_eq!((items.len(), items[0].attempts), (1, 0));
}

async fn given_up_goes_to_a_person_and_on(fixture: &Fixture) {
    fixture
        .store
        .record(&[entry("a", "raw a", Some("Miljø"))])
        .await
        .unwrap();
    let items = claim(fixture, 0).await;
    settle(fixture, &items[0], failed("550 no such mailbox"), 7).await;
    let detail = fixture.store.letter(&letter("a")).await.unwrap().unwrap();
    assert_eq!(detail.row.state, State::Review);
    assert_eq!(detail.decisions.len(), 1, "the decision itself stands");
    let event = detail.events.last().unwrap();
    assert_eq!(event.what, "delivery-failed");
    assert_eq!(
        (event.detail.as_str(), event.at),
        ("550 no such mailbox", at(7))
    );
    assert!(claim(fixture, 1_000_000).await.is_empty());

    fixture
        .store
        .assign(&assignment("a", "Teknik", "Anna", true))
        .await
        .unwrap();
    let items = claim(fixture, 2_000).await;
    assert_eq!(
        (items.len(), items[0].key.as_str()),
        (1, "a-2"),
        "another sending, another key"
    );
    assert_eq!(items[0].mailbox, mailbox("Teknik"));
    settle(fixture, &items[0], OutboxOutcome::Delivered, 2_001).await;
    assert_eq!(state(fixture, "a").await, State::Delivered);
    let detail = fixture.store.letter(&letter("a")).await.unwrap().unwrap();
    let story: Vec<&str> = detail
        .events
        .iter()
        .map(|event| event.what.as_str())
        .collect();
    assert_eq!(
        story,
        [
            "received",
            "decided",
            "delivery-failed",
            "assigned",
            "delivered"
        ]
    );
}

async fn claims_are_bounded_in_number_and_bytes(fixture: &Fixture) {
    let large = "x".repeat(1_000);
    let batch: Vec<_> = (0..6)
        .map(|n| entry(&format!("l-{n}"), &format!("{n}{large}"), Some("Miljø")))
        .collect();
    fixture.store.record(&batch).await.unwrap();
    assert_eq!(
        fixture
            .store
            .claim_outbox(2, MANY_BYTES, at(1), 10)
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        fixture
            .store
            .claim_outbox(100, 2_500, at(1), 10)
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        fixture
            .store
            .claim_outbox(100, 1, at(1), 10)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        claim(fixture, 1).await.len(),
        1,
        "what was left out is not leased"
    );
    assert!(
        fixture
            .store
            .claim_outbox(0, MANY_BYTES, at(999_999), 10)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn workers_share_the_outbox(fixture: &Fixture) {
    let batch: Vec<_> = (0..200)
        .map(|n| entry(&format!("l-{n}"), &format!("raw {n}"), Some("Miljø")))
        .collect();
    fixture.store.record(&batch).await.unwrap();
    let mut work = Vec::new();
    for _ in 0..4 {
        let store = fixture.another().await;
        work.push(tokio::spawn(async move {
            let mut sent = Vec::new();
            loop {
                let items = store
                    .claim_outbox(9, MANY_BYTES, at(1), 60_000)
                    .await
                    .unwrap();
                if items.is_empty() {
                    store.close().await;
                    return sent;
                }
                let outcomes: Vec<_> = items
                    .iter()
                    .map(|item| (item.key.clone(), OutboxOutcome::Delivered))
                    .collect();
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
    assert_eq!(
        (count, sent.len()),
        (200, 200),
        "claimed, and of these different"
    );
    assert_eq!(fixture.store.tally().await.unwrap().delivered, 200);
}

async fn a_person_decides_once(fixture: &Fixture) {
    fixture
        .store
        .record(&[entry("a", "raw a", None)])
        .await
        .unwrap();
    let (anna, bo) = (fixture.another().await, fixture.another().await);
    let (by_anna, by_bo) = (
        assignment("a", "Miljø", "Anna", true),
        assignment("a", "Teknik", "Bo", true),
    );
    let (one, other) = tokio::join!(anna.assign(&by_anna), bo.assign(&by_bo));
    let errors: Vec<StoreError> = [one, other].into_iter().filter_map(Result::err).collect();
    assert!(
        matches!(
            errors.as_slice(),
            [StoreError::WrongState {
                state: State::Routed,
                ..
            }]
        ),
        "{errors:?}"
    );
    let detail = fixture.store.letter(&letter("a")).await.unwrap().unwrap();
    assert_eq!(detail.decisions.len(), 2);
    assert_eq!(fixture.store.labels(10, 0).await.unwrap().len(), 1);
    assert_eq!(claim(fixture, 5_000).await.len(), 1);

    let unknown = fixture
        .store
        .assign(&assignment("nobody", "Miljø", "Anna", true))
        .await;
    assert!(matches!(unknown, Err(StoreError::UnknownLetter(_))));
    anna.close().await;
    bo.close().await;
}

async fn a_letter_without_a_target_is_delivered(fixture: &Fixture) {
    fixture
        .store
        .record(&[entry("a", "raw a", None)])
        .await
        .unwrap();
    fixture
        .store
        .assign(&assignment("a", "Ingen", "Anna", false))
        .await
        .unwrap();
    assert_eq!(state(fixture, "a").await, State::Delivered);
    assert!(claim(fixture, 1_000_000).await.is_empty());
    let detail = fixture.store.letter(&letter("a")).await.unwrap().unwrap();
    let last = detail.events.last().unwrap();
    assert_eq!(
        (last.what.as_str(), last.by.as_str(), last.detail.as_str()),
        ("assigned", "Anna", "Ingen")
    );
    let label = fixture.store.labels(10, 0).await.unwrap().remove(0);
    assert_eq!(
        (label.letter, label.mailbox),
        (letter("a"), mailbox("Ingen"))
    );
    assert_eq!(
        (label.by.as_str(), label.source.as_str()),
        ("Anna", "assign")
    );
    assert_eq!(label.raw_id, entry("a", "raw a", None).raw_id);
}

async fn a_quarantined_letter_can_be_assigned(fixture: &Fixture) {
    let batch = [
        entry("a", "first", Some("Miljø")),
        entry("a", "second", Some("Miljø")),
    ];
    fixture.store.record(&batch).await.unwrap();
    let own = format!("a~{}", &batch[1].raw_id.0[..8]);
    fixture
        .store
        .assign(&assignment(&own, "Miljø", "Anna", true))
        .await
        .unwrap();
    let items = claim(fixture, 5_000).await;
    let keys: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
    assert_eq!(keys, ["a-1", format!("{own}-2").as_str()]);
    assert_eq!(items[1].raw, batch[1].raw);
}

async fn only_the_last_label_holds(fixture: &Fixture) {
    fixture
        .store
        .record(&[entry("a", "raw a", None)])
        .await
        .unwrap();
    fixture
        .store
        .assign(&assignment("a", "Miljø", "Anna", true))
        .await
        .unwrap();
    let items = claim(fixture, 5_000).await;
    settle(fixture, &items[0], failed("not ours"), 6_000).await;
    fixture
        .store
        .assign(&assignment("a", "Teknik", "Bo", true))
        .await
        .unwrap();
    let labels = fixture.store.labels(10, 0).await.unwrap();
    let labels: Vec<&str> = labels.iter().map(|label| label.mailbox.as_str()).collect();
    assert_eq!(labels, ["Teknik"]);
    assert!(fixture.store.labels(10, 1).await.unwrap().is_empty());
}

async fn outcomes_for_nothing_are_ignored(fixture: &Fixture) {
    fixture
        .store
        .record(&[entry("a", "raw a", Some("Miljø"))])
        .await
        .unwrap();
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
