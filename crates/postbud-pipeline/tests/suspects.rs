//! Letters that came back unsettled are tried apart before they are read beside others.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use postbud_decide::Settings;
use postbud_letter::Limits;
use postbud_pipeline::ports::{Body, Look, Settlement, Trial, Verdict};
use postbud_pipeline::{Router, RouterOptions, Steps, stop_pair};
use support::{Log, MemoryQueue, MemoryStore, Nothing, Step};

/// Writes down what it was given; a letter that says so is deadly.
#[derive(Default)]
struct Tried(Mutex<Vec<Bytes>>);

#[async_trait]
impl Trial for Tried {
    async fn attempt(&self, raw: &Bytes, look: Look) -> Verdict {
        self.0.lock().unwrap().push(raw.clone());
        if raw.windows(11).any(|window| window == b"interrupted") {
            return Verdict::Interrupted;
        }
        if raw.windows(4).any(|window| window == b"slow") && look == Look::Glance {
            return Verdict::Slow;
        }
        if raw.windows(7).any(|window| window == b"endless") {
            return match look {
                Look::Glance => Verdict::Slow,
                Look::Whole => std::future::pending().await,
            };
        }
        if raw.windows(6).any(|window| window == b"deadly") {
            return Verdict::Deadly { how: "the process died by SIGSEGV".to_owned() };
        }
        Verdict::Harmless
    }
}

/// Routes letters of these subjects that came back so often and failed so often; what was settled
/// and recorded, and how many were tried.
async fn route(letters: &[(&str, u32, u32)]) -> (Vec<Step>, usize) {
    let log = Log::default();
    let mail = |subject: &str| {
        let raw = format!("From: a@example.dk\r\nSubject: {subject}\r\n\r\nGoddag\r\n");
        Ok(Body::Inline(Bytes::from(raw)))
    };
    let bodies = letters.iter().map(|(subject, ..)| mail(subject)).collect();
    let queue = Arc::new(MemoryQueue::new(bodies, &log));
    for (message, letter) in queue.waiting.lock().unwrap().iter_mut().zip(letters) {
        (message.returned, message.attempts) = (letter.1, letter.2);
    }
    let steps = Arc::new(Steps::new(Limits::default(), Settings::default(), Arc::new(Nothing)));
    let trial = Arc::new(Tried::default());
    let options = RouterOptions { lanes: 1, ..RouterOptions::default() };
    let store = Arc::new(MemoryStore::new(&log));
    let router = Router::new(queue, store, steps, options).with_trial(Arc::clone(&trial) as _);
    let (stopper, stop) = stop_pair();
    let settled = || {
        let log = log.lock().unwrap();
        log.iter().filter(|step| matches!(step, Step::Settled(..))).count()
    };
    let watch = async {
        // One that never ends is settled by the stop.
        let endless = letters.iter().filter(|letter| letter.0.contains("endless")).count();
        while settled() < letters.len() - endless {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stopper.stop();
    };
    let work = async { tokio::join!(router.run(&stop), watch) };
    tokio::time::timeout(Duration::from_secs(60), work).await.unwrap();
    let steps = log.lock().unwrap().clone();
    let tried = trial.0.lock().unwrap().len();
    (steps, tried)
}

#[tokio::test]
async fn the_one_that_does_harm_is_kept_apart_and_the_others_go_on_together() {
    let letters = [("et", 1, 0), ("deadly", 1, 0), ("tre", 1, 0), ("fire", 0, 0)];
    let (steps, tried) = route(&letters).await;
    assert_eq!(tried, 3, "a letter that never came back is not suspected");
    assert_eq!(steps[0], Step::Recorded(vec!["fire".into()]), "it does not wait for suspects");
    for number in [0, 2, 3] {
        assert!(steps.contains(&Step::Settled(number, Settlement::Done)), "{number}");
    }
    let again = |step: &Step| matches!(step, Step::Settled(1, Settlement::Retry { reason }) if reason.contains("SIGSEGV"));
    assert!(steps.iter().any(again), "{steps:?}");
}

#[tokio::test]
async fn after_its_second_trial_it_is_given_up_with_the_reason() {
    let (steps, _) = route(&[("deadly", 1, 1)]).await;
    let dead = |step: &Step| matches!(step, Step::Settled(0, Settlement::Dead { reason }) if reason.contains("SIGSEGV"));
    assert!(steps.iter().any(dead), "{steps:?}");
}

#[tokio::test]
async fn what_takes_long_keeps_nobody_waiting_and_is_looked_at_beside() {
    let letters = [("slow", 1, 0), ("slow deadly", 1, 0), ("tre", 1, 0), ("fire", 0, 0)];
    let (steps, _) = route(&letters).await;
    for number in [0, 2, 3] {
        assert!(steps.contains(&Step::Settled(number, Settlement::Done)), "{number}");
    }
    let again = |step: &Step| matches!(step, Step::Settled(1, Settlement::Retry { reason }) if reason.contains("SIGSEGV"));
    assert!(steps.iter().any(again), "{steps:?}");
}

/// The stop of a whole group of processes ends the trial too, and says nothing about the letter.
#[tokio::test]
async fn a_trial_that_a_stop_has_ended_condemns_no_letter() {
    let letters = [("interrupted endless", 1, 1), ("fire", 0, 0)];
    let (steps, _) = route(&letters).await;
    assert!(steps.contains(&Step::Settled(0, Settlement::Release)), "{steps:?}");
}

#[tokio::test]
async fn a_trial_that_somebody_has_ended_without_a_stop_holds_nothing_up() {
    let (steps, _) = route(&[("interrupted", 1, 1)]).await;
    assert!(steps.contains(&Step::Settled(0, Settlement::Done)), "{steps:?}");
}

#[tokio::test]
async fn a_stop_gives_back_what_does_not_end() {
    let letters = [("endless 1", 1, 0), ("endless 2", 1, 0), ("endless 3", 1, 0), ("fire", 1, 0)];
    let (steps, _) = route(&letters).await;
    assert!(steps.contains(&Step::Settled(3, Settlement::Done)), "{steps:?}");
    for number in 0..3 {
        assert!(steps.contains(&Step::Settled(number, Settlement::Release)), "{steps:?}");
    }
}

#[tokio::test]
async fn once_one_was_found_every_letter_is_tried() {
    // The first batch holds a deadly one; the lane's next batch was never handed out before.
    let mut letters = vec![("deadly", 1, 0)];
    letters.extend(std::iter::repeat_n(("et", 0, 0), 200));
    let (_, tried) = route(&letters).await;
    assert!(tried > 1, "{tried}");
    let (_, tried) = route(&letters[1..]).await;
    assert_eq!(tried, 0, "without one, no letter is tried");
}
