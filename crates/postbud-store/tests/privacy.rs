//! Whose data is here, how long it stays, and whether the access log is whole.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use postbud_pipeline::ports::{
    Access, Desk as _, LabelSource, Labels as _, LookCount, NewLabel, OutboxOutcome, Owner as _,
    Recorded, Store as _, Timestamp,
};
use postbud_store::{ChainFault, PersonKey, Purpose};
use support::outgoing::{claim, settle};
use support::{Fixture, at, entry, letter, mailbox, raw_id};

support::on_both!(
    a_person_has_letters_and_they_go_with_them,
    restrictions_come_and_go,
    a_missing_or_changed_row_of_the_access_log_shows,
    the_access_log_forgets_from_its_beginning,
    a_sample_of_looks_is_the_same_again_and_from_its_time_alone,
    delivered_letters_lose_their_bytes_in_time,
    what_waits_for_a_person_stays,
    decisions_go_last_and_leave_nothing,
    of_what_was_done_the_last_time_stays,
    what_was_set_aside_goes_in_its_time,
    what_a_dead_process_was_receiving_goes_after_a_day,
);

fn key() -> PersonKey {
    PersonKey::parse(&"0f".repeat(32)).unwrap()
}

async fn a_person_has_letters_and_they_go_with_them(fixture: &Fixture) {
    let store = &fixture.store;
    store.record(&[entry("a", "raw a", None), entry("b", "raw b", None)]).await.unwrap();
    let waiting = store.without_persons(10).await.unwrap();
    assert_eq!(waiting.len(), 2);
    let twice = ["010190-0000", "0101900000"].map(str::to_owned);
    store.note_persons(&key(), &letter("a"), &twice, at(1)).await.unwrap();
    store.note_persons(&key(), &letter("b"), &[], at(1)).await.unwrap();
    store.note_persons(&key(), &letter("nowhere"), &twice, at(1)).await.unwrap();
    assert!(store.without_persons(10).await.unwrap().is_empty());
    assert_eq!(store.letters_of(&key(), "0101900000").await.unwrap(), [letter("a")]);
    assert!(store.letters_of(&key(), "0201900000").await.unwrap().is_empty());
    for (table, columns) in fixture.text_columns().await {
        for column in columns {
            let sql = format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%010190%'");
            assert_eq!(fixture.count(&sql).await, 0, "{table}.{column} holds a CPR number");
        }
    }
    store.erase(&letter("a"), "Dorte", at(2)).await.unwrap();
    assert!(store.letters_of(&key(), "0101900000").await.unwrap().is_empty());
}

async fn restrictions_come_and_go(fixture: &Fixture) {
    let store = &fixture.store;
    let (one, other) = ("0101900000", "0201900000");
    store.restrict(&key(), one, true, "Dorte", at(1)).await.unwrap();
    store.restrict(&key(), one, true, "Dorte", at(2)).await.unwrap();
    assert!(store.restrict(&key(), one, true, "postbud", at(1)).await.is_err());
    let restricted = store.restricted().await.unwrap();
    assert_eq!(restricted.len(), 1);
    assert!(restricted.contains(&key().person("010190-0000")));
    assert!(!restricted.contains(&key().person(other)));
    store.restrict(&key(), one, false, "Dorte", at(3)).await.unwrap();
    assert!(store.restricted().await.unwrap().is_empty());
}

async fn look(fixture: &Fixture, number: i64) {
    let access = Access {
        at: at(number),
        by: "Anna".into(),
        letter: format!("l{number}"),
        why: "open".into(),
    };
    fixture.store.log_access(&access).await.unwrap();
}

async fn a_sample_of_looks_is_the_same_again_and_from_its_time_alone(fixture: &Fixture) {
    let store = &fixture.store;
    for number in 1..=40 {
        look(fixture, number).await;
    }
    look(fixture, 20).await;
    let sample = store.look_sample(at(11), at(31), 5).await.unwrap();
    let anna = LookCount { by: "Anna".into(), looks: 21, letters: 20 };
    assert_eq!(sample.people, [anna]);
    let times: Vec<i64> = sample.looks.iter().map(|look| look.at.0).collect();
    assert_eq!(times.len(), 5);
    assert!(times.is_sorted() && times.iter().all(|time| (at(11).0..at(31).0).contains(time)));
    let first_five: Vec<i64> = (11..16).map(|number| at(number).0).collect();
    assert_ne!(times, first_five, "drawn, and not the first ones");
    look(fixture, 50).await;
    assert_eq!(store.look_sample(at(11), at(31), 5).await.unwrap(), sample);
    let all = store.look_sample(at(11), at(31), 100).await.unwrap();
    assert_eq!(all.looks.len(), 21);
    let none = store.look_sample(at(60), at(70), 5).await.unwrap();
    assert!(none.people.is_empty() && none.looks.is_empty());
}

