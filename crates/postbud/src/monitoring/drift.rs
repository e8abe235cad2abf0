//! Compares the newest letters with those that the champion was trained on.
//!
//! What the model said of a letter is read from the decisions in the store, so that a restart
//! forgets nothing and several routers see the same letters. Only letters that the model was asked
//! about count; what rules decide is not compared. How familiar their words are is not stored, so
//! the comparison here is of certainty and of mailboxes; `postbud model` compares more.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use postbud_decide::ModelId;
use postbud_evaluate::{Drift, Records, drift};
use postbud_learn::out_of_fold;
use postbud_metrics::{Metrics, inventory as i};
use postbud_pipeline::Stop;
use postbud_pipeline::ports::{Classifier, Guess, Measures};
use tracing::{info, warn};

use crate::classifier;
use crate::config::Config;

/// Between two comparisons.
const EVERY: Duration = Duration::from_secs(60);
/// The newest letters that are compared, at most.
const NEWEST: u32 = 1_000;
/// Fewer than this say nothing.
const LEAST: usize = 100;

/// What the champion knows of its training letters.
struct Before {
    model: ModelId,
    labels: Vec<String>,
    records: Records,
}

/// Compares again and again, until `stop`.
pub(super) async fn watch(
    config: &Config,
    metrics: &Metrics,
    store: &dyn Measures,
    classifier: &dyn Classifier,
    stop: &Stop,
) {
    let mut before: Option<Arc<Before>> = None;
    let mut drifted = false;
    loop {
        let state = classifier.state();
        let champion = state.and_then(|state| state.champion).map(|champion| champion.model);
        if let Some(champion) = champion {
            if before.as_ref().is_none_or(|before| before.model != champion) {
                before = load(&config.model, champion).await;
            }
            if let Some(before) = &before
                && let Ok(guesses) = store.guesses(&before.model, NEWEST).await
            {
                let found = compare(before, &guesses);
                note(metrics, found.as_ref());
                drifted = say(found.as_ref(), drifted);
            }
        }
        if stop.sleep(EVERY).await {
            return;
        }
    }
}

/// Reads the model's file, away from the async threads. `None` when another version has become the
/// champion meanwhile: the next look sees that one.
async fn load(path: &Path, champion: ModelId) -> Option<Arc<Before>> {
    let path = path.to_owned();
    let read = move || {
        let (model, name) = classifier::open(&path).ok()?;
        let id = ModelId(format!("{name}@{:.12}", model.checksum_hex()));
        let records = out_of_fold(&model).ok().filter(|_| id == champion)?;
        Some(Arc::new(Before { model: id, labels: model.labels().to_vec(), records }))
    };
    tokio::task::spawn_blocking(read).await.ok().flatten()
}

fn compare(before: &Before, guesses: &[Guess]) -> Option<Drift> {
    let mut now = Records::new(before.labels.len()).ok()?;
    for guess in guesses {
        // The store keeps the first guess; the comparison looks at nothing else, so the rest of the
        // probability may lie anywhere below it.
        let label = before.labels.iter().position(|label| label == guess.mailbox.as_str());
        let Some(label) = label else { continue };
        let others = before.labels.len().saturating_sub(1).max(1) as f64;
        let mut row = vec![(1.0 - guess.probability) / others; before.labels.len()];
        row[label] = guess.probability;
        // What is no probability was not written by us, and is left out.
        let _ = now.push(None, &row);
    }
    (now.len() >= LEAST).then(|| drift(&before.records, &now))
}

fn note(metrics: &Metrics, found: Option<&Drift>) {
    let of = |value: fn(&Drift) -> f64| found.map_or(0.0, value);
    metrics.set(&i::DRIFT, &["certainty"], of(|drift| drift.certainty.stability_index));
    metrics.set(&i::DRIFT, &["mailboxes"], of(|drift| drift.mailboxes.stability_index));
    metrics.set(&i::DRIFT_LETTERS, &[], of(|drift| drift.now as f64));
    metrics.set(&i::DRIFTED, &[], of(|drift| if drift.drifted { 1.0 } else { 0.0 }));
}

/// Logs a change once.
fn say(found: Option<&Drift>, before: bool) -> bool {
    let drifted = found.is_some_and(|drift| drift.drifted);
    let figures = found.map(|drift| (drift.certainty, drift.mailboxes));
    match (before, drifted) {
        (false, true) => warn!(?figures, "the mail has changed: the promise may not hold any more"),
        (true, false) => info!("the mail is again like the mail that the model was trained on"),
        _ => {}
    }
    drifted
}

#[cfg(test)]
mod tests {
    use postbud_decide::MailboxId;

    use super::*;

    fn before() -> Before {
        let mut records = Records::new(2).expect("two labels");
        for n in 0..400 {
            let sure = if n % 10 == 0 { 0.6 } else { 0.95 };
            let row = if n % 2 == 0 { [sure, 1.0 - sure] } else { [1.0 - sure, sure] };
            records.push(Some(n % 2), &row).expect("probabilities");
        }
        let labels = ["affald", "skole"].map(str::to_owned).to_vec();
        Before { model: ModelId("k/1@a".into()), labels, records }
    }

    fn guesses(count: usize, label: impl Fn(usize) -> &'static str) -> Vec<Guess> {
        let guess = |n| Guess {
            mailbox: MailboxId::parse(label(n)).expect("a mailbox"),
            probability: if n % 10 == 0 { 0.6 } else { 0.95 },
        };
        (0..count).map(guess).collect()
    }

    #[test]
    fn the_same_mail_has_not_changed_and_other_mail_has() {
        let same = guesses(300, |n| if n % 2 == 0 { "affald" } else { "skole" });
        assert!(!compare(&before(), &same).expect("enough").drifted);
        let other = compare(&before(), &guesses(300, |_| "skole")).expect("enough");
        assert!(other.drifted && other.mailboxes.drifted && !other.certainty.drifted);
    }

    #[test]
    fn few_letters_and_unknown_mailboxes_say_nothing() {
        assert!(compare(&before(), &guesses(LEAST - 1, |_| "skole")).is_none());
        assert!(compare(&before(), &guesses(500, |_| "ukendt")).is_none());
    }
}
