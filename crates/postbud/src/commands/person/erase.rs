//! A person's letters go, wherever Postbud has them: in the store, among the dead letters of the queue
//! and, in their own time, in backups.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use postbud_letter::{Letter, LetterId, Limits, read};
use postbud_pipeline::ports::{
    Body, DeadJudge, Documents, Erasure, LabelError, Queue, RawId, Store as _, Timestamp,
};
use postbud_store::{PersonKey, SqlStore};

use super::index;
use crate::commands::backup;
use crate::config::Config;
use crate::documents;

/// Erases everything about a person. Nothing is erased while the queue is away.
pub(super) async fn erase(
    config: &Config,
    store: &SqlStore,
    queue: &dyn Queue,
    (key, cpr): (&PersonKey, &str),
    by: &str,
) -> anyhow::Result<Erasure> {
    let judge = AboutPerson::new(config, store, cpr);
    let dead = queue.erase_dead(&judge).await?;
    let found = judge.found.into_inner().unwrap_or_else(PoisonError::into_inner);
    for raw_id in &found.stored {
        store.erase_unused(raw_id).await?;
    }
    let mut erased = Erasure { dead, unread: found.unread, ..Erasure::default() };
    // Bytes of dead letters that lay in the store may be in any backup.
    let mut since = (!found.stored.is_empty()).then_some(Timestamp(0));
    index::catch_up(config, store, key).await?;
    for letter in store.letters_of(key, cpr).await? {
        let received = store.letter(&letter).await?.map(|detail| detail.row.received_at);
        match store.erase(&letter, by, Timestamp::now()).await {
            Ok(_) => erased.letters += 1,
            Err(LabelError::InFlight { .. }) => erased.on_their_way.push(letter),
            Err(error) => return Err(error.into()),
        }
        since = [since, received].into_iter().flatten().min();
    }
    // A mark for each, as for letters of the store, so that it is in no model either.
    for id in found.ids {
        if store.letter(&id).await?.is_none() {
            store.erase(&id, by, Timestamp::now()).await?;
        }
    }
    erased.backups_known = !config.privacy.backups.is_empty();
    if let Some(since) = since {
        erased.backups = backup::held(&config.privacy)?;
        erased.backups.retain(|backup| backup.made_at >= since);
    }
    Ok(erased)
}

/// Condemns the dead letters that name a person.
struct AboutPerson<'a> {
    store: &'a SqlStore,
    cpr: &'a str,
    limits: Limits,
    reader: Option<Arc<dyn Documents>>,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    ids: Vec<LetterId>,
    /// Bytes that lay in the store.
    stored: Vec<RawId>,
    unread: u64,
}

impl<'a> AboutPerson<'a> {
    fn new(config: &Config, store: &'a SqlStore, cpr: &'a str) -> Self {
        let reader = documents::reader_when_asked(config);
        let found = Mutex::default();
        Self { store, cpr, limits: config.limits.clone(), reader, found }
    }
}

#[async_trait]
impl DeadJudge for AboutPerson<'_> {
    async fn condemns(&self, _id: &str, body: &Body, _at: Option<Timestamp>) -> bool {
        let raw = match body {
            Body::Inline(raw) => Some(raw.clone()),
            Body::Stored(raw_id) => self.store.raw(raw_id).await.ok().flatten(),
        };
        let (reader, limits) = (self.reader.clone(), self.limits.clone());
        // A dead letter may be one that panics whoever reads it.
        let letter = match raw {
            Some(raw) => {
                tokio::task::spawn_blocking(move || named(&raw, &limits, reader)).await.ok()
            }
            None => None,
        };
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((letter, cprs)) = letter else {
            found.unread += 1;
            return false;
        };
        if !cprs.iter().any(|cpr| cpr == self.cpr) {
            return false;
        }
        found.ids.push(letter);
        if let Body::Stored(raw_id) = body {
            found.stored.push(raw_id.clone());
        }
        true
    }
}

/// A letter's id, and the CPR numbers in it and in its documents.
fn named(
    raw: &[u8],
    limits: &Limits,
    reader: Option<Arc<dyn Documents>>,
) -> (LetterId, Vec<String>) {
    let mut letter: Letter = read(raw, limits);
    if let Some(reader) = reader.filter(|_| !letter.documents.is_empty()) {
        reader.attach(&mut letter);
    }
    let cprs = letter.cpr_numbers(raw);
    (letter.id, cprs)
}