async fn a_missing_or_changed_row_of_the_access_log_shows(fixture: &Fixture) {
    let store = &fixture.store;
    let empty = store.verify_accesses().await.unwrap();
    assert_eq!((empty.rows, empty.fault), (0, None));
    for number in 1..=5 {
        look(fixture, number).await;
    }
    let whole = store.verify_accesses().await.unwrap();
    assert_eq!((whole.rows, whole.last_seq, whole.fault), (5, 5, None));
    assert_eq!(whole.last.len(), 64);
    fixture.sql("UPDATE desk_access SET who = 'Bo' WHERE seq = 3").await;
    assert_eq!(store.verify_accesses().await.unwrap().fault, Some(ChainFault::Changed(3)));
    fixture.sql("UPDATE desk_access SET who = 'Anna' WHERE seq = 3").await;
    assert_eq!(store.verify_accesses().await.unwrap().fault, None);
    fixture.sql("DELETE FROM desk_access WHERE seq = 5").await;
    assert_eq!(store.verify_accesses().await.unwrap().fault, Some(ChainFault::End(5)));
    fixture.sql("DELETE FROM desk_access WHERE seq = 2").await;
    assert_eq!(store.verify_accesses().await.unwrap().fault, Some(ChainFault::Missing(2)));
}

async fn the_access_log_forgets_from_its_beginning(fixture: &Fixture) {
    let store = &fixture.store;
    fixture
        .sql("INSERT INTO desk_access (at, who, letter, why) VALUES (5, 'Anna', 'x', 'open')")
        .await;
    for number in [1, 2, 9, 3, 10] {
        look(fixture, number).await;
    }
    assert_eq!(store.verify_accesses().await.unwrap().before, 1);
    assert_eq!(store.retain(Purpose::Access, at(5), at(20)).await.unwrap(), 3);
    let left = store.verify_accesses().await.unwrap();
    assert_eq!((left.rows, left.before, left.fault), (3, 0, None), "the third waits for the 9");
    assert_eq!(store.retain(Purpose::Access, at(50), at(60)).await.unwrap(), 3);
    look(fixture, 70).await;
    let left = store.verify_accesses().await.unwrap();
    assert_eq!((left.rows, left.last_seq, left.fault), (1, 6, None));
    let last = store.last_retention(Purpose::Access).await.unwrap().unwrap();
    assert_eq!((last.at, last.older_than, last.gone), (at(60), at(50), 3));
    assert_eq!(store.last_retention(Purpose::Letters).await.unwrap(), None);
}

/// Two letters that were delivered: `a` without a label, `b` with one.
async fn delivered(fixture: &Fixture) {
    let store = &fixture.store;
    let both = [entry("a", "raw a", Some("Miljø")), entry("b", "raw b", Some("Miljø"))];
    store.record(&both).await.unwrap();
    for item in claim(fixture, 5_000).await {
        settle(fixture, &item, OutboxOutcome::Delivered, 6_000).await;
    }
    let label = NewLabel {
        letter: letter("b"),
        mailbox: mailbox("Teknik"),
        by: "Bo".to_owned(),
        at: at(7_000),
        source: LabelSource::Returned,
    };
    store.add_label(&label).await.unwrap();
}

async fn has_bytes(fixture: &Fixture, raw: &str) -> bool {
    fixture.store.raw(&raw_id(raw.as_bytes())).await.unwrap().is_some()
}

