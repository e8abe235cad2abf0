//! The figures for metrics: they add up, and the blind sample counts what the promise is about.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use postbud_decide::{AccessRequest, Doubt, ModelId, Reason, TextNote, due_at};
use postbud_pipeline::ports::{
    Desk as _, Filter, LabelSource, Measures as _, OutboxOutcome, Store as _, Tally, Timestamp,
    WaitingFilter,
};
use postbud_store::schema;
use support::{Fixture, MANY_BYTES, assignment, at, entry, letter, mailbox};

support::on_both!(
    what_is_counted_adds_up,
    the_blind_sample_counts_what_the_model_sent_on,
    guesses_are_those_of_one_model_newest_first,
    requests_for_access_have_a_deadline_until_somebody_decides,
    the_schema_is_read_without_changing_anything,
);

async fn what_is_counted_adds_up(fixture: &Fixture) {
    let store = &fixture.store;
    store.ping().await.unwrap();
    assert_eq!(store.measure(at(0)).await.unwrap().tally, Tally::default());
    let mut urgent = entry("c", "raw c", None);
    urgent.received_at = at(-5_000);
    let batch = [
        entry("a", "raw a", Some("Teknik")),
        entry("b", "raw b", None),
        urgent,
        entry("d", "raw d", Some("Teknik")),
    ];
    store.record(&batch).await.unwrap();
    let items = store.claim_outbox(1, MANY_BYTES, at(10), 1_000).await.unwrap();
    let again = OutboxOutcome::Again { at: at(60_000), error: "away".into() };
    store.settle_outbox(&[(items[0].key.clone(), again)], at(20)).await.unwrap();

    let measured = store.measure(at(0)).await.unwrap();
    let tally = measured.tally;
    assert_eq!(tally.received, tally.routed + tally.delivered + tally.review + tally.quarantined);
    assert_eq!((tally.received, tally.routed, tally.review), (4, 2, 2));
    assert_eq!(measured.waiting.iter().map(|group| group.letters).sum::<u64>(), tally.review);
    assert_eq!(measured.waiting[0].mailbox, Some(mailbox("Byggesag")));
    assert_eq!(measured.waiting[0].oldest, at(-5_000));
    assert_eq!((measured.outbox.pending, measured.outbox.retrying), (2, 1));
    assert!(measured.outbox.oldest.is_some());

    store.assign(&assignment("b", "Teknik", "anna", true)).await.unwrap();
    let measured = store.measure(at(0)).await.unwrap();
    assert_eq!(measured.labels, [(LabelSource::Terminal, 1)]);
    assert_eq!((measured.tally.review, measured.outbox.pending), (1, 3));
}

async fn requests_for_access_have_a_deadline_until_somebody_decides(fixture: &Fixture) {
    let store = &fixture.store;
    let mut asks = entry("asks", "raw asks", None);
    asks.decision.access = Some(AccessRequest { matched: "aktindsigt*".to_owned() });
    let mut says = entry("says", "raw says", None);
    // What a letter's own words put into a decision is quoted there and no mark.
    says.subject = "\"access\":{".to_owned();
    says.decision.reason = Reason::Person {
        doubts: vec![Doubt::Rule { rule: "\"access\":{".to_owned() }],
        model: None,
        words: Vec::new(),
    };
    store.record(&[asks, says]).await.unwrap();
    let rows = store.letters(&Filter { limit: 9, ..Filter::default() }).await.unwrap();
    let due: Vec<_> = rows.iter().map(|row| (row.letter.as_str(), row.due_at)).collect();
    let day = due_at(at(0).0).map(Timestamp);
    assert!(day.is_some());
    assert_eq!(due, [("asks", day), ("says", None)]);
    assert_eq!(store.letter(&letter("asks")).await.unwrap().unwrap().row.due_at, day);
    let filter = WaitingFilter { limit: 9, ..WaitingFilter::default() };
    let waiting = store.waiting(&filter, at(1)).await.unwrap();
    assert_eq!(waiting.iter().map(|w| w.row.due_at).collect::<Vec<_>>(), [day, None]);
    assert_eq!(store.measure(at(0)).await.unwrap().access_requests, [at(0)]);
    store.assign(&assignment("asks", "Teknik", "anna", true)).await.unwrap();
    assert!(store.measure(at(0)).await.unwrap().access_requests.is_empty());
    assert_eq!(store.letter(&letter("asks")).await.unwrap().unwrap().row.due_at, day);
}

