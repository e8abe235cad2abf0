//! The dispatcher against a store and targets that answer as a test tells them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use postbud_decide::{Decision, Doubt, MailboxId, Outcome, Reason};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{Body, DeliveryError, OutboxItem, OutboxOutcome, RawId, Timestamp};
use postbud_pipeline::{Dispatcher, DispatcherOptions, LetterMemory, RetryPolicy, stop_pair};
use support::{Answers, Log, MemoryStore};

fn item(mailbox: &str, attempts: u32) -> OutboxItem {
    let letter = LetterId::parse("sha-00").unwrap();
    let mailbox = MailboxId::parse(mailbox).unwrap();
    OutboxItem {
        key: format!("{mailbox}-1"),
        letter: letter.clone(),
        raw: Body::Inline(Bytes::from_static(b"Subject: x\r\n\r\n")),
        size: 14,
        decision: Decision {
            id: "d-0".into(),
            letter,
            outcome: Outcome::Route { mailbox: mailbox.clone() },
            reason: Reason::Assigned { by: "anna".into() },
            suggestions: Vec::new(),
            documents: Vec::new(),
            text: None,
            access: None,
            urgent: false,
        },
        mailbox,
        attempts,
    }
}

fn large(mailbox: &str, id: &RawId) -> OutboxItem {
    OutboxItem { raw: Body::Stored(id.clone()), size: 2 << 20, ..item(mailbox, 0) }
}

#[tokio::test]
async fn a_large_letter_is_read_when_its_turn_has_come_and_goes_to_a_person_when_it_cannot_be() {
    let store = Arc::new(MemoryStore::new(&Log::default()));
    let id = RawId("0a".repeat(32));
    *store.outbox.lock().unwrap() = vec![large("park", &id), large("skole", &RawId("0b".into()))];
    store.raws.lock().unwrap().insert(id, Bytes::from(vec![b'x'; 2 << 20]));
    let options = DispatcherOptions::default();
    let target = Arc::new(Answers(answer));
    // Room for less than one of them.
    let dispatcher = Dispatcher::new(Arc::clone(&store) as _, target, options)
        .with_memory(LetterMemory::new(1 << 20));
    let (_stopper, stop) = stop_pair();
    assert_eq!(dispatcher.round(&stop).await.unwrap(), 2);
    let mut outcomes = store.outcomes.lock().unwrap().clone();
    outcomes.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(matches!(outcomes[0].1, OutboxOutcome::Delivered), "{outcomes:?}");
    assert!(matches!(outcomes[1].1, OutboxOutcome::GivenUp { .. }), "{outcomes:?}");
}

fn answer(mailbox: &MailboxId) -> Result<(), DeliveryError> {
    let (mailbox, what, source) = (mailbox.to_string(), "testing".to_owned(), None);
    match mailbox.as_str() {
        "busy" => Err(DeliveryError::Transient { mailbox, what, source }),
        "closed" => Err(DeliveryError::Permanent { mailbox, what, source }),
        _ => Ok(()),
    }
}

/// What one round made of `items`, by key. `stopped`: the stop came before the round.
async fn round(items: Vec<OutboxItem>, stopped: bool) -> Vec<(String, OutboxOutcome)> {
    let store = Arc::new(MemoryStore::new(&Log::default()));
    *store.outbox.lock().unwrap() = items;
    let retry = RetryPolicy {
        attempts: 3,
        first: Duration::from_secs(30),
        longest: Duration::from_secs(600),
    };
    let options = DispatcherOptions { retry, ..DispatcherOptions::default() };
    let dispatcher = Dispatcher::new(Arc::clone(&store) as _, Arc::new(Answers(answer)), options);
    let (stopper, stop) = stop_pair();
    if stopped {
        stopper.stop();
    }
    dispatcher.round(&stop).await.unwrap();
    let mut outcomes = store.outcomes.lock().unwrap().clone();
    outcomes.sort_by(|a, b| a.0.cmp(&b.0));
    outcomes
}

#[tokio::test]
async fn one_mailbox_that_is_away_keeps_no_other_waiting() {
    let before = Timestamp::now();
    let outcomes = round(vec![item("busy", 0), item("open", 0)], false).await;
    let OutboxOutcome::Again { at, error } = &outcomes[0].1 else { panic!("{outcomes:?}") };
    assert!(*at > before.plus_ms(20_000), "the next try comes after a pause");
    assert_eq!(error, "busy cannot take letters now: testing");
    assert!(matches!(outcomes[1].1, OutboxOutcome::Delivered));
}

#[tokio::test]
async fn after_the_last_attempt_a_person_gets_the_letter_with_the_error() {
    let outcomes = round(vec![item("busy", 2)], false).await;
    let OutboxOutcome::GivenUp { doubt } = &outcomes[0].1 else { panic!("{outcomes:?}") };
    let error = "busy cannot take letters now: testing".to_owned();
    assert_eq!(*doubt, Doubt::DeliveryFailed { error });
}

#[tokio::test]
async fn a_refusal_goes_to_a_person_at_once() {
    let outcomes = round(vec![item("closed", 0)], false).await;
    assert!(matches!(outcomes[0].1, OutboxOutcome::GivenUp { .. }));
}

#[tokio::test]
async fn a_stop_gives_back_what_was_not_begun() {
    let outcomes = round(vec![item("open", 0), item("busy", 2)], true).await;
    assert!(outcomes.iter().all(|(_, outcome)| matches!(outcome, OutboxOutcome::Release)));
    assert_eq!(outcomes.len(), 2);
}
