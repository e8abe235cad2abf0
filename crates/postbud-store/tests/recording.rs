//! Letters go in once, whatever is sent twice and by how many.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::time::Duration;

use bytes::Bytes;
use postbud_decide::{Doubt, NotChecked, Reason};
use postbud_pipeline::ports::{
    Body, Entry, Event, Filter, Recorded, State, Store as _, StoreError, Tally,
};
use support::{Fixture, at, entry, letter, mailbox, raw_id};

support::on_both!(
    a_letter_comes_back_as_it_went_in,
    the_same_letter_twice_is_known,
    another_letter_of_the_same_id_is_quarantined,
    malware_is_quarantined_and_waits_for_a_person,
    a_batch_is_judged_in_its_order,
    a_taken_quarantine_id_is_made_longer,
    one_bad_entry_stores_nothing,
    workers_with_the_same_letters_agree,
    large_raw_bytes_come_back,
    raw_bytes_ahead_of_their_letter,
    raw_bytes_that_arrive_in_pieces_are_the_same_bytes,
    raw_bytes_that_do_not_arrive_leave_nothing,
    lists_and_counts_add_up,
    odd_text_is_stored,
    a_decision_from_another_version_is_named,
);

async fn a_letter_comes_back_as_it_went_in(fixture: &Fixture) {
    let store = &fixture.store;
    let routed = entry("a", "raw a", Some("Miljø"));
    let review = entry("b", "raw b", None);
    let answers = store.record(&[routed.clone(), review.clone()]).await.unwrap();
    assert_eq!(answers, [Recorded::New, Recorded::New]);

    let detail = store.letter(&letter("a")).await.unwrap().unwrap();
    assert_eq!(detail.decisions, [routed.decision]);
    assert_eq!(detail.raw_id, routed.raw_id);
    assert_eq!(detail.row.state, State::Routed);
    assert_eq!(detail.row.mailbox, Some(mailbox("Miljø")));
    assert_eq!(detail.row.probability, Some(1.0 / 3.0));
    assert_eq!(detail.row.subject, "Om a");
    let events: Vec<(&str, &str)> =
        detail.events.iter().map(|event| (event.what.as_str(), event.detail.as_str())).collect();
    assert_eq!(events, [("received", "digital_post"), ("decided", "Miljø")]);

    let detail = store.letter(&letter("b")).await.unwrap().unwrap();
    assert_eq!(detail.row.state, State::Review);
    assert_eq!(detail.row.mailbox, Some(mailbox("Byggesag")), "the first suggestion");
    assert_eq!(store.raw(&review.raw_id).await.unwrap(), Some(review.raw));
    assert_eq!(store.letter(&letter("c")).await.unwrap(), None);
    assert_eq!(store.raw(&raw_id(b"nothing")).await.unwrap(), None);
}

async fn malware_is_quarantined_and_waits_for_a_person(fixture: &Fixture) {
    let store = &fixture.store;
    let mut infected = entry("a", "raw a", None);
    let mut unchecked = entry("b", "raw b", None);
    because(&mut infected, Doubt::Infected { signature: "Test.Mark".to_owned() });
    because(&mut unchecked, Doubt::Unchecked { why: NotChecked::Away });
    let answers = store.record(&[infected.clone(), unchecked]).await.unwrap();
    assert_eq!(answers, [Recorded::New, Recorded::New]);
    let tally = store.tally().await.unwrap();
    assert_eq!((tally.received, tally.review, tally.quarantined), (2, 1, 1));
    let detail = store.letter(&letter("a")).await.unwrap().unwrap();
    assert_eq!(detail.row.state, State::Quarantined);
    assert_eq!(detail.decisions, [infected.decision.clone()]);
    let told = |event: &&Event| event.what == "quarantined" && event.detail == "malware: Test.Mark";
    assert_eq!(detail.events.iter().filter(told).count(), 1);
    let outbox = store.claim_outbox(10, 1 << 20, at(1), 1_000).await.unwrap();
    assert!(outbox.is_empty());
    assert_eq!(store.record(&[infected]).await.unwrap(), [Recorded::Known]);
}

fn because(entry: &mut Entry, doubt: Doubt) {
    if let Reason::Person { doubts, .. } = &mut entry.decision.reason {
        *doubts = vec![doubt];
    }
}

