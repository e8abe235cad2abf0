//! Whom a letter names, and the dead letters that name a person.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use postbud_letter::{Channel, Letter, LetterId, Limits, read};
use postbud_pipeline::ports::{Body, DeadJudge, Documents, RawId, Store as _, Timestamp};
use postbud_store::SqlStore;

use crate::config::Config;
use crate::documents;

/// What becomes of the dead letters that name the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// They go.
    Erased,
    /// They stay, and their bytes are kept for who asked.
    HandedOut,
}

/// Looks for the dead letters that name a person.
pub(super) struct AboutPerson<'a> {
    store: &'a SqlStore,
    cpr: &'a str,
    fate: Fate,
    limits: Limits,
    reader: Option<Arc<dyn Documents>>,
    found: Mutex<Found>,
}

/// The dead letters that name a person.
#[derive(Default)]
pub(super) struct Found {
    pub(super) ids: Vec<LetterId>,
    /// Bytes that lay in the store.
    pub(super) stored: Vec<RawId>,
    /// The letters themselves, where they are handed out.
    pub(super) letters: Vec<DeadLetter>,
    /// Dead letters that nobody can read.
    pub(super) unread: u64,
}

/// A dead letter that is handed out.
pub(super) struct DeadLetter {
    pub(super) id: LetterId,
    pub(super) channel: Channel,
    pub(super) raw: Bytes,
}

impl<'a> AboutPerson<'a> {
    pub(super) fn new(config: &Config, store: &'a SqlStore, cpr: &'a str, fate: Fate) -> Self {
        let reader = documents::reader_when_asked(config);
        Self { store, cpr, fate, limits: config.limits.clone(), reader, found: Mutex::default() }
    }

    pub(super) fn found(self) -> Found {
        self.found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl DeadJudge for AboutPerson<'_> {
    async fn condemns(&self, _id: &str, body: &Body, _at: Option<Timestamp>) -> bool {
        let raw = match body {
            Body::Inline(raw) => Some(raw.clone()),
            Body::Stored(raw_id) => self.store.raw(raw_id).await.ok().flatten(),
        };
        let named = match &raw {
            Some(raw) => {
                let (raw, reader, limits) = (raw.clone(), self.reader.clone(), self.limits.clone());
                // A dead letter may be one that panics whoever reads it.
                tokio::task::spawn_blocking(move || named(&raw, &limits, reader)).await.ok()
            }
            None => None,
        };
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(raw), Some(named)) = (raw, named) else {
            found.unread += 1;
            return false;
        };
        if !named.cprs.iter().any(|cpr| cpr == self.cpr) {
            return false;
        }
        if self.fate == Fate::HandedOut {
            found.letters.push(DeadLetter { id: named.id, channel: named.channel, raw });
            return false;
        }
        found.ids.push(named.id);
        if let Body::Stored(raw_id) = body {
            found.stored.push(raw_id.clone());
        }
        true
    }
}

/// Which letter it is, and whom it names.
pub(super) struct Named {
    pub(super) id: LetterId,
    pub(super) channel: Channel,
    /// The CPR numbers in it and in its documents.
    pub(super) cprs: Vec<String>,
}

/// Reads a letter and its documents for whom they name. Blocks.
pub(super) fn named(raw: &[u8], limits: &Limits, reader: Option<Arc<dyn Documents>>) -> Named {
    let mut letter: Letter = read(raw, limits);
    if let Some(reader) = reader.filter(|_| !letter.documents.is_empty()) {
        reader.attach(&mut letter);
    }
    let cprs = letter.cpr_numbers(raw);
    Named { id: letter.id, channel: letter.channel, cprs }
}
