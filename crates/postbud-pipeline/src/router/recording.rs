//! Recording what was decided, and settling after that.

use tracing::{error, info, warn};

use super::{Item, Router, source};
use crate::fault;
use crate::ports::{Entry, Recorded, Settlement, StoreError, Token};
use crate::stop::Stop;

impl Router {
    /// Records the batch in one transaction. When one letter spoils it, each gets its own.
    pub(super) async fn record(
        &self,
        items: Vec<Item>,
        stop: &Stop,
        settlements: &mut Vec<(Token, Settlement)>,
    ) {
        let mut rooms = Vec::with_capacity(items.len());
        let (heads, entries): (Vec<(Token, String)>, Vec<Entry>) = items
            .into_iter()
            .map(|Item { token, id, entry, room }| {
                rooms.push(room);
                ((token, id), entry)
            })
            .unzip();
        if entries.is_empty() {
            return;
        }
        let mut heads = heads;
        if fault::mutation("ack-before-commit") {
            let done = |(token, _)| (token, Settlement::Done);
            self.settle(heads.drain(..).map(done).collect()).await;
        }
        match self.record_entries(&entries, stop).await {
            Some(Ok(())) => {
                settlements.extend(heads.into_iter().map(|(token, _)| (token, Settlement::Done)));
            }
            Some(Err(_)) if entries.len() > 1 => {
                for ((token, id), entry) in heads.into_iter().zip(&entries) {
                    let outcome = self.record_entries(std::slice::from_ref(entry), stop).await;
                    settlements.push((token, after_recording(&id, outcome)));
                }
            }
            outcome => {
                for (token, id) in heads {
                    let outcome = match &outcome {
                        Some(Err(error)) => Some(Err(error.to_string())),
                        _ => None,
                    };
                    settlements.push((token, after_text(&id, outcome)));
                }
            }
        }
    }

    /// `None` when asked to stop before the store answered: nothing was recorded.
    async fn record_entries(
        &self,
        entries: &[Entry],
        stop: &Stop,
    ) -> Option<Result<(), StoreError>> {
        let first = entries.first().map_or("", |entry| entry.letter.as_str());
        fault::point("before-commit", first);
        let recorded =
            self.when_available(stop, "recording letters", || self.store.record(entries)).await?;
        fault::point("after-commit", first);
        Some(recorded.map(|recorded| report(entries, &recorded)))
    }

    pub(super) async fn settle(&self, settlements: Vec<(Token, Settlement)>) {
        if settlements.is_empty() {
            return;
        }
        fault::point("before-ack", "");
        let count = settlements.len();
        if let Err(error) = self.queue.settle(settlements).await {
            // Nothing is lost: what was recorded comes again and is recognised.
            warn!(error = %error, source = source(&error), count, "messages could not be settled");
        }
        fault::point("after-ack", "");
    }
}

fn after_recording(id: &str, outcome: Option<Result<(), StoreError>>) -> Settlement {
    after_text(id, outcome.map(|result| result.map_err(|error| error.to_string())))
}

fn after_text(id: &str, outcome: Option<Result<(), String>>) -> Settlement {
    match outcome {
        Some(Ok(())) => Settlement::Done,
        Some(Err(reason)) => {
            warn!(message = id, reason, "a letter cannot be recorded");
            Settlement::Retry { reason }
        }
        None => Settlement::Release,
    }
}

fn report(entries: &[Entry], recorded: &[Recorded]) {
    for (entry, recorded) in entries.iter().zip(recorded) {
        match recorded {
            Recorded::New => {}
            Recorded::Known => info!(letter = %entry.letter, "received again, already recorded"),
            Recorded::Clash => error!(
                letter = %entry.letter,
                raw = %entry.raw_id.0,
                "another letter has this id: quarantined, a person must look"
            ),
        }
    }
}
