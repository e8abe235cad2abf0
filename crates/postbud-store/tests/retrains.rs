//! The record of retraining: one at a time, and no row that says `running` for ever.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use postbud_pipeline::ports::{RetrainOutcome, RetrainRow, Retrains as _};
use serde_json::json;
use support::{Fixture, at};

support::on_both!(one_holder_at_a_time, rows_tell_what_came_of_it);

async fn one_holder_at_a_time(fixture: &Fixture) {
    let (one, other) = (fixture.another().await, fixture.another().await);
    let (a, b) = tokio::join!(
        one.take_retrain_lease("one", at(0), at(1_000)),
        other.take_retrain_lease("other", at(0), at(1_000))
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    let (holder, loser) = if a.is_none() { ("one", b) } else { ("other", a) };
    assert_eq!(loser.as_deref(), Some(holder));
    let third = || one.take_retrain_lease("third", at(1_500), at(2_500));
    // Prolonged by its holder, it does not run out.
    assert_eq!(one.take_retrain_lease(holder, at(500), at(2_000)).await.unwrap(), None);
    assert_eq!(third().await.unwrap().as_deref(), Some(holder));
    one.release_retrain_lease("third").await.unwrap();
    assert_eq!(third().await.unwrap().as_deref(), Some(holder), "only its holder gives it back");
    one.release_retrain_lease(holder).await.unwrap();
    assert_eq!(third().await.unwrap(), None);
    // A holder that died is followed when its time is over.
    assert_eq!(one.take_retrain_lease("fourth", at(2_500), at(9_000)).await.unwrap(), None);
    one.close().await;
    other.close().await;
}

async fn rows_tell_what_came_of_it(fixture: &Fixture) {
    let store = &fixture.store;
    store.retrain_begins("r1", "schedule", at(0)).await.unwrap();
    store.retrain_begins("r2", "Anna", at(10)).await.unwrap();
    let mut row = RetrainRow {
        id: "r2".to_owned(),
        started_at: at(10),
        ended_at: Some(at(20)),
        outcome: RetrainOutcome::Promoted,
        by: "Anna".to_owned(),
        version: Some("klitkobing/2".to_owned()),
        figures: Some(json!({"letters": 3, "share": 0.1})),
        detail: String::new(),
    };
    store.retrain_ends(&row).await.unwrap();
    let rows = store.retrains(10).await.unwrap();
    assert_eq!(rows[0], row);
    assert_eq!((rows[1].id.as_str(), rows[1].outcome), ("r1", RetrainOutcome::Failed));
    assert!(rows[1].detail.contains("without a word") && rows[1].ended_at == Some(at(10)));
    // Whoever watched it from outside comes second.
    let ended = row.clone();
    row.outcome = RetrainOutcome::OutOfMemory;
    store.retrain_ends(&row).await.unwrap();
    assert_eq!(store.retrains(1).await.unwrap(), [ended]);
    // One that died before it could write its row gets one.
    row.id = "r3".to_owned();
    row.detail = "x".repeat(5_000);
    store.retrain_ends(&row).await.unwrap();
    let rows = store.retrains(10).await.unwrap();
    let third = rows.iter().find(|row| row.id == "r3").unwrap();
    assert_eq!((third.outcome, third.detail.len()), (RetrainOutcome::OutOfMemory, 1_000));
    assert!(fixture.try_sql("UPDATE retrains SET outcome = 'great'").await.is_err());
}
