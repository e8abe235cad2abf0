//! A person's letters go, wherever Postbud has them: in the store, among the dead letters of the queue,
//! in files beside both and, in their own time, in backups.

use postbud_pipeline::ports::{Erasure, LabelError, Queue, Store as _, Timestamp};
use postbud_store::{PersonKey, SqlStore};

use super::dead::{AboutPerson, Fate};
use super::{files, index};
use crate::commands::backup;
use crate::config::Config;

/// Erases everything about a person. Nothing is erased while the queue is away.
pub(super) async fn erase(
    config: &Config,
    store: &SqlStore,
    queue: &dyn Queue,
    (key, cpr): (&PersonKey, &str),
    by: &str,
) -> anyhow::Result<Erasure> {
    let depth = queue.depth().await?;
    let judge = AboutPerson::new(config, store, cpr, Fate::Erased);
    let dead = queue.erase_dead(&judge).await?;
    let found = judge.found();
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
    let files = files::erase(config, store, cpr, &erased.on_their_way).await;
    (erased.files, erased.unread_files) = (files.gone, files.unread);
    erased.waiting = depth.waiting + depth.retrying;
    erased.imap = config.intake.as_ref().is_some_and(|intake| !intake.options.imap.is_empty());
    erased.backups_known = !config.privacy.backups.is_empty();
    if let Some(since) = since {
        erased.backups = backup::held(&config.privacy)?;
        erased.backups.retain(|backup| backup.made_at >= since);
    }
    Ok(erased)
}
