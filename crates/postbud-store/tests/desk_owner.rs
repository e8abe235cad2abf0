//! What a system owner asks of the store: past decisions, labels, programs, people from elsewhere.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use postbud_decide::{Doubt, Reason};
use postbud_pipeline::ports::{
    Desk as _, DeskError, Identity, Integration, LabelFilter, LabelSource, Labels as _, NewLabel,
    Owner as _, Role, Stood, Store as _, User, Withdrawal,
};
use support::{Fixture, assignment, at, entry, letter, mailbox};

support::on_both!(
    past_decisions_come_with_what_people_said,
    waiting_times_are_of_decisions_that_stood,
    labels_are_counted_by_person_and_listed_latest_first,
    the_least_sure_letters_come_first,
    a_program_comes_in_by_its_token_alone,
    somebody_from_elsewhere_has_an_account_and_nobody_elses,
);

fn label(id: &str, to: &str, by: &str, source: LabelSource, ms: i64) -> NewLabel {
    NewLabel { letter: letter(id), mailbox: mailbox(to), by: by.to_owned(), at: at(ms), source }
}

async fn past_decisions_come_with_what_people_said(fixture: &Fixture) {
    let store = &fixture.store;
    let mut batch = [entry("a", "raw a", Some("Byggesag")), entry("b", "raw b", None)].to_vec();
    if let Reason::Person { doubts, .. } = &mut batch[1].decision.reason {
        *doubts = vec![Doubt::NotCertified];
    }
    batch.push(entry("c", "raw c", None));
    batch[2].received_at = at(-10_000);
    store.record(&batch).await.unwrap();
    store.add_label(&label("a", "Miljø", "Anna", LabelSource::BlindSample, 10)).await.unwrap();
    store.assign(&assignment("b", "Teknik", "Bo", true)).await.unwrap();
    let all = store.past_decisions(at(-20_000), at(1), 10).await.unwrap();
    assert_eq!(all.len(), 3);
    let past = store.past_decisions(at(0), at(1), 10).await.unwrap();
    let seen: Vec<_> = past.iter().map(|p| (p.stood, p.truth.clone(), p.drawn)).collect();
    let wanted = [
        (Stood::Routed, Some(mailbox("Miljø")), true),
        (Stood::Unsure, Some(mailbox("Teknik")), false),
    ];
    assert_eq!(seen, wanted);
    assert_eq!(past[1].mailbox, Some(mailbox("Byggesag")), "what was suggested first");
    assert!(store.past_decisions(at(1), at(2), 10).await.unwrap().is_empty());
    assert_eq!(store.past_decisions(at(-20_000), at(1), 2).await.unwrap(), past, "the latest");
}

async fn waiting_times_are_of_decisions_that_stood(fixture: &Fixture) {
    let store = &fixture.store;
    let batch = ["a", "b", "c"].map(|id| entry(id, &format!("raw {id}"), None));
    let received = batch[0].received_at;
    store.record(&batch).await.unwrap();
    let decide = async |id: &str, ms: i64| {
        let mut one = assignment(id, "Miljø", "Anna", true);
        one.at = received.plus_ms(ms);
        store.decide(&one, 1_000_000).await.unwrap();
    };
    decide("a", 100).await;
    decide("b", 200).await;
    store.undo(&letter("b"), "Anna", received.plus_ms(210)).await.unwrap();
    decide("b", 5_000).await;
    let all = store.waiting_times(received).await.unwrap();
    assert_eq!((all.letters, all.median_ms, all.longest_ms), (2, 100, 5_000));
    let late = store.waiting_times(received.plus_ms(150)).await.unwrap();
    assert_eq!((late.letters, late.median_ms), (1, 5_000));
}

async fn labels_are_counted_by_person_and_listed_latest_first(fixture: &Fixture) {
    let store = &fixture.store;
    let batch = [entry("a", "raw a", None), entry("b", "raw b", None)];
    store.record(&batch).await.unwrap();
    for (id, to, by, ms) in
        [("a", "Miljø", "Anna", 1), ("a", "Teknik", "Bo", 2), ("b", "Miljø", "Anna", 3)]
    {
        store.add_label(&label(id, to, by, LabelSource::Desk, ms)).await.unwrap();
    }
    let withdrawal = Withdrawal { at: at(9), by: "Cecilie".to_owned(), why: "forkert".to_owned() };
    store.withdraw_label(&letter("b"), None, &withdrawal).await.unwrap();
    let counts = store.label_counts().await.unwrap();
    let seen: Vec<_> =
        counts.iter().map(|c| (c.by.as_str(), c.labels, c.withdrawn, c.disputed, c.last)).collect();
    assert_eq!(seen, [("Anna", 2, 1, 1, at(3)), ("Bo", 1, 0, 1, at(2))]);
    let filter = LabelFilter { limit: 10, ..LabelFilter::default() };
    let all = store.latest_labels(&filter, None).await.unwrap();
    let order: Vec<_> = all.iter().map(|l| (l.letter.to_string(), l.number)).collect();
    assert_eq!(order, [("b".to_owned(), 1), ("a".to_owned(), 2), ("a".to_owned(), 1)]);
    let of_anna = store.latest_labels(&filter, Some("Anna")).await.unwrap();
    assert_eq!(of_anna.len(), 2);
    let disputed = LabelFilter { disputed: true, ..filter };
    let disputed = store.latest_labels(&disputed, Some("Bo")).await.unwrap();
    assert_eq!(disputed.len(), 1);
}

