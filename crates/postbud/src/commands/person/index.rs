//! Brings the index of people up to date: looks through every letter that nobody has looked through.

use postbud_letter::read;
use postbud_pipeline::ports::{Store as _, Timestamp};
use postbud_store::{PersonKey, SqlStore};

use crate::config::Config;
use crate::documents;

/// Letters that are asked for at a time.
const PAGE: u32 = 100;

/// Notes for each new letter whom it names: in its header, its text and its documents.
pub(super) async fn catch_up(
    config: &Config,
    store: &SqlStore,
    key: &PersonKey,
) -> anyhow::Result<()> {
    let reader = documents::reader_when_asked(config);
    loop {
        let page = store.without_persons(PAGE).await?;
        if page.is_empty() {
            return Ok(());
        }
        for (id, raw_id) in page {
            let raw = store.raw(&raw_id).await?.unwrap_or_default();
            let (reader, limits) = (reader.clone(), config.limits.clone());
            let cprs = tokio::task::spawn_blocking(move || {
                let mut letter = read(&raw, &limits);
                if let Some(reader) = reader.filter(|_| !letter.documents.is_empty()) {
                    reader.attach(&mut letter);
                }
                letter.cpr_numbers(&raw)
            })
            .await?;
            store.note_persons(key, &id, &cprs, Timestamp::now()).await?;
        }
    }
}
