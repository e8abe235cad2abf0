//! What people say about letters, and what a model may learn from.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use bytes::Bytes;
use postbud_letter::Channel;
use postbud_pipeline::ports::{
    ImportOutcome, Imported, LabelError, LabelFilter, LabelSource, Labels as _, NewLabel, State,
    Store as _, StoreError, Withdrawal,
};
use support::outgoing::{claim, settle, state};
use support::{Fixture, assignment, at, entry, letter, mailbox, raw_id};

support::on_both!(
    nothing_the_model_decided_alone_becomes_a_label,
    the_database_refuses_a_label_of_the_model,
    a_correction_wins_and_both_rows_stay,
    a_withdrawn_label_does_not_count_and_stays,
    disputes_are_listed,
    imported_letters_are_labelled_and_sent_nowhere,
    labels_come_in_pages,
);

fn label(id: &str, to: &str, by: &str, source: LabelSource) -> NewLabel {
    NewLabel { letter: letter(id), mailbox: mailbox(to), by: by.to_owned(), at: at(2_000), source }
}

fn withdrawal(by: &str, why: &str) -> Withdrawal {
    Withdrawal { at: at(3_000), by: by.to_owned(), why: why.to_owned() }
}

async fn training(fixture: &Fixture) -> Vec<(String, String)> {
    let page = fixture.store.training_labels(None, 100).await.unwrap();
    page.into_iter().map(|l| (l.label.letter.to_string(), l.label.mailbox.to_string())).collect()
}

fn filter() -> LabelFilter {
    LabelFilter { limit: 100, ..LabelFilter::default() }
}

async fn nothing_the_model_decided_alone_becomes_a_label(fixture: &Fixture) {
    let store = &fixture.store;
    store.record(&[entry("a", "raw a", Some("Miljø")), entry("b", "raw b", None)]).await.unwrap();
    let item = claim(fixture, 5_000).await.remove(0);
    settle(fixture, &item, postbud_pipeline::ports::OutboxOutcome::Delivered, 6_000).await;
    assert_eq!(state(fixture, "a").await, State::Delivered);
    // Routed, delivered, suggested: none of it is a label.
    assert!(training(fixture).await.is_empty());
    assert!(store.label_rows(&filter()).await.unwrap().is_empty());
    for name in ["postbud", "", " Postbud "] {
        let refused = store.assign(&assignment("b", "Miljø", name, false)).await;
        assert!(matches!(refused, Err(StoreError::BadEntry { .. })), "{name:?}");
        let refused = store.add_label(&label("a", "Miljø", name, LabelSource::Desk)).await;
        assert!(matches!(refused, Err(LabelError::NotAPerson)), "{name:?}");
    }
    assert_eq!(state(fixture, "b").await, State::Review);
    assert!(training(fixture).await.is_empty());
    // Only when a person was asked, here without being told what the model had done, is there one.
    store.add_label(&label("a", "Miljø", "Anna", LabelSource::BlindSample)).await.unwrap();
    assert_eq!(training(fixture).await, [("a".to_owned(), "Miljø".to_owned())]);
    assert_eq!(state(fixture, "a").await, State::Delivered);
}

async fn the_database_refuses_a_label_of_the_model(fixture: &Fixture) {
    fixture.store.record(&[entry("a", "raw a", None)]).await.unwrap();
    let insert = |who: &str, source: &str| {
        format!(
            "INSERT INTO labels (letter, n, mailbox, who, at, source)
             VALUES ('a', 1, 'Miljø', '{who}', 1, '{source}')"
        )
    };
    for (who, source) in
        [("Anna", "model"), ("Anna", "automatic"), ("postbud", "desk"), ("", "desk")]
    {
        assert!(fixture.try_sql(&insert(who, source)).await.is_err(), "{who} {source}");
    }
    fixture.sql(&insert("Anna", "desk")).await;
    let half = "UPDATE labels SET withdrawn_at = 5";
    assert!(fixture.try_sql(half).await.is_err(), "a withdrawal says who and why");
}

async fn a_correction_wins_and_both_rows_stay(fixture: &Fixture) {
    let store = &fixture.store;
    store.record(&[entry("a", "raw a", None)]).await.unwrap();
    store.assign_from(&assignment("a", "Miljø", "Anna", false), LabelSource::Desk).await.unwrap();
    let number = store.add_label(&label("a", "Teknik", "Bo", LabelSource::Returned)).await.unwrap();
    assert_eq!(number, 2);
    assert_eq!(training(fixture).await, [("a".to_owned(), "Teknik".to_owned())]);
    let rows = store.label_rows(&filter()).await.unwrap();
    let shown: Vec<_> = rows
        .iter()
        .map(|r| (r.number, r.mailbox.as_str(), r.by.as_str(), r.source, r.holds))
        .collect();
    assert_eq!(
        shown,
        [
            (1, "Miljø", "Anna", LabelSource::Desk, false),
            (2, "Teknik", "Bo", LabelSource::Returned, true)
        ]
    );
    let unknown = store.add_label(&label("nobody", "Miljø", "Bo", LabelSource::Desk)).await;
    assert!(matches!(unknown, Err(LabelError::Store(StoreError::UnknownLetter(_)))));
}

