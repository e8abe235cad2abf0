//! Rate, errors and duration of one stage of a letter's way.

use std::sync::Arc;
use std::time::Instant;

use postbud_pipeline::StepWatcher;

use crate::inventory::{STAGE_FAILURES, STAGE_SECONDS};
use crate::metrics::Metrics;

/// Runs a call and counts it.
pub(crate) async fn measured<T, E>(
    metrics: &Metrics,
    stage: &'static str,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let begun = Instant::now();
    let answer = call.await;
    metrics.observe(&STAGE_SECONDS, &[stage], begun.elapsed().as_secs_f64());
    if answer.is_err() {
        metrics.count(&STAGE_FAILURES, &[stage], 1);
    }
    answer
}

/// Times the pure steps, of which the pipeline says only when they begin and end.
pub struct Stages {
    metrics: Arc<Metrics>,
}

/// A watcher for the steps of a letter.
#[must_use]
pub fn stages(metrics: Arc<Metrics>) -> Arc<Stages> {
    Arc::new(Stages { metrics })
}

struct Step {
    metrics: Arc<Metrics>,
    name: &'static str,
    begun: Instant,
}

impl StepWatcher for Stages {
    fn begins(&self, step: &'static str) -> Box<dyn Send> {
        Box::new(Step { metrics: Arc::clone(&self.metrics), name: step, begun: Instant::now() })
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.metrics.observe(&STAGE_SECONDS, &[self.name], self.begun.elapsed().as_secs_f64());
        if std::thread::panicking() {
            self.metrics.count(&STAGE_FAILURES, &[self.name], 1);
        }
    }
}
