//! Second looks, letters sent back, letters to several mailboxes, and the filters of the list.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use postbud_decide::{Doubt, Reason};
use postbud_pipeline::ports::{
    Along, Checks as _, Delivery, Desk as _, DeskError, LabelFilter, LabelSource, Labels as _,
    NewLabel, OutboxOutcome, SentBack, State, Store as _, WaitingFilter,
};
use support::outgoing::{claim, state};
use support::{Fixture, assignment, at, entry, letter, mailbox};

support::on_both!(
    drawn_letters_are_answered_once_and_counted,
    a_delivery_is_sent_back_once_and_only_while_it_is_the_last,
    copies_leave_together_or_not_at_all,
    lists_are_filtered_by_why_and_language,
);

async fn deliver_all(fixture: &Fixture, now: i64) -> Vec<String> {
    let keys: Vec<_> = claim(fixture, now).await.into_iter().map(|item| item.key).collect();
    let outcomes: Vec<_> = keys.iter().map(|key| (key.clone(), OutboxOutcome::Delivered)).collect();
    fixture.store.settle_outbox(&outcomes, at(now)).await.unwrap();
    keys
}

fn blind(id: &str, to: &str, by: &str) -> NewLabel {
    NewLabel {
        letter: letter(id),
        mailbox: mailbox(to),
        by: by.to_owned(),
        at: at(5_000),
        source: LabelSource::BlindSample,
    }
}

async fn drawn_letters_are_answered_once_and_counted(fixture: &Fixture) {
    let store = &fixture.store;
    let batch = [
        entry("a", "raw a", Some("Miljø")),
        entry("b", "raw b", Some("Miljø")),
        entry("c", "raw c", None),
    ];
    store.record(&batch).await.unwrap();
    let (from, until) = (at(-1_000_000), at(1_000_000));
    let sent = store.sent_out((from, until), None, 1).await.unwrap();
    let rest = store.sent_out((from, until), sent.last(), 10).await.unwrap();
    let all: Vec<_> = sent.iter().chain(&rest).map(|sent| sent.letter.to_string()).collect();
    assert_eq!(all, ["a", "b"], "a letter that waits is not out");
    for _ in 0..2 {
        store.draw(&[letter("a"), letter("b"), letter("gone")], at(0)).await.unwrap();
    }
    assert_eq!(store.drawn((from, until)).await.unwrap(), 2);
    assert_eq!(store.second_looks(10).await.unwrap().len(), 2);
    let answer = store.answer_blind(&blind("a", "Teknik", "Anna")).await.unwrap();
    assert_eq!(answer.sent_to, mailbox("Miljø"));
    let again = store.answer_blind(&blind("a", "Miljø", "Bo")).await;
    assert!(
        matches!(&again, Err(DeskError::Decided { by, mailbox, .. }) if by == "Anna" && mailbox == "Teknik"),
        "{again:?}"
    );
    assert!(store.answer_blind(&blind("c", "Miljø", "Bo")).await.is_err(), "never drawn");
    assert!(!store.is_drawn(&letter("a")).await.unwrap());
    assert!(store.is_drawn(&letter("b")).await.unwrap());
    let checked = store.checked(from).await.unwrap();
    assert_eq!(checked.len(), 1);
    let one = &checked[0];
    assert_eq!((one.letters, one.answers, one.errors, one.returned), (2, 1, 1, 0));
    let secret = store.draw_secret("first").await.unwrap();
    assert_eq!(store.draw_secret("second").await.unwrap(), secret);
}