async fn delivered_letters_lose_their_bytes_in_time(fixture: &Fixture) {
    delivered(fixture).await;
    let store = &fixture.store;
    assert_eq!(store.retain(Purpose::Letters, at(6_000), at(9_000)).await.unwrap(), 0);
    assert!(has_bytes(fixture, "raw a").await);
    assert_eq!(store.retain(Purpose::Letters, at(6_001), at(9_000)).await.unwrap(), 1);
    assert!(!has_bytes(fixture, "raw a").await && has_bytes(fixture, "raw b").await);
    let detail = store.letter(&letter("a")).await.unwrap().unwrap();
    assert_eq!(detail.row.subject, "");
    assert_eq!(detail.decisions.len(), 1, "that and why it was decided stays");
    assert_eq!(store.retain(Purpose::Training, at(6_001), at(9_000)).await.unwrap(), 1);
    assert!(!has_bytes(fixture, "raw b").await);
    assert!(store.training_labels(None, 10).await.unwrap().is_empty());
    assert_eq!(store.tally().await.unwrap().delivered, 2);
}

async fn what_waits_for_a_person_stays(fixture: &Fixture) {
    let store = &fixture.store;
    store.record(&[entry("a", "raw a", None), entry("b", "raw b", Some("Miljø"))]).await.unwrap();
    for purpose in Purpose::ALL {
        assert_eq!(store.retain(purpose, Timestamp(i64::MAX), at(1)).await.unwrap(), 0);
    }
    assert!(has_bytes(fixture, "raw a").await && has_bytes(fixture, "raw b").await);
}

async fn what_was_set_aside_goes_in_its_time(fixture: &Fixture) {
    let store = &fixture.store;
    store.record(&[entry("a", "raw a", None)]).await.unwrap();
    assert_eq!(store.record(&[entry("a", "another", None)]).await.unwrap(), [Recorded::Clash]);
    let received = fixture.count("SELECT MAX(received_at) FROM letters").await;
    let gone = async |before| {
        store.retain(Purpose::Quarantined, Timestamp(before), at(9_000)).await.unwrap()
    };
    assert_eq!(gone(received).await, 0);
    assert_eq!(gone(received + 1).await, 1);
    assert!(has_bytes(fixture, "raw a").await && !has_bytes(fixture, "another").await);
}

async fn of_what_was_done_the_last_time_stays(fixture: &Fixture) {
    let store = &fixture.store;
    for now in [10, 20, 30] {
        store.retain(Purpose::Access, at(0), at(now)).await.unwrap();
    }
    assert_eq!(store.retain(Purpose::Statistics, at(11), at(40)).await.unwrap(), 1);
    assert_eq!(store.retain(Purpose::Statistics, at(1_000), at(50)).await.unwrap(), 1);
    let last = store.last_retention(Purpose::Access).await.unwrap().unwrap();
    assert_eq!(last.at, at(30));
}

async fn decisions_go_last_and_leave_nothing(fixture: &Fixture) {
    delivered(fixture).await;
    let store = &fixture.store;
    assert_eq!(store.retain(Purpose::Decisions, at(6_001), at(9_000)).await.unwrap(), 2);
    assert_eq!(store.tally().await.unwrap().received, 0);
    for table in ["letters", "raws", "decisions", "labels", "events", "outbox", "person_letters"] {
        assert_eq!(fixture.count(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    let orphan = store.put_raw(bytes::Bytes::from_static(b"orphan"), at(1)).await.unwrap();
    assert_eq!(store.retain(Purpose::Leftovers, at(1), at(9_000)).await.unwrap(), 0);
    assert_eq!(store.retain(Purpose::Leftovers, at(2), at(9_000)).await.unwrap(), 1);
    assert!(store.raw(&orphan).await.unwrap().is_none());
}

async fn what_a_dead_process_was_receiving_goes_after_a_day(fixture: &Fixture) {
    const DAY_MS: i64 = 24 * 3_600_000;
    let mut arriving = fixture.store.begin_raw(at(1_000));
    arriving.write(bytes::Bytes::from(vec![b'x'; 1_100_000])).await.unwrap();
    let gone = async |now| fixture.store.retain(Purpose::Leftovers, at(0), now).await.unwrap();
    assert_eq!(gone(at(1_000).plus_ms(DAY_MS)).await, 0);
    assert_eq!(gone(at(1_001).plus_ms(DAY_MS)).await, 1);
    assert!(arriving.finish().await.is_err(), "and whoever is still receiving it hears so");
}