async fn the_least_sure_letters_come_first(fixture: &Fixture) {
    let store = &fixture.store;
    let mut batch: Vec<_> =
        (0..3).map(|n| entry(&format!("l{n}"), &format!("raw {n}"), None)).collect();
    for (entry, p) in batch.iter_mut().zip([0.5, 0.2, 0.9]) {
        entry.decision.suggestions[0].probability = p;
    }
    batch.push(entry("sent", "raw sent", Some("Miljø")));
    store.record(&batch).await.unwrap();
    let unsure = store.unsure(2).await.unwrap();
    let order: Vec<_> = unsure.iter().map(|(row, _)| row.letter.to_string()).collect();
    assert_eq!(order, ["l1", "l0"]);
    assert_eq!(unsure[0].1, batch[1].decision);
}

fn program(name: &str, created: i64, until: i64) -> Integration {
    Integration {
        name: name.to_owned(),
        created_at: at(created),
        until: at(until),
        disabled: false,
    }
}

fn user(name: &str) -> User {
    User {
        name: name.to_owned(),
        role: Role::Clerk,
        password: "x".to_owned(),
        created_at: at(0),
        disabled: false,
        locked_until: at(0),
    }
}

async fn a_program_comes_in_by_its_token_alone(fixture: &Fixture) {
    let store = &fixture.store;
    store.put_integration("hash-1", &program("esdh", 0, 100)).await.unwrap();
    assert_eq!(store.integration("hash-1", at(99)).await.unwrap().as_deref(), Some("esdh"));
    assert_eq!(store.integration("hash-1", at(100)).await.unwrap(), None, "its time is up");
    assert_eq!(store.integration("hash-2", at(1)).await.unwrap(), None);
    store.put_integration("hash-2", &program("esdh", 1, 200)).await.unwrap();
    assert_eq!(store.integration("hash-1", at(1)).await.unwrap(), None, "there is a new one");
    assert!(store.integration("hash-2", at(1)).await.unwrap().is_some());
    store.disable_integration("esdh", at(5)).await.unwrap();
    assert_eq!(store.integration("hash-2", at(6)).await.unwrap(), None);
    let all = store.integrations().await.unwrap();
    assert!(all.len() == 1 && all[0].disabled && all[0].until == at(200));
    let unknown = store.disable_integration("robot", at(5)).await;
    assert!(matches!(unknown, Err(DeskError::UnknownUser(_))));
    store.add_user(&user("klara")).await.unwrap();
    let taken = store.put_integration("hash-3", &program("klara", 0, 100)).await;
    assert!(matches!(taken, Err(DeskError::UserExists(_))), "a label would not say who");
}

async fn somebody_from_elsewhere_has_an_account_and_nobody_elses(fixture: &Fixture) {
    let store = &fixture.store;
    store.add_user(&user("klara")).await.unwrap();
    let identity = |subject: &str, name: &str, role| Identity {
        issuer: "https://id.klit.example".to_owned(),
        subject: subject.to_owned(),
        name: name.to_owned(),
        role,
        password: "nobody's".to_owned(),
    };
    let otto = store.identified(&identity("1", "otto", Role::Clerk), at(1)).await.unwrap().unwrap();
    assert_eq!((otto.name.as_str(), otto.role), ("otto", Role::Clerk));
    // The issuer's number counts, and the role is what it is now.
    let again = store.identified(&identity("1", "otto2", Role::Owner), at(2)).await.unwrap();
    assert_eq!(again.map(|s| (s.name, s.role)), Some(("otto".to_owned(), Role::Owner)));
    for taken in [identity("2", "klara", Role::Owner), identity("2", "otto", Role::Owner)] {
        let refused = store.identified(&taken, at(3)).await;
        assert!(matches!(refused, Err(DeskError::UserExists(_))), "{refused:?}");
    }
    assert_eq!(store.user("klara").await.unwrap().unwrap().role, Role::Clerk, "nothing changed");
    store.disable_user("otto", at(4)).await.unwrap();
    assert_eq!(store.identified(&identity("1", "otto", Role::Owner), at(5)).await.unwrap(), None);
}
