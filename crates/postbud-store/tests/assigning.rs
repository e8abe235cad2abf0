//! A person decides where a letter goes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use postbud_pipeline::ports::{Body, State, Store as _, StoreError};
use support::outgoing::{claim, failed, settle, state};
use support::{Fixture, assignment, entry, letter, mailbox};

support::on_both!(
    a_person_decides_once,
    a_letter_without_a_target_is_delivered,
    a_quarantined_letter_can_be_assigned,
    only_the_last_label_holds,
);

async fn a_person_decides_once(fixture: &Fixture) {
    fixture.store.record(&[entry("a", "raw a", None)]).await.unwrap();
    let (anna, bo) = (fixture.another().await, fixture.another().await);
    let (by_anna, by_bo) =
        (assignment("a", "Miljø", "Anna", true), assignment("a", "Teknik", "Bo", true));
    let (one, other) = tokio::join!(anna.assign(&by_anna), bo.assign(&by_bo));
    let errors: Vec<StoreError> = [one, other].into_iter().filter_map(Result::err).collect();
    assert!(
        matches!(errors.as_slice(), [StoreError::WrongState { state: State::Routed, .. }]),
        "{errors:?}"
    );
    let detail = fixture.store.letter(&letter("a")).await.unwrap().unwrap();
    assert_eq!(detail.decisions.len(), 2);
    assert_eq!(fixture.store.labels(10, 0).await.unwrap().len(), 1);
    assert_eq!(claim(fixture, 5_000).await.len(), 1);

    let unknown = fixture.store.assign(&assignment("nobody", "Miljø", "Anna", true)).await;
    assert!(matches!(unknown, Err(StoreError::UnknownLetter(_))));
    anna.close().await;
    bo.close().await;
}

async fn a_letter_without_a_target_is_delivered(fixture: &Fixture) {
    fixture.store.record(&[entry("a", "raw a", None)]).await.unwrap();
    fixture.store.assign(&assignment("a", "Ingen", "Anna", false)).await.unwrap();
    assert_eq!(state(fixture, "a").await, State::Delivered);
    assert!(claim(fixture, 1_000_000).await.is_empty());
    let detail = fixture.store.letter(&letter("a")).await.unwrap().unwrap();
    let last = detail.events.last().unwrap();
    assert_eq!(
        (last.what.as_str(), last.by.as_str(), last.detail.as_str()),
        ("assigned", "Anna", "Ingen")
    );
    let label = fixture.store.labels(10, 0).await.unwrap().remove(0);
    assert_eq!((label.letter, label.mailbox), (letter("a"), mailbox("Ingen")));
    assert_eq!((label.by.as_str(), label.source.as_str()), ("Anna", "terminal"));
    assert_eq!(label.raw_id, entry("a", "raw a", None).raw_id);
}

async fn a_quarantined_letter_can_be_assigned(fixture: &Fixture) {
    let batch = [entry("a", "first", Some("Miljø")), entry("a", "second", Some("Miljø"))];
    fixture.store.record(&batch).await.unwrap();
    let own = format!("a~{}", &batch[1].raw_id.0[..8]);
    fixture.store.assign(&assignment(&own, "Miljø", "Anna", true)).await.unwrap();
    let items = claim(fixture, 5_000).await;
    let keys: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
    assert_eq!(keys, ["a-1", format!("{own}-2").as_str()]);
    assert_eq!(items[1].raw, Body::Inline(batch[1].raw.clone()));
}

async fn only_the_last_label_holds(fixture: &Fixture) {
    fixture.store.record(&[entry("a", "raw a", None)]).await.unwrap();
    fixture.store.assign(&assignment("a", "Miljø", "Anna", true)).await.unwrap();
    let items = claim(fixture, 5_000).await;
    settle(fixture, &items[0], failed("not ours"), 6_000).await;
    fixture.store.assign(&assignment("a", "Teknik", "Bo", true)).await.unwrap();
    let labels = fixture.store.labels(10, 0).await.unwrap();
    let labels: Vec<&str> = labels.iter().map(|label| label.mailbox.as_str()).collect();
    assert_eq!(labels, ["Teknik"]);
    assert!(fixture.store.labels(10, 1).await.unwrap().is_empty());
}
