//! The challenger beside the decision: scored and noted, never acting, never in the way.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use postbud_decide::{Reason, Settings, decide};
use postbud_letter::Letter;
use tracing::warn;

use crate::ports::{Classifier, Shadow};

/// Said once: a challenger that fails at one letter fails at many.
static WARNED: AtomicBool = AtomicBool::new(false);

/// What the challenger would have done with `letter`, if there is a challenger and it can say so.
/// Whatever goes wrong with it, the letter itself goes its way.
pub(crate) fn shadow(
    letter: &Letter,
    settings: &Settings,
    classifier: &dyn Classifier,
) -> Option<Shadow> {
    catch_unwind(AssertUnwindSafe(|| judge(letter, settings, classifier))).unwrap_or_else(|_| {
        if !WARNED.swap(true, Ordering::Relaxed) {
            warn!(
                letter = %letter.id,
                "the challenger failed at a letter (a panic); the letter is not touched by it, \
                 and more failures are not logged"
            );
        }
        None
    })
}

fn judge(letter: &Letter, settings: &Settings, classifier: &dyn Classifier) -> Option<Shadow> {
    let scores = classifier.shadow(letter)?;
    let decision = decide(letter, settings, || Some(scores.clone()));
    let suggested = decision.suggestions.first().map(|first| (&first.mailbox, first.probability));
    let best = || scores.ranked.first().map(|first| (&first.mailbox, first.probability));
    let (mailbox, probability) = suggested.or_else(best)?;
    let sound = (0.0..=1.0).contains(&probability);
    sound.then(|| Shadow {
        model: scores.model.clone(),
        mailbox: mailbox.clone(),
        probability,
        routed: matches!(decision.reason, Reason::Model { .. }),
    })
}
