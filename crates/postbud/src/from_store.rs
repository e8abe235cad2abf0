//! Letters to learn from out of Postbud's own store: those that a person has labelled.

use std::collections::HashSet;

use postbud_learn::{LabelledLetter, MAX_LETTERS, read_one};
use postbud_letter::{Limits, language};
use postbud_pipeline::ports::Store as _;
use postbud_store::{SqlStore, TrainingLabel};

use crate::config::Config;
use crate::exit::{self, Failure};
use crate::wiring;

/// Labels that are asked for at a time.
const PAGE: u32 = 1_000;

/// What the store has to learn from.
#[derive(Default)]
pub(crate) struct Stored {
    /// Letters with the label that holds, by id.
    pub(crate) letters: Vec<LabelledLetter>,
    /// Labelled letters without anything to read.
    pub(crate) unreadable: usize,
    /// Ids of letters that were erased: they count no more, wherever else they lie.
    pub(crate) erased: HashSet<String>,
}

/// What the store that a configuration names has to learn from. For commands that are not async.
pub(crate) fn stored(config: &Config) -> anyhow::Result<Stored> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = wiring::store(config).await?;
        let stored = read(&store, &config.limits).await?;
        store.close().await;
        Ok(stored)
    })
}

/// Reads them, one letter's bytes at a time: what stays in memory is what a model reads of them.
pub(crate) async fn read(store: &SqlStore, limits: &Limits) -> anyhow::Result<Stored> {
    let mut stored = Stored::default();
    let mut after = None;
    loop {
        let page = store.training_labels(after.as_ref(), PAGE).await?;
        for label in &page {
            match letter(store, label, limits).await? {
                Some(letter) => stored.letters.push(letter),
                None => stored.unreadable += 1,
            }
        }
        if stored.letters.len() > MAX_LETTERS {
            let message = format!("more than {MAX_LETTERS} labelled letters are too many");
            return Err(Failure::new(exit::FAILED, message).into());
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = Some(last.label.letter.clone()),
            _ => break,
        }
    }
    stored.erased = erased(store).await?;
    Ok(stored)
}

async fn erased(store: &SqlStore) -> anyhow::Result<HashSet<String>> {
    let mut ids = HashSet::new();
    let mut after = None;
    loop {
        let page = store.erased(after.as_ref(), PAGE).await?;
        ids.extend(page.iter().map(ToString::to_string));
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = Some(last.clone()),
            _ => return Ok(ids),
        }
    }
}

async fn letter(
    store: &SqlStore,
    found: &TrainingLabel,
    limits: &Limits,
) -> anyhow::Result<Option<LabelledLetter>> {
    let label = &found.label;
    let Some(raw) = store.raw(&label.raw_id).await? else {
        return Ok(None);
    };
    let Ok(mut letter) = read_one(&raw, label.mailbox.as_str(), limits) else {
        return Ok(None);
    };
    // A letter whose id was taken is stored under one of its own.
    label.letter.as_str().clone_into(&mut letter.id);
    // When it came is known here; what a sender writes as a date need not be true.
    letter.sent_at = Some(found.received_at.0);
    letter.labelled_at = Some(label.at.0);
    letter.language = Some(language::detect(&letter.body).as_str())
        .filter(|language| *language != "unknown")
        .map(str::to_owned);
    Ok(Some(letter))
}

/// Base letters and those of the store as one: of a letter in both, the store's label is the
/// newer one; a letter that was erased from the store is in neither.
pub(crate) fn merged(base: Vec<LabelledLetter>, stored: Stored) -> Vec<LabelledLetter> {
    let known: HashSet<&str> = stored.letters.iter().map(|letter| letter.id.as_str()).collect();
    let counts = |letter: &LabelledLetter| {
        !known.contains(letter.id.as_str()) && !stored.erased.contains(&letter.id)
    };
    let mut letters: Vec<LabelledLetter> = base.into_iter().filter(counts).collect();
    letters.extend(stored.letters);
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(id: &str, label: &str) -> LabelledLetter {
        let mut letter = LabelledLetter::new(label, "", id);
        letter.id = id.to_owned();
        letter
    }

    #[test]
    fn the_store_knows_better_and_what_was_erased_is_gone() {
        let base = vec![letter("a", "affald"), letter("b", "affald"), letter("c", "affald")];
        let stored = Stored {
            letters: vec![letter("b", "vej-park"), letter("d", "vej-park")],
            unreadable: 0,
            erased: HashSet::from(["c".to_owned()]),
        };
        let all = merged(base, stored);
        let shown: Vec<_> = all.iter().map(|l| (l.id.as_str(), l.label.as_str())).collect();
        assert_eq!(shown, [("a", "affald"), ("b", "vej-park"), ("d", "vej-park")]);
    }
}
