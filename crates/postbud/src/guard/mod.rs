//! Takes certified thresholds back when the promise may not hold any more: letters then go to people,
//! as if their mailbox had not been certified.
//!
//! Two things do that. *Drift*: the newest letters differ from the training letters beyond chance
//! and by much; the mailboxes that this concerns lose their thresholds. *The blind sample*: its lower
//! bound of the champion's error is above the promise; all mailboxes do.
//! Both are worked out anew from the store, first of all before the first letter after a start, so
//! that no restart forgets them. Rules and replies are not touched: the promise is the model's.

mod drift;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use postbud_decide::{MailboxId, ModelId, Scores};
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
    /// The mailboxes that a drift concerns.
    drift: RwLock<BTreeSet<MailboxId>>,
    /// All mailboxes.
    blind: AtomicBool,
}

impl Withdrawn {
    fn drift(&self) -> RwLockReadGuard<'_, BTreeSet<MailboxId>> {
        // Nothing panics while it is written.
        self.drift.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_drift(&self, mailboxes: BTreeSet<MailboxId>) {
        *self.drift.write().unwrap_or_else(PoisonError::into_inner) = mailboxes;
    }

    /// Takes the thresholds of those concerned.
    fn apply(&self, scores: &mut Scores) {
        let (all, some) = (self.blind.load(Ordering::Relaxed), self.drift());
        for score in &mut scores.ranked {
            if all || some.contains(&score.mailbox) {
                score.threshold = None;
            }
        }
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
            drift::note(metrics, found.as_ref().map(|found| &found.drift));
        }
        self.follow_drift(found);
    }

    /// While it lasts, mailboxes are only added: what concerned one a minute ago is not over yet.
    fn follow_drift(&self, found: Option<drift::Found>) {
        let before = self.withdrawn.drift().clone();
        let lasts = drift::withdraws(!before.is_empty(), found.as_ref().map(|found| &found.drift));
        let mut now = BTreeSet::new();
        if lasts {
            now.extend(before.iter().cloned());
            now.extend(found.into_iter().flat_map(|found| found.concerned));
        }
        if now != before {
            let names: Vec<&str> = now.iter().map(MailboxId::as_str).collect();
            info!(mailboxes = names.join(", "), "mailboxes that a drift concerns");
        }
        self.say("drift", !before.is_empty(), !now.is_empty());
        self.withdrawn.set_drift(now);
    }

    async fn look_at_blind(&self, champion: &ModelId) {
        let since = Timestamp::now().plus_ms(-BLIND_DAYS * 86_400_000);
        if let Ok(sample) = self.store.blind(champion, since).await {
            let broken = breaks(&sample, &self.config);
            let before = self.withdrawn.blind.swap(broken, Ordering::Relaxed);
            self.say("blind-sample", before, broken);
        }
    }

    fn say(&self, why: &'static str, before: bool, now: bool) {
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
        self.withdrawn.apply(&mut scores);
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
