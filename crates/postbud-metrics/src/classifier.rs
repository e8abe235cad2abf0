//! A model that is timed, and whose certainty is counted.

use std::sync::Arc;
use std::time::Instant;

use postbud_decide::{Scores, Unlike};
use postbud_letter::Letter;
use postbud_pipeline::ports::{Classifier, ModelState};

use crate::inventory::{PROBABILITY, STAGE_SECONDS, UNASKED, UNLIKE};
use crate::metrics::Metrics;

/// Another classifier, counted.
pub struct MeasuredClassifier {
    classifier: Arc<dyn Classifier>,
    metrics: Arc<Metrics>,
}

impl MeasuredClassifier {
    /// Counts what `classifier` says.
    #[must_use]
    pub fn new(classifier: Arc<dyn Classifier>, metrics: Arc<Metrics>) -> Self {
        Self { classifier, metrics }
    }
}

impl Classifier for MeasuredClassifier {
    fn classify(&self, letter: &Letter) -> Option<Scores> {
        let begun = Instant::now();
        let scores = self.classifier.classify(letter);
        let Some(found) = &scores else {
            self.metrics.count(&UNASKED, &[], 1);
            return scores;
        };
        self.metrics.observe(&STAGE_SECONDS, &["classify"], begun.elapsed().as_secs_f64());
        if let Some(first) = found.ranked.first() {
            self.metrics.observe(&PROBABILITY, &[], first.probability);
        }
        match found.unlike {
            Some(Unlike::NearlyEmpty) => self.metrics.count(&UNLIKE, &["nearly-empty"], 1),
            Some(Unlike::Words { .. }) => self.metrics.count(&UNLIKE, &["words"], 1),
            None => {}
        }
        scores
    }

    fn shadow(&self, letter: &Letter) -> Option<Scores> {
        self.classifier.shadow(letter)
    }

    fn state(&self) -> Option<ModelState> {
        self.classifier.state()
    }
}