async fn the_same_letter_twice_is_known(fixture: &Fixture) {
    let first = entry("a", "raw", Some("Miljø"));
    // What is decided later about the same letter does not count: the first one may be delivered.
    let again = entry("a", "raw", None);
    assert_eq!(fixture.store.record(std::slice::from_ref(&first)).await.unwrap(), [Recorded::New]);
    assert_eq!(fixture.store.record(&[again]).await.unwrap(), [Recorded::Known]);
    let detail = fixture.store.letter(&letter("a")).await.unwrap().unwrap();
    assert_eq!((detail.decisions, detail.row.state), (vec![first.decision], State::Routed));
    assert_eq!(fixture.store.tally().await.unwrap().received, 1);
}

async fn another_letter_of_the_same_id_is_quarantined(fixture: &Fixture) {
    let store = &fixture.store;
    store.record(&[entry("a", "first", Some("Miljø"))]).await.unwrap();
    let other = entry("a", "second", Some("Miljø"));
    assert_eq!(store.record(std::slice::from_ref(&other)).await.unwrap(), [Recorded::Clash]);
    assert_eq!(store.record(std::slice::from_ref(&other)).await.unwrap(), [Recorded::Known]);
    let own = letter(&format!("a~{}", &other.raw_id.0[..8]));
    let detail = store.letter(&own).await.unwrap().unwrap();
    assert_eq!(detail.row.state, State::Quarantined);
    assert_eq!(detail.decisions, [other.decision]);
    assert!(detail.events.iter().any(|event| event.what == "quarantined"));
    assert_eq!(store.raw(&other.raw_id).await.unwrap(), Some(other.raw));
    let outgoing = store.claim_outbox(10, support::MANY_BYTES, at(1), 1_000).await.unwrap();
    assert_eq!(outgoing.len(), 1, "what is quarantined is not sent");
    let tally = store.tally().await.unwrap();
    assert_eq!((tally.received, tally.routed, tally.quarantined), (2, 1, 1));
}

async fn a_batch_is_judged_in_its_order(fixture: &Fixture) {
    let batch = [
        entry("a", "first", None),
        entry("b", "b", None),
        entry("a", "second", None),
        entry("a", "first", None),
        entry("a", "second", None),
        entry("b", "b", Some("Miljø")),
    ];
    use Recorded::{Clash, Known, New};
    let answers = fixture.store.record(&batch).await.unwrap();
    assert_eq!(answers, [New, New, Clash, Known, Known, Known]);
    let answers = fixture.store.record(&batch).await.unwrap();
    assert_eq!(answers, [Known; 6]);
    assert_eq!(fixture.store.record(&[]).await.unwrap(), []);
    assert_eq!(fixture.store.tally().await.unwrap().received, 3);
}

async fn a_taken_quarantine_id_is_made_longer(fixture: &Fixture) {
    let clash = entry("a", "second", None);
    let taken = format!("a~{}", &clash.raw_id.0[..8]);
    let batch = [entry("a", "first", None), entry(&taken, "someone chose this id", None)];
    fixture.store.record(&batch).await.unwrap();
    assert_eq!(
        fixture.store.record(std::slice::from_ref(&clash)).await.unwrap(),
        [Recorded::Clash]
    );
    assert_eq!(
        fixture.store.record(std::slice::from_ref(&clash)).await.unwrap(),
        [Recorded::Known]
    );
    let own = letter(&format!("a~{}", &clash.raw_id.0[..16]));
    assert!(fixture.store.letter(&own).await.unwrap().is_some());

    let longest = "x".repeat(80);
    let batch = [entry(&longest, "first", None), entry(&longest, "second", None)];
    let answers = fixture.store.record(&batch).await.unwrap();
    assert_eq!(answers, [Recorded::New, Recorded::Clash]);
}

async fn one_bad_entry_stores_nothing(fixture: &Fixture) {
    let mut bad = entry("b", "raw b", None);
    bad.decision.suggestions[0].probability = f64::NAN;
    let error = fixture.store.record(&[entry("a", "raw a", None), bad]).await.unwrap_err();
    assert!(matches!(error, StoreError::BadEntry { .. }), "{error}");
    assert_eq!(fixture.store.tally().await.unwrap(), Tally::default());
    assert_eq!(fixture.store.raw(&raw_id(b"raw a")).await.unwrap(), None);
}