async fn a_withdrawn_label_does_not_count_and_stays(fixture: &Fixture) {
    let store = &fixture.store;
    store.record(&[entry("a", "raw a", None)]).await.unwrap();
    store.assign(&assignment("a", "Miljø", "Anna", false)).await.unwrap();
    store.add_label(&label("a", "Teknik", "Bo", LabelSource::Desk)).await.unwrap();
    let id = letter("a");
    let refused = store.withdraw_label(&id, None, &withdrawal("Bo", " ")).await;
    assert!(matches!(refused, Err(LabelError::NoReason)));
    let number = store.withdraw_label(&id, None, &withdrawal("Bo", "the wrong letter")).await;
    assert_eq!(number.unwrap(), 2);
    assert_eq!(training(fixture).await, [("a".to_owned(), "Miljø".to_owned())]);
    let again = store.withdraw_label(&id, Some(2), &withdrawal("Bo", "again")).await;
    assert!(matches!(again, Err(LabelError::NoLabel { .. })));
    store.withdraw_label(&id, Some(1), &withdrawal("Anna", "a test letter")).await.unwrap();
    assert!(training(fixture).await.is_empty());
    let none = store.withdraw_label(&id, None, &withdrawal("Anna", "again")).await;
    assert!(matches!(none, Err(LabelError::NoLabel { .. })));
    let rows = store.label_rows(&filter()).await.unwrap();
    assert_eq!(rows.len(), 2, "both stay for whoever asks later");
    assert_eq!(rows[1].withdrawn, Some(withdrawal("Bo", "the wrong letter")));
    assert!(rows.iter().all(|row| !row.holds));
}

async fn disputes_are_listed(fixture: &Fixture) {
    let store = &fixture.store;
    let batch: Vec<_> =
        ["a", "b", "c", "d"].iter().map(|id| entry(id, &format!("raw {id}"), None)).collect();
    store.record(&batch).await.unwrap();
    for id in ["a", "b", "c", "d"] {
        store.assign(&assignment(id, "Miljø", "Anna", false)).await.unwrap();
    }
    let desk = LabelSource::Desk;
    store.add_label(&label("a", "Teknik", "Bo", desk)).await.unwrap();
    store.add_label(&label("b", "Miljø", "Bo", desk)).await.unwrap();
    store.add_label(&label("c", "Teknik", "Anna", desk)).await.unwrap();
    store.add_label(&label("d", "Teknik", "Bo", desk)).await.unwrap();
    store.withdraw_label(&letter("d"), None, &withdrawal("Bo", "too quick")).await.unwrap();
    let disputed = LabelFilter { disputed: true, ..filter() };
    let rows = store.label_rows(&disputed).await.unwrap();
    let shown: Vec<_> = rows.iter().map(|r| (r.letter.as_str(), r.by.as_str(), r.holds)).collect();
    assert_eq!(shown, [("a", "Anna", false), ("a", "Bo", true)]);
    let of_one = LabelFilter {
        letter: Some(letter("c")),
        mailbox: Some(mailbox("Teknik")),
        source: Some(desk),
        ..filter()
    };
    assert_eq!(store.label_rows(&of_one).await.unwrap().len(), 1);
    let page = LabelFilter { limit: 3, offset: 6, ..filter() };
    assert_eq!(store.label_rows(&page).await.unwrap().len(), 2);
}

fn imported(id: &str, to: &str) -> Imported {
    let raw = Bytes::from(format!("raw {id}"));
    Imported {
        letter: letter(id),
        channel: Channel::Email,
        subject: "Om".to_owned(),
        received_at: at(-1_000_000),
        raw_id: raw_id(&raw),
        raw,
        mailbox: mailbox(to),
        decision: assignment(id, to, "Anna", false).decision,
        by: "Anna".to_owned(),
        at: at(0),
    }
}

async fn imported_letters_are_labelled_and_sent_nowhere(fixture: &Fixture) {
    let store = &fixture.store;
    assert_eq!(store.import(&imported("a", "Miljø")).await.unwrap(), ImportOutcome::Stored);
    assert_eq!(store.import(&imported("a", "Teknik")).await.unwrap(), ImportOutcome::Known);
    assert_eq!(training(fixture).await, [("a".to_owned(), "Miljø".to_owned())]);
    assert!(claim(fixture, 1_000_000).await.is_empty());
    let tally = store.tally().await.unwrap();
    assert_eq!((tally.received, tally.delivered), (1, 1));
    let detail = store.letter(&letter("a")).await.unwrap().unwrap();
    assert_eq!(detail.events.last().unwrap().what, "imported");
    assert!(store.raw(&detail.raw_id).await.unwrap().is_some());
    let mut wrong = imported("b", "Miljø");
    wrong.decision = support::decision("b", Some("Teknik"));
    assert!(store.import(&wrong).await.is_err());
    assert!(store.letter(&letter("b")).await.unwrap().is_none());
    // What was erased does not come back by a second import of the same folder.
    assert!(store.erase(&letter("a"), "Anna", at(9_000)).await.unwrap());
    assert_eq!(store.import(&imported("a", "Miljø")).await.unwrap(), ImportOutcome::Erased);
    assert!(training(fixture).await.is_empty());
}

async fn labels_come_in_pages(fixture: &Fixture) {
    for n in 0..7 {
        fixture.store.import(&imported(&format!("l{n}"), "Miljø")).await.unwrap();
    }
    let mut seen = Vec::new();
    loop {
        let page = fixture.store.training_labels(seen.last(), 3).await.unwrap();
        seen.extend(page.iter().map(|l| l.label.letter.clone()));
        assert!(page.iter().all(|l| l.received_at == at(-1_000_000)));
        if page.len() < 3 {
            break;
        }
    }
    assert_eq!(seen, (0..7).map(|n| letter(&format!("l{n}"))).collect::<Vec<_>>());
}
