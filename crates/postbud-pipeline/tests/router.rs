//! The router against a queue and a store that write down what they are asked.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use postbud_decide::Settings;
use postbud_letter::Limits;
use postbud_pipeline::ports::{Body, RawId, Settlement, StoreError};
use postbud_pipeline::{Router, RouterOptions, Steps, stop_pair};
use support::{Log, MemoryQueue, MemoryStore, Nothing, Step, away};

fn mail(subject: &str) -> Result<Body, String> {
    let raw = format!("From: a@example.dk\r\nSubject: {subject}\r\n\r\nGoddag\r\n");
    Ok(Body::Inline(Bytes::from(raw)))
}

/// Runs one lane over `bodies` until `settled` messages are settled, or `patience` has passed.
async fn route(
    bodies: Vec<Result<Body, String>>,
    store: impl FnOnce(&mut MemoryStore),
    settled: usize,
    patience: Duration,
) -> Vec<Step> {
    let log = Log::default();
    let queue = Arc::new(MemoryQueue::new(bodies, &log));
    let mut memory = MemoryStore::new(&log);
    store(&mut memory);
    let steps = Arc::new(Steps::new(Limits::default(), Settings::default(), Arc::new(Nothing)));
    let options = RouterOptions { lanes: 1, ..RouterOptions::default() };
    let router = Router::new(queue, Arc::new(memory), steps, options);
    let (stopper, stop) = stop_pair();
    let watch = async {
        let done = || {
            let log = log.lock().unwrap();
            log.iter().filter(|step| matches!(step, Step::Settled(..))).count() >= settled
        };
        let begun = tokio::time::Instant::now();
        while !done() && begun.elapsed() < patience {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stopper.stop();
    };
    tokio::join!(router.run(&stop), watch);
    log.lock().unwrap().clone()
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_message_is_acknowledged_only_after_its_transaction_has_committed() {
    let steps = route(vec![mail("et"), mail("to")], |_| (), 2, LONG).await;
    assert_eq!(
        steps,
        [
            Step::Recorded(vec!["et".into(), "to".into()]),
            Step::Settled(0, Settlement::Done),
            Step::Settled(1, Settlement::Done),
        ]
    );
}

#[tokio::test]
async fn a_store_that_is_away_is_waited_for_and_nothing_is_acknowledged_meanwhile() {
    let steps = route(
        vec![mail("et")],
        |store| store.answers.lock().unwrap().extend([away(), away()]),
        1,
        LONG,
    )
    .await;
    assert_eq!(
        steps,
        [
            Step::Refused,
            Step::Refused,
            Step::Recorded(vec!["et".into()]),
            Step::Settled(0, Settlement::Done),
        ]
    );
}

#[tokio::test]
async fn a_stop_while_the_store_is_away_gives_the_message_back() {
    let endless = |store: &mut MemoryStore| {
        store.answers.lock().unwrap().extend(std::iter::repeat_with(away).take(100));
    };
    let steps = route(vec![mail("et")], endless, 1, Duration::from_millis(300)).await;
    assert_eq!(steps.last(), Some(&Step::Settled(0, Settlement::Release)));
    assert!(!steps.iter().any(|step| matches!(step, Step::Recorded(_))));
}

#[tokio::test]
async fn a_letter_that_cannot_be_stored_does_not_hold_up_its_neighbours() {
    let bad = |store: &mut MemoryStore| store.bad_subject = Some("to".into());
    let steps = route(vec![mail("et"), mail("to"), mail("tre")], bad, 3, LONG).await;
    assert!(steps.contains(&Step::Recorded(vec!["et".into()])));
    assert!(steps.contains(&Step::Recorded(vec!["tre".into()])));
    assert!(steps.contains(&Step::Settled(0, Settlement::Done)));
    assert!(steps.contains(&Step::Settled(2, Settlement::Done)));
    let reason = StoreError::BadEntry { what: "testing".into() }.to_string();
    assert!(steps.contains(&Step::Settled(1, Settlement::Retry { reason })));
}

#[tokio::test]
async fn a_panic_over_one_letter_costs_that_letter_an_attempt_and_no_other() {
    let steps = route(vec![mail("et"), mail("panic"), mail("tre")], |_| (), 3, LONG).await;
    assert!(steps.contains(&Step::Recorded(vec!["et".into(), "tre".into()])));
    assert!(steps.contains(&Step::Settled(2, Settlement::Done)));
    let panicked = |step: &Step| matches!(step, Step::Settled(1, Settlement::Retry { .. }));
    assert!(steps.iter().any(panicked));
}

#[tokio::test]
async fn a_reference_to_bytes_that_are_gone_is_tried_again_with_the_reason() {
    let gone = Ok(Body::Stored(RawId("ab".repeat(32))));
    let steps = route(vec![gone, mail("to"), Err("no reference".into())], |_| (), 3, LONG).await;
    assert!(steps.contains(&Step::Recorded(vec!["to".into()])));
    let missing = format!("the store has no raw bytes {}", "ab".repeat(32));
    assert!(steps.contains(&Step::Settled(0, Settlement::Retry { reason: missing })));
    let reason = "no reference".to_owned();
    assert!(steps.contains(&Step::Settled(2, Settlement::Retry { reason })));
}