async fn workers_with_the_same_letters_agree(fixture: &Fixture) {
    let letters: Vec<_> =
        (0..60).map(|n| entry(&format!("l-{n}"), &format!("raw {n}"), Some("Miljø"))).collect();
    let mut work = Vec::new();
    for worker in 0..4 {
        let store = fixture.another().await;
        let mut letters = letters.clone();
        letters.rotate_left(worker * 13);
        work.push(tokio::spawn(async move {
            let mut new = 0;
            for batch in letters.chunks(7) {
                let answers = store.record(batch).await.unwrap();
                new += answers.iter().filter(|answer| **answer == Recorded::New).count();
                assert!(!answers.contains(&Recorded::Clash));
            }
            store.close().await;
            new
        }));
    }
    let mut new = 0;
    for worker in work {
        new += worker.await.unwrap();
    }
    assert_eq!(new, letters.len());
    let tally = fixture.store.tally().await.unwrap();
    assert_eq!((tally.received, tally.routed), (60, 60));
}

async fn large_raw_bytes_come_back(fixture: &Fixture) {
    const MIB: usize = 1 << 20;
    for size in [0, 1, MIB - 1, MIB, MIB + 1, 5 * MIB + 17] {
        let bytes: Vec<u8> = (0..size).map(|n| (n / 7 % 251) as u8).collect();
        let mut large = entry(&format!("size-{size}"), "", Some("Miljø"));
        large.raw_id = raw_id(&bytes);
        large.raw = Bytes::from(bytes);
        fixture.store.record(std::slice::from_ref(&large)).await.unwrap();
        let stored = fixture.store.raw(&large.raw_id).await.unwrap().unwrap();
        assert!(stored == large.raw, "{size} bytes come back changed");
    }
    let outgoing = fixture.store.claim_outbox(10, support::MANY_BYTES, at(1), 1_000).await.unwrap();
    assert_eq!(outgoing.len(), 6);
    for item in outgoing {
        assert_eq!(item.letter.as_str(), format!("size-{}", item.size));
        match item.raw {
            Body::Inline(raw) => assert!(raw.len() <= MIB && raw.len() as u64 == item.size),
            Body::Stored(id) => {
                assert!(item.size > MIB as u64);
                let raw = fixture.store.raw(&id).await.unwrap().unwrap();
                assert_eq!(raw.len() as u64, item.size);
                assert_eq!(fixture.store.raw_size(&id).await.unwrap(), Some(item.size));
            }
        }
    }
}

async fn raw_bytes_ahead_of_their_letter(fixture: &Fixture) {
    let ahead = entry("a", "came by reference", None);
    let id = fixture.store.put_raw(ahead.raw.clone(), at(0)).await.unwrap();
    assert_eq!(id, ahead.raw_id);
    assert_eq!(fixture.store.put_raw(ahead.raw.clone(), at(5)).await.unwrap(), id);
    assert_eq!(fixture.store.record(std::slice::from_ref(&ahead)).await.unwrap(), [Recorded::New]);
    assert_eq!(fixture.store.raw(&id).await.unwrap(), Some(ahead.raw));
}

