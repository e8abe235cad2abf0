//! Withdrawing and giving back.

use std::path::Path;

use async_trait::async_trait;
use postbud_decide::{MailboxId, Score};
use postbud_letter::{Limits, read};
use postbud_pipeline::ports::{Guess, Measured, ServingModel, StoreError};

use super::*;
use crate::config;

const CHAMPION: &str = "klitkobing/1@abc";

struct Fixed;

impl Classifier for Fixed {
    fn classify(&self, _: &Letter) -> Option<Scores> {
        let mailbox = MailboxId::parse("affald").expect("a mailbox");
        let ranked = vec![Score { mailbox, probability: 1.0, threshold: Some(0.9) }];
        Some(Scores {
            model: ModelId(CHAMPION.into()),
            ranked,
            words: Vec::new(),
            unlike: None,
            text: None,
        })
    }

    fn state(&self) -> Option<ModelState> {
        let champion = ServingModel {
            model: ModelId(CHAMPION.into()),
            since: Timestamp(0),
            automatic_mailboxes: 1,
            unknown_labels: Vec::new(),
        };
        Some(ModelState { champion: Some(champion), ..ModelState::default() })
    }
}

/// A store whose blind sample is this, or that is away.
struct Sample(std::sync::Mutex<Option<BlindSample>>);

impl Sample {
    fn answer(&self) -> Result<BlindSample, StoreError> {
        let away = || StoreError::Unavailable { place: "".into(), what: "".into(), source: None };
        self.0.lock().expect("no panic").ok_or_else(away)
    }
}

#[async_trait]
impl Measures for Sample {
    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
    async fn measure(&self, _: Timestamp) -> Result<Measured, StoreError> {
        Ok(Measured::default())
    }
    async fn blind(&self, model: &ModelId, _: Timestamp) -> Result<BlindSample, StoreError> {
        assert_eq!(model.0, CHAMPION);
        self.answer()
    }
    async fn guesses(&self, _: &ModelId, _: u32) -> Result<Vec<Guess>, StoreError> {
        Ok(Vec::new())
    }
}

fn is_certified(classifier: &dyn Classifier) -> bool {
    let letter = read(b"Subject: x\n\ny", &Limits::default());
    classifier.classify(&letter).expect("scores").ranked[0].threshold.is_some()
}

#[tokio::test]
async fn a_broken_promise_withdraws_the_thresholds_until_it_is_kept_again() {
    // The demo's promise is 5 %, with 95 % confidence.
    let config = config::demo(Path::new("nowhere"));
    let store = Arc::new(Sample(std::sync::Mutex::new(None)));
    let guard = Guard::new(&config, Arc::clone(&store) as _, Arc::new(Fixed), None);
    let guarded = guard.guarded();
    let say = |sample| *store.0.lock().expect("no panic") = sample;
    for (sample, certified) in [
        (Some(BlindSample::default()), true),
        // 7 % of 100: more than promised, and not proven.
        (Some(BlindSample { letters: 100, errors: 7 }), true),
        (Some(BlindSample { letters: 100, errors: 20 }), false),
        // Away: it stays as it was.
        (None, false),
        (Some(BlindSample { letters: 1_000, errors: 20 }), true),
    ] {
        say(sample);
        guard.look().await;
        assert_eq!(is_certified(&*guarded), certified, "{sample:?}");
    }
}

#[test]
fn a_drift_takes_the_thresholds_of_the_mailboxes_that_it_concerns() {
    let (withdrawn, letter) = (Withdrawn::default(), read(b"Subject: x\n\ny", &Limits::default()));
    let certified = || {
        let mut scores = Fixed.classify(&letter).expect("scores");
        withdrawn.apply(&mut scores);
        scores.ranked[0].threshold.is_some()
    };
    let mailbox = |name| MailboxId::parse(name).expect("a mailbox");
    assert!(certified());
    withdrawn.set_drift(BTreeSet::from([mailbox("skole")]));
    assert!(certified(), "another mailbox's letters have changed");
    withdrawn.set_drift(BTreeSet::from([mailbox("skole"), mailbox("affald")]));
    assert!(!certified());
    withdrawn.set_drift(BTreeSet::new());
    assert!(certified());
}
