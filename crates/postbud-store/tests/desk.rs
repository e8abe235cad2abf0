//! What the desk keeps: the waiting list, claims, decisions taken back, accounts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use postbud_decide::{Doubt, Reason};
use postbud_pipeline::ports::{
    Access, Desk as _, DeskError, LabelFilter, Labels as _, Note, Role, State, Store as _, User,
    WaitingFilter, WaitingKey,
};
use support::outgoing::{claim, state};
use support::{Fixture, assignment, at, entry, letter, mailbox};

support::on_both!(
    must_not_miss_comes_first_and_pages_miss_nothing,
    two_people_cannot_decide_and_a_claim_shows_who,
    a_decision_waits_and_can_be_taken_back,
    what_has_left_cannot_be_taken_back,
    accounts_sessions_notes_and_who_saw_what,
);

async fn must_not_miss_comes_first_and_pages_miss_nothing(fixture: &Fixture) {
    let mut batch: Vec<_> =
        (0..7).map(|n| entry(&format!("l{n}"), &format!("raw {n}"), None)).collect();
    if let Reason::Person { doubts, .. } = &mut batch[4].decision.reason {
        doubts.push(Doubt::MustNotMiss { mailbox: mailbox("Miljø"), probability: 0.2 });
        batch[4].decision.urgent = true;
    }
    fixture.store.record(&batch).await.unwrap();
    let mut filter = WaitingFilter { limit: 3, ..WaitingFilter::default() };
    let mut seen = Vec::new();
    loop {
        let page = fixture.store.waiting(&filter, at(0)).await.unwrap();
        let Some(last) = page.last() else { break };
        filter.after = Some(WaitingKey {
            urgent: last.urgent,
            received_at: last.row.received_at,
            letter: last.row.letter.clone(),
        });
        seen.extend(page.into_iter().map(|waiting| waiting.row.letter.to_string()));
    }
    assert_eq!(seen, ["l4", "l0", "l1", "l2", "l3", "l5", "l6"]);
    let count = fixture.store.waiting_count().await.unwrap();
    assert_eq!((count.all, count.urgent), (7, 1));
}

async fn two_people_cannot_decide_and_a_claim_shows_who(fixture: &Fixture) {
    let store = &fixture.store;
    store.record(&[entry("a", "raw a", None)]).await.unwrap();
    let a = letter("a");
    assert_eq!(store.claim(&a, "Anna", at(0), at(100), false).await.unwrap(), "Anna");
    assert_eq!(store.claim(&a, "Bo", at(1), at(100), false).await.unwrap(), "Anna");
    assert_eq!(store.claim(&a, "Bo", at(101), at(200), false).await.unwrap(), "Bo");
    assert_eq!(store.claim(&a, "Anna", at(102), at(200), true).await.unwrap(), "Anna");
    let (anna, bo) = (fixture.another().await, fixture.another().await);
    let (by_anna, by_bo) =
        (assignment("a", "Miljø", "Anna", true), assignment("a", "Teknik", "Bo", true));
    let (one, other) = tokio::join!(anna.decide(&by_anna, 20_000), bo.decide(&by_bo, 20_000));
    let first = if one.is_ok() { "Anna" } else { "Bo" };
    let refused: Vec<_> = [one, other].into_iter().filter_map(Result::err).collect();
    assert!(
        matches!(refused.as_slice(), [DeskError::Decided { by, .. }] if by == first),
        "{refused:?}"
    );
    anna.close().await;
    bo.close().await;
}

async fn a_decision_waits_and_can_be_taken_back(fixture: &Fixture) {
    let store = &fixture.store;
    store.record(&[entry("a", "raw a", None)]).await.unwrap();
    store.decide(&assignment("a", "Miljø", "Anna", true), 20_000).await.unwrap();
    assert!(claim(fixture, 20_999).await.is_empty());
    let by_another = store.undo(&letter("a"), "Bo", at(2_000)).await;
    assert!(matches!(by_another, Err(DeskError::TooLate(_))));
    store.undo(&letter("a"), "Anna", at(2_000)).await.unwrap();
    assert_eq!(state(fixture, "a").await, State::Review);
    assert!(claim(fixture, 1_000_000).await.is_empty());
    let filter = LabelFilter { limit: 10, ..LabelFilter::default() };
    let labels = store.label_rows(&filter).await.unwrap();
    assert!(labels.len() == 1 && labels[0].withdrawn.is_some(), "{labels:?}");
    let detail = store.letter(&letter("a")).await.unwrap().unwrap();
    assert_eq!(detail.row.mailbox, Some(mailbox("Byggesag")));
    assert_eq!(detail.decisions.first(), detail.decisions.last());
    assert!(detail.events.iter().any(|event| event.what == "undone" && event.by == "Anna"));
    let tally = store.tally().await.unwrap();
    assert_eq!((tally.received, tally.review), (1, 1));
    store.decide(&assignment("a", "Teknik", "Bo", true), 20_000).await.unwrap();
    assert_eq!(claim(fixture, 21_000).await.len(), 1);
}

async fn what_has_left_cannot_be_taken_back(fixture: &Fixture) {
    let store = &fixture.store;
    store.record(&[entry("a", "raw a", None)]).await.unwrap();
    store.decide(&assignment("a", "Miljø", "Anna", true), 20_000).await.unwrap();
    // A worker whose clock is ahead has taken it.
    assert_eq!(claim(fixture, 21_000).await.len(), 1);
    let undone = store.undo(&letter("a"), "Anna", at(2_000)).await;
    assert!(matches!(undone, Err(DeskError::TooLate(_))));
    assert_eq!(state(fixture, "a").await, State::Routed);
}

async fn accounts_sessions_notes_and_who_saw_what(fixture: &Fixture) {
    let store = &fixture.store;
    let anna = User {
        name: "Anna".to_owned(),
        role: Role::Clerk,
        password: "hash".to_owned(),
        created_at: at(0),
        disabled: false,
        locked_until: support::at(0),
    };
    store.add_user(&anna).await.unwrap();
    assert!(matches!(store.add_user(&anna).await, Err(DeskError::UserExists(_))));
    for _ in 0..2 {
        store.failed_sign_in("Anna", 2, at(500)).await.unwrap();
    }
    assert_eq!(store.user("Anna").await.unwrap().unwrap().locked_until, at(500));
    store.begin_session("s", "Anna", "token", at(0), at(100)).await.unwrap();
    assert_eq!(store.session("s", at(99)).await.unwrap().unwrap().csrf, "token");
    assert!(store.session("s", at(100)).await.unwrap().is_none());
    store.disable_user("Anna", at(50)).await.unwrap();
    assert!(store.session("s", at(60)).await.unwrap().is_none());
    assert!(matches!(store.disable_user("Bo", at(50)).await, Err(DeskError::UnknownUser(_))));

    store.record(&[entry("a", "raw a", None)]).await.unwrap();
    let note = Note { at: at(1), by: "Anna".to_owned(), text: "Ring".to_owned() };
    store.add_note(&letter("a"), &note).await.unwrap();
    assert_eq!(store.notes(&letter("a")).await.unwrap(), [note]);
    let access = Access { at: at(2), by: "Anna".into(), letter: "a".into(), why: "work".into() };
    store.log_access(&access).await.unwrap();
    assert_eq!(store.accesses(Some(&letter("a")), 10).await.unwrap(), [access]);
    assert_eq!(store.figures().await.unwrap().oldest_waiting, Some(at(0)));
}