async fn raw_bytes_that_arrive_in_pieces_are_the_same_bytes(fixture: &Fixture) {
    let store = &fixture.store;
    let long: Bytes = (0..3_500_000u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
    for size in [0, 1, 999_983, 1 << 20, (1 << 20) + 1, 3 << 20, long.len()] {
        let whole = long.slice(..size);
        for pieces in [7 << 20, 1 << 20, 300_007] {
            let mut arriving = store.begin_raw(at(1));
            for piece in whole.chunks(pieces) {
                arriving.write(whole.slice_ref(piece)).await.unwrap();
                assert_eq!(store.raw(&raw_id(&whole)).await.unwrap().is_some(), pieces < 7 << 20);
            }
            assert_eq!(arriving.finish().await.unwrap(), raw_id(&whole));
            assert_eq!(store.raw(&raw_id(&whole)).await.unwrap().as_ref(), Some(&whole), "{size}");
        }
        assert_eq!(store.put_raw(whole.clone(), at(2)).await.unwrap(), raw_id(&whole));
    }
    assert_eq!(unfinished(fixture).await, 0);
    let mut known = entry("a", "", None);
    (known.raw_id, known.raw) = (raw_id(&long), long.clone());
    assert_eq!(store.record(&[known]).await.unwrap(), [Recorded::New]);
}

async fn unfinished(fixture: &Fixture) -> i64 {
    fixture.count("SELECT COUNT(*) FROM raws WHERE size = 0 AND raw_id LIKE 'arriving-%'").await
}

async fn raw_bytes_that_do_not_arrive_leave_nothing(fixture: &Fixture) {
    let store = &fixture.store;
    let mut arriving = store.begin_raw(at(1));
    arriving.write(Bytes::from(vec![b'x'; 2_500_000])).await.unwrap();
    assert_eq!(unfinished(fixture).await, 2);
    drop(arriving);
    // The removal is a task of its own.
    for _ in 0..2_000 {
        if unfinished(fixture).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("what did not arrive is still there");
}

async fn lists_and_counts_add_up(fixture: &Fixture) {
    let mut batch = Vec::new();
    for n in 0..10 {
        let to = (n % 2 == 0).then_some("Miljø");
        let mut next = entry(&format!("l-{n}"), &format!("raw {n}"), to);
        next.received_at = at(100 - n);
        batch.push(next);
    }
    fixture.store.record(&batch).await.unwrap();
    let list = async |filter: Filter| -> Vec<String> {
        let rows = fixture.store.letters(&filter).await.unwrap();
        rows.into_iter().map(|row| row.letter.as_str().to_owned()).collect()
    };
    let all = Filter { limit: 100, ..Filter::default() };
    assert_eq!(list(all.clone()).await.len(), 10);
    assert_eq!(list(Filter { limit: 2, offset: 1, ..all.clone() }).await, ["l-8", "l-7"]);
    let newest = Filter { newest_first: true, limit: 2, offset: 1, ..all.clone() };
    assert_eq!(list(newest).await, ["l-1", "l-2"]);
    let review = Filter { state: Some(State::Review), ..all.clone() };
    assert_eq!(list(review.clone()).await, ["l-9", "l-7", "l-5", "l-3", "l-1"]);
    let suggested = Filter { mailbox: Some(mailbox("Byggesag")), ..review };
    assert_eq!(list(suggested).await.len(), 5);
    let routed = Filter { mailbox: Some(mailbox("Miljø")), ..all.clone() };
    assert_eq!(list(routed).await, ["l-8", "l-6", "l-4", "l-2", "l-0"]);
    let (from, until) = (Some(at(93)), Some(at(96)));
    let between = Filter { from, until, ..all.clone() };
    assert_eq!(list(between.clone()).await, ["l-7", "l-6", "l-5"], "the end is left out");
    let (to, state) = (Some(mailbox("Miljø")), Some(State::Routed));
    assert_eq!(list(Filter { mailbox: to, state, ..between }).await, ["l-6"]);
    assert_eq!(list(Filter { state: Some(State::Delivered), ..all }).await.len(), 0);
    let tally = fixture.store.tally().await.unwrap();
    assert_eq!((tally.received, tally.routed, tally.review), (10, 5, 5));
    fixture.store.health().await.unwrap();
}

async fn odd_text_is_stored(fixture: &Fixture) {
    let mut odd = entry("a", "raw", None);
    odd.subject = format!("nul \0 quote ' \u{1F4EC} {}", "æ".repeat(400));
    fixture.store.record(&[odd]).await.unwrap();
    let row = fixture.store.letter(&letter("a")).await.unwrap().unwrap().row;
    assert!(row.subject.starts_with("nul  quote ' \u{1F4EC} æ"));
    assert!(row.subject.chars().count() <= 256);
}

async fn a_decision_from_another_version_is_named(fixture: &Fixture) {
    let batch = [entry("a", "raw a", Some("Miljø")), entry("b", "raw b", Some("Miljø"))];
    fixture.store.record(&batch).await.unwrap();
    fixture.sql("UPDATE decisions SET body = '{\"step\": \"tomorrow\"}' WHERE letter = 'a'").await;
    let error = fixture.store.letter(&letter("a")).await.unwrap_err();
    assert!(matches!(error, StoreError::Incompatible { .. }), "{error}");
    // It stops no other letter, and a person gets to see it.
    let outgoing = fixture.store.claim_outbox(10, support::MANY_BYTES, at(1), 1_000).await.unwrap();
    assert_eq!(outgoing.iter().map(|item| item.letter.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(fixture.store.tally().await.unwrap().review, 1);
}
