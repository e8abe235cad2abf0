//! Takes the certified thresholds back when the promise may not hold any more: letters then go to
//! people, as if no mailbox had been certified.
//!
//! Two things do that. *Drift*: the newest letters differ from the training letters beyond chance
//! and by much. *The blind sample*: its lower bound of the champion's error is above the promise.
//! Both are worked out anew from the store, first of all before the first letter after a start, so
//! that no restart forgets them. Rules and replies are not touched: the promise is the model's.

mod drift;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use postbud_decide::{ModelId, Scores};
use postbud_evaluate::lower_bound;
use postbud_letter::Letter;
use postbud_metrics::{BLIND_DAYS, Metrics, inventory as i};
use postbud_pipeline::Stop;
use postbud_pipeline::ports::{BlindSample, Classifier, Measures, ModelState, Timestamp};
use tokio::sync::Mutex;
use tracing::{info, warn};

use crate::config::Config;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(60);

/// Looks, and holds what follows.
pub(crate) struct Guard {
    config: Config,
    store: Arc<dyn Measures>,
    classifier: Arc<dyn Classifier>,
    metrics: Option<Arc<Metrics>>,
    before: Mutex<Option<drift::Before>>,
    withdrawn: Arc<Withdrawn>,
}

/// Why thresholds are withdrawn.
#[derive(Debug, Default)]
struct Withdrawn {
    drift: AtomicBool,
    blind: AtomicBool,
}

impl Withdrawn {
    fn any(&self) -> bool {
        self.drift.load(Ordering::Relaxed) || self.blind.load(Ordering::Relaxed)
    }
}

impl Guard {
    /// A guard over the models of `classifier`.
    pub(crate) fn new(
        config: &Config,
        store: Arc<dyn Measures>,
        classifier: Arc<dyn Classifier>,
        metrics: Option<Arc<Metrics>>,
    ) -> Self {
        let (before, withdrawn) = (Mutex::default(), Arc::default());
        Self { config: config.clone(), store, classifier, metrics, before, withdrawn }
    }

    /// The same models, with thresholds only while none are withdrawn.
    pub(crate) fn guarded(&self) -> Arc<dyn Classifier> {
        let (classifier, withdrawn) = (Arc::clone(&self.classifier), Arc::clone(&self.withdrawn));
        Arc::new(Guarded { classifier, withdrawn })
    }

    /// Looks again and again, until `stop`.
    pub(crate) async fn watch(&self, stop: &Stop) {
        while !stop.sleep(EVERY).await {
            self.look().await;
        }
    }

    /// Looks once. What cannot be found out now stays as it was.
    pub(crate) async fn look(&self) {
        let state = self.classifier.state();
        let Some(champion) = state.and_then(|state| state.champion).map(|model| model.model) else {
            return;
        };
        self.look_at_blind(&champion).await;
        let mut before = self.before.lock().await;
        if before.as_ref().is_none_or(|before| *before.model() != champion) {
            *before = drift::Before::load(&self.config.model, champion).await;
        }
        let Some(before) = before.as_ref() else { return };
        let Ok(guesses) = self.store.guesses(before.model(), drift::NEWEST).await else { return };
        let found = drift::compare(before, &guesses);
        if let Some(metrics) = &self.metrics {
            drift::note(metrics, found.as_ref());
        }
        let withdrawn = self.withdrawn.drift.load(Ordering::Relaxed);
        let withdraws = drift::withdraws(withdrawn, found.as_ref());
        self.set(&self.withdrawn.drift, "drift", withdraws);
    }

    async fn look_at_blind(&self, champion: &ModelId) {
        let since = Timestamp::now().plus_ms(-BLIND_DAYS * 86_400_000);
        if let Ok(sample) = self.store.blind(champion, since).await {
            let broken = breaks(&sample, &self.config);
            self.set(&self.withdrawn.blind, "blind-sample", broken);
        }
    }

    fn set(&self, withdrawn: &AtomicBool, why: &'static str, now: bool) {
        let before = withdrawn.swap(now, Ordering::Relaxed);
        if let Some(metrics) = &self.metrics {
            metrics.set(&i::WITHDRAWN, &[why], if now { 1.0 } else { 0.0 });
        }
        match (before, now) {
            (false, true) => warn!(
                why,
                "certified thresholds are withdrawn: letters that the model would route go to \
                 people; retrain, or wait until the cause is gone"
            ),
            (true, false) => info!(why, "certified thresholds hold again"),
            _ => {}
        }
    }
}

/// Does the sample prove that the promise is broken?
fn breaks(sample: &BlindSample, config: &Config) -> bool {
    let promise = config.promise;
    sample.letters > 0
        && lower_bound(sample.errors, sample.letters, promise.confidence) > promise.target_error
}

/// Models whose thresholds can be withdrawn.
struct Guarded {
    classifier: Arc<dyn Classifier>,
    withdrawn: Arc<Withdrawn>,
}

impl Guarded {
    fn guard(&self, scores: Option<Scores>) -> Option<Scores> {
        let mut scores = scores?;
        if self.withdrawn.any() {
            for score in &mut scores.ranked {
                score.threshold = None;
            }
        }
        Some(scores)
    }
}

impl Classifier for Guarded {
    fn classify(&self, letter: &Letter) -> Option<Scores> {
        self.guard(self.classifier.classify(letter))
    }

    /// The challenger acts on nothing, and is compared as it is.
    fn shadow(&self, letter: &Letter) -> Option<Scores> {
        self.classifier.shadow(letter)
    }

    fn state(&self) -> Option<ModelState> {
        self.classifier.state()
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