async fn a_delivery_is_sent_back_once_and_only_while_it_is_the_last(fixture: &Fixture) {
    let store = &fixture.store;
    store.record(&[entry("a", "raw a", Some("Miljø"))]).await.unwrap();
    let delivery = |number| Delivery { letter: letter("a"), number };
    assert!(!store.delivered(&delivery(1)).await.unwrap().unwrap().open, "not there yet");
    assert_eq!(store.delivered(&delivery(7)).await.unwrap(), None);
    let keys = deliver_all(fixture, 2_000).await;
    assert_eq!(Delivery::parse(&keys[0]), Some(delivery(1)));
    assert!(store.delivered(&delivery(1)).await.unwrap().unwrap().open);
    let back = |number, to: Option<&str>| SentBack {
        delivery: delivery(number),
        to: to.map(|to| assignment("a", to, "Bente", true)),
        by: "Bente".to_owned(),
        at: at(3_000),
        returned: true,
    };
    let (one, other) = (fixture.another().await, fixture.another().await);
    let (first, second) = (back(1, Some("Teknik")), back(1, Some("Skole")));
    let done = tokio::join!(one.send_back(&first), other.send_back(&second));
    let done = [done.0.is_ok(), done.1.is_ok()];
    assert_eq!(done.iter().filter(|done| **done).count(), 1, "one of two people");
    one.close().await;
    other.close().await;
    assert_eq!(state(fixture, "a").await, State::Routed);
    assert!(matches!(store.send_back(&back(1, None)).await, Err(DeskError::TooLate(_))));
    let filter = LabelFilter { limit: 10, ..LabelFilter::default() };
    let labels = store.label_rows(&filter).await.unwrap();
    assert_eq!((labels.len(), labels[0].source), (1, LabelSource::Returned));
    deliver_all(fixture, 10_000).await;
    store.send_back(&back(2, None)).await.unwrap();
    assert_eq!(state(fixture, "a").await, State::Review);
    let checked = store.checked(at(-1_000_000)).await.unwrap();
    assert_eq!(checked[0].returned, 1, "the machine's delivery; the other was a person's");
    let nameless = SentBack { by: "postbud".to_owned(), ..back(1, None) };
    assert!(store.send_back(&nameless).await.is_err());
}

async fn copies_leave_together_or_not_at_all(fixture: &Fixture) {
    let store = &fixture.store;
    store.record(&[entry("a", "raw a", None)]).await.unwrap();
    let main = assignment("a", "Miljø", "Anna", true);
    let along = || Along {
        also: vec![assignment("a", "Teknik", "Anna", true), assignment("a", "Skole", "Anna", true)],
        note: None,
    };
    store.decide_along(&main, &along(), 20_000).await.unwrap();
    assert!(claim(fixture, 20_999).await.is_empty());
    store.undo(&letter("a"), "Anna", at(2_000)).await.unwrap();
    assert_eq!(state(fixture, "a").await, State::Review);
    assert!(claim(fixture, 1_000_000).await.is_empty(), "no copy is left behind");
    let detail = store.letter(&letter("a")).await.unwrap().unwrap();
    let last = &detail.decisions.last().unwrap().reason;
    assert!(matches!(last, Reason::Person { .. }), "what was decided before is in force again");
    store.decide_along(&main, &along(), 0).await.unwrap();
    let again = store.decide_along(&main, &along(), 0).await;
    assert!(matches!(again, Err(DeskError::Decided { .. })), "{again:?}");
    let items = claim(fixture, 2_000_000).await;
    let mut to: Vec<_> = items.iter().map(|item| item.mailbox.to_string()).collect();
    to.sort();
    assert_eq!(to, ["Miljø", "Skole", "Teknik"]);
    let detail = store.letter(&letter("a")).await.unwrap().unwrap();
    assert_eq!(detail.row.mailbox, Some(mailbox("Miljø")));
    // Each of the copies can be sent back, since they were decided together.
    let outcomes: Vec<_> =
        items.into_iter().map(|item| (item.key, OutboxOutcome::Delivered)).collect();
    store.settle_outbox(&outcomes, at(2_000_000)).await.unwrap();
    for (key, _) in &outcomes {
        let delivery = Delivery::parse(key).unwrap();
        assert!(store.delivered(&delivery).await.unwrap().unwrap().open, "{key}");
    }
}

async fn lists_are_filtered_by_why_and_language(fixture: &Fixture) {
    let store = &fixture.store;
    let mut batch = [entry("a", "raw a", None), entry("b", "raw b", None)];
    if let Reason::Person { doubts, .. } = &mut batch[1].decision.reason {
        doubts.insert(0, Doubt::OtherLanguage { language: "de".to_owned() });
    }
    store.record(&batch).await.unwrap();
    for (why, language, found) in [
        (None, None, "a b"),
        (Some("not-automatic"), None, "a"),
        (Some("other-language"), None, "b"),
        (None, Some("de"), "b"),
        (Some("not-automatic"), Some("de"), ""),
    ] {
        let filter = WaitingFilter {
            why: why.map(str::to_owned),
            language: language.map(str::to_owned),
            limit: 10,
            ..WaitingFilter::default()
        };
        let waiting = store.waiting(&filter, at(0)).await.unwrap();
        let ids: Vec<_> = waiting.iter().map(|waiting| waiting.row.letter.as_str()).collect();
        assert_eq!(ids.join(" "), found, "{why:?} {language:?}");
    }
}
