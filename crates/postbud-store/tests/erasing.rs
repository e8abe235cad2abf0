//! A letter that is erased is gone from every table but the one that says so.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use bytes::Bytes;
use postbud_pipeline::ports::{
    Body, LabelError, LabelSource, Labels as _, Message, NewLabel, OutboxOutcome, Queue as _,
    Store as _,
};
use postbud_store::{EmbeddedOptions, EmbeddedQueue};
use support::outgoing::{claim, settle};
use support::{Fixture, assignment, at, entry, letter, mailbox, raw_id};

support::on_both!(
    nothing_of_an_erased_letter_stays,
    a_letter_on_its_way_is_not_erased,
    bytes_that_another_letter_needs_stay,
);

async fn nothing_of_an_erased_letter_stays(fixture: &Fixture) {
    let store = &fixture.store;
    let raw = "raw of the erased letter";
    store.record(&[entry("gone", raw, None), entry("here", "raw b", None)]).await.unwrap();
    store.assign(&assignment("gone", "Miljø", "Anna", true)).await.unwrap();
    let item = claim(fixture, 5_000).await.remove(0);
    settle(fixture, &item, OutboxOutcome::Delivered, 6_000).await;
    let label = NewLabel {
        letter: letter("gone"),
        mailbox: mailbox("Teknik"),
        by: "Bo".to_owned(),
        at: at(7_000),
        source: LabelSource::Returned,
    };
    store.add_label(&label).await.unwrap();
    // The same letter lies on the queue once more, as after a resend.
    let queue = EmbeddedQueue::new(store.clone(), EmbeddedOptions::default());
    let message = Message { id: "gone".to_owned(), body: Body::Inline(Bytes::from(raw)) };
    queue.publish(vec![message]).await.unwrap();

    assert!(store.erase(&letter("gone"), "Dorte", at(9_000)).await.unwrap());
    for (table, columns) in fixture.text_columns().await {
        for column in columns {
            for text in ["gone", raw_id(raw.as_bytes()).0.as_str()] {
                let sql = format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%{text}%'");
                let expected =
                    i64::from(table == "erasures" && column == "letter" && text == "gone");
                assert_eq!(fixture.count(&sql).await, expected, "{table}.{column}: {text}");
            }
        }
    }
    assert!(store.letter(&letter("here")).await.unwrap().is_some());
    assert!(store.is_erased(&letter("gone")).await.unwrap());
    assert!(!store.is_erased(&letter("here")).await.unwrap());
    assert_eq!(store.erased(None, 10).await.unwrap(), [letter("gone")]);
    assert!(!store.erase(&letter("gone"), "Dorte", at(9_500)).await.unwrap(), "gone already");
    let tally = store.tally().await.unwrap();
    assert_eq!((tally.received, tally.review), (1, 1));
}

async fn a_letter_on_its_way_is_not_erased(fixture: &Fixture) {
    fixture.store.record(&[entry("a", "raw a", Some("Miljø"))]).await.unwrap();
    let refused = fixture.store.erase(&letter("a"), "Dorte", at(1)).await;
    assert!(matches!(refused, Err(LabelError::InFlight { .. })), "it would be lost");
    let refused = fixture.store.erase(&letter("a"), "postbud", at(1)).await;
    assert!(matches!(refused, Err(LabelError::NotAPerson)));
    assert_eq!(claim(fixture, 5_000).await.len(), 1);
}

async fn bytes_that_another_letter_needs_stay(fixture: &Fixture) {
    fixture.store.record(&[entry("a", "same", None), entry("b", "same", None)]).await.unwrap();
    fixture.store.erase(&letter("a"), "Dorte", at(1)).await.unwrap();
    assert!(fixture.store.raw(&raw_id(b"same")).await.unwrap().is_some());
    fixture.store.erase(&letter("b"), "Dorte", at(2)).await.unwrap();
    assert!(fixture.store.raw(&raw_id(b"same")).await.unwrap().is_none());
}
