//! Letters that came back unsettled: one of them may have ended the process that had it.
//!
//! Each is tried in a process of its own before it is read in this one, so that it ends a process
//! that holds nothing else.

use tracing::error;

use super::{Raws, Router};
use crate::ports::{Received, Settlement, Verdict};
use crate::stop::Stop;

impl Router {
    /// May this be the letter that killed the process which had it before?
    pub(super) fn is_suspect(&self, message: &Received) -> bool {
        let enough = if self.trial.is_some() { 1 } else { self.options.alone_after_returns };
        message.returned >= enough
    }

    /// Tries letters apart from each other. Those that do no harm go on together.
    pub(super) async fn suspects(&self, messages: Vec<Received>, stop: &Stop) {
        let mut harmless = Raws::new();
        for message in messages {
            let raw = match self.load(&message, stop).await {
                Ok(raw) => raw,
                Err(settlement) => {
                    self.settle(vec![(message.token, settlement)]).await;
                    continue;
                }
            };
            let verdict = match &self.trial {
                Some(trial) => trial.attempt(&raw).await,
                None => Verdict::Untried,
            };
            let large = harmless.iter().map(|(.., raw)| raw.len()).sum::<usize>() + raw.len()
                > self.options.batch_bytes;
            if !harmless.is_empty() && (large || verdict != Verdict::Harmless) {
                self.go_on(std::mem::take(&mut harmless), Vec::new(), stop).await;
            }
            let item = (message.token, message.id, raw);
            match verdict {
                Verdict::Harmless => harmless.push(item),
                Verdict::Untried => self.go_on(vec![item], Vec::new(), stop).await,
                Verdict::Deadly { how } => {
                    let settlement = after_trial(&item.1, message.attempts, &how);
                    self.settle(vec![(item.0, settlement)]).await;
                }
            }
        }
        if !harmless.is_empty() {
            self.go_on(harmless, Vec::new(), stop).await;
        }
    }
}

/// A letter that ended the trial has ended a process twice: the one that had it first, and this
/// one. Once more after a pause, lest the machine was to blame; then it is given up.
fn after_trial(id: &str, attempts: u32, how: &str) -> Settlement {
    error!(message = id, how, "this letter ends the process that reads it: kept apart");
    let reason = format!("reading or deciding this letter ends the process that does it: {how}");
    if attempts == 0 { Settlement::Retry { reason } } else { Settlement::Dead { reason } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadly_letter_is_tried_once_more_and_then_given_up_with_the_reason() {
        let settled = |attempts| after_trial("a", attempts, "signal 11");
        assert!(matches!(settled(0), Settlement::Retry { reason } if reason.contains("signal 11")));
        assert!(matches!(settled(1), Settlement::Dead { reason } if reason.contains("signal 11")));
    }
}