async fn the_blind_sample_counts_what_the_model_sent_on(fixture: &Fixture) {
    let store = &fixture.store;
    let ids = ["right", "wrong", "old", "corrected", "withdrawn", "by-desk", "waits"];
    for id in ids {
        let to = (id != "waits").then_some("Teknik");
        store.record(&[entry(id, &format!("raw {id}"), to)]).await.unwrap();
    }
    let label = |letter: &str, n: i64, to: &str, source: &str, when: i64| {
        format!(
            "INSERT INTO labels (letter, n, mailbox, who, at, source)
             VALUES ('{letter}', {n}, '{to}', 'anna', {}, '{source}');",
            at(when).0
        )
    };
    let mut rows = String::new();
    rows += &label("right", 1, "Teknik", "blind-sample", 100);
    rows += &label("wrong", 1, "Byggesag", "blind-sample", 100);
    rows += &label("old", 1, "Byggesag", "blind-sample", -100);
    // A blind answer that turned out to be wrong: the letter was right all the time.
    rows += &label("corrected", 1, "Byggesag", "blind-sample", 100);
    rows += &label("corrected", 2, "Teknik", "desk", 200);
    rows += &label("withdrawn", 1, "Byggesag", "blind-sample", 100);
    rows += "UPDATE labels SET withdrawn_at = 1, withdrawn_by = 'anna', withdrawn_why = 'fejl'
             WHERE letter = 'withdrawn';";
    rows += &label("by-desk", 1, "Byggesag", "desk", 100);
    rows += &label("waits", 1, "Byggesag", "blind-sample", 100);
    fixture.sql(&rows).await;
    let blind = store.measure(at(0)).await.unwrap().blind;
    assert_eq!((blind.letters, blind.errors), (3, 1));
    let blind = store.measure(at(-1_000)).await.unwrap().blind;
    assert_eq!((blind.letters, blind.errors), (4, 2));
    // Of one model; another one's errors are not its own.
    let of = async |model: &str| {
        let blind = store.blind(&ModelId(model.to_owned()), at(0)).await.unwrap();
        (blind.letters, blind.errors)
    };
    assert_eq!(of("klitkobing/1@9f2c").await, (3, 1));
    assert_eq!(of("klitkobing/2@9f2c").await, (0, 0));
    assert_eq!(of("klitkobing/_@9f2c").await, (0, 0));
}

async fn guesses_are_those_of_one_model_newest_first(fixture: &Fixture) {
    let store = &fixture.store;
    for n in 0..5 {
        let mut entry = entry(&format!("n{n}"), &format!("raw {n}"), None);
        entry.received_at = at(n);
        if let Some(first) = entry.decision.suggestions.first_mut() {
            first.probability = 0.5 + n as f64 / 100.0;
        }
        let grams = u32::try_from(n).unwrap();
        entry.decision.text = (n > 2).then_some(TextNote { known: 0.9, grams, language: None });
        store.record(&[entry]).await.unwrap();
    }
    let model = ModelId("klitkobing/1@9f2c".to_owned());
    let guesses = store.guesses(&model, 3).await.unwrap();
    let probabilities: Vec<f64> = guesses.iter().map(|guess| guess.probability).collect();
    assert_eq!(probabilities, [0.54, 0.53, 0.52]);
    assert!(guesses.iter().all(|guess| guess.mailbox == mailbox("Byggesag")));
    let grams: Vec<_> = guesses.iter().map(|guess| guess.text.map(|text| text.grams)).collect();
    assert_eq!(grams, [Some(4), Some(3), None]);
    let other = ModelId("klitkobing/2@77aa".to_owned());
    assert!(store.guesses(&other, 10).await.unwrap().is_empty());
}

async fn the_schema_is_read_without_changing_anything(fixture: &Fixture) {
    let found = schema(&fixture.options).await.unwrap();
    assert_eq!(found.applied, Some(found.known));
    assert!(!found.is_behind() && !found.is_ahead());
    if let Some(clock) = found.clock {
        assert!(clock.0.abs_diff(Timestamp::now().0) < 3_600_000);
    }
    fixture.sql("DELETE FROM _sqlx_migrations WHERE version > 1").await;
    let behind = schema(&fixture.options).await.unwrap();
    assert!(behind.is_behind());
    fixture.sql("UPDATE _sqlx_migrations SET version = 9999").await;
    assert!(schema(&fixture.options).await.unwrap().is_ahead());
}

#[tokio::test]
async fn a_store_that_is_not_there_is_not_made_by_looking() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.db");
    let options = postbud_store::StoreOptions::new(format!("sqlite:{}", path.display()));
    let found = schema(&options).await.unwrap();
    assert!(found.applied.is_none() && found.is_behind() && !path.exists());
}

#[tokio::test]
async fn a_copy_is_whole_while_the_store_is_in_use() {
    let fixture = Fixture::sqlite("copy").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    fixture.store.record(&[entry("a", "raw a", Some("Teknik"))]).await.unwrap();
    let file = folder.path().join("copy.db");
    assert!(fixture.store.copy_to(&file).await.unwrap());
    fixture.store.record(&[entry("b", "raw b", None)]).await.unwrap();
    let options = postbud_store::StoreOptions::new(format!("sqlite:{}", file.display()));
    let copy = postbud_store::open(&options).await.unwrap();
    assert_eq!(copy.tally().await.unwrap().received, 1);
    assert_eq!(copy.raw(&support::raw_id(b"raw a")).await.unwrap().unwrap(), "raw a");
    assert!(fixture.store.copy_to(&file).await.is_err(), "never over a file that is there");
    fixture.end().await;
}
