//! What `train` and `evaluate` are given: letters, labels that have changed, words.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use postbud_decide::MailboxId;
use postbud_learn::{
    LabelledLetter, Mapped, Mapping, Reading, Routing, Vocabulary, WordsUsed, read_all,
};
use postbud_model::Description;

use crate::config::Config;
use crate::exit::{self, Failure};
use crate::from_store::{Stored, merged};

/// The longest file of words or labels, in bytes.
const LIST_BYTES: u64 = 1 << 20;
/// So many skipped files are named on the screen.
const SHOWN: usize = 10;

/// Letters with the labels of today.
pub(crate) struct Given {
    /// The letters, and what was skipped.
    pub(crate) reading: Reading,
    /// What the mapping did; `None` without one.
    pub(crate) mapped: Option<Mapped>,
}

impl Given {
    /// Reads the letters and gives them the labels of today. `config` says which mailboxes there
    /// are beside those that letters have.
    pub(crate) fn read(
        paths: &[PathBuf],
        mapping: Option<&Path>,
        config: Option<&Config>,
    ) -> anyhow::Result<Self> {
        Self::read_with(paths, None, mapping, config)
    }

    /// The same, with what people have labelled in the store.
    pub(crate) fn read_with(
        paths: &[PathBuf],
        stored: Option<Stored>,
        mapping: Option<&Path>,
        config: Option<&Config>,
    ) -> anyhow::Result<Self> {
        let mapping = mapping.map(read_mapping).transpose()?;
        let mut reading = read_all(paths).map_err(|error| {
            let source = std::error::Error::source(&error);
            let because = source.map_or_else(String::new, |source| format!(": {source}"));
            Failure::new(exit::FAILED, format!("{error}{because}"))
        })?;
        if let Some(stored) = stored {
            reading.letters = merged(std::mem::take(&mut reading.letters), stored);
        }
        let mapped = match mapping {
            Some((path, mapping)) => {
                let mailboxes = config.map(|config| &config.settings.mailboxes);
                let known: BTreeSet<String> =
                    mailboxes.into_iter().flatten().map(|mailbox| mailbox.id.to_string()).collect();
                let mapped = mapping.apply(&mut reading.letters, &known);
                Some(mapped.map_err(|error| unusable(path, &error))?)
            }
            None => None,
        };
        Ok(Self { reading, mapped })
    }

    /// The labels that letters have.
    pub(crate) fn labels(&self) -> BTreeSet<String> {
        self.reading.letters.iter().map(|letter| letter.label.clone()).collect()
    }

    /// Says on standard error what was skipped.
    pub(crate) fn say_skipped(&self) {
        for skipped in self.reading.skipped.iter().take(SHOWN) {
            eprintln!("skipped: {skipped}");
        }
        if let Some(more @ 1..) = self.reading.skipped_count.checked_sub(SHOWN) {
            eprintln!("skipped: and {more} more");
        }
    }

    /// Where a letter was read, by its id.
    pub(crate) fn places(&self) -> BTreeMap<&str, &str> {
        let place = |letter: &'_ LabelledLetter| letter.place.is_some();
        let letters = self.reading.letters.iter().filter(|letter| place(letter));
        letters.map(|l| (l.id.as_str(), l.place.as_deref().unwrap_or_default())).collect()
    }
}

fn read_mapping(path: &Path) -> anyhow::Result<(&Path, Mapping)> {
    let text = list(path)?;
    let mapping = Mapping::read(&text).map_err(|error| unusable(path, &error))?;
    Ok((path, mapping))
}

/// The words for these labels, from the file and from Postbud's own list.
pub(crate) fn words(
    labels: &BTreeSet<String>,
    own: Option<&Path>,
    without_ours: bool,
    config: Option<&Config>,
) -> anyhow::Result<(Vec<Description>, WordsUsed)> {
    let own = match own {
        Some(path) => Description::read(&list(path)?).map_err(|error| unusable(path, &error))?,
        None => Vec::new(),
    };
    let ours = if without_ours { Vocabulary::default() } else { Vocabulary::shipped()? };
    let mailboxes = config.map(|config| &config.settings.mailboxes);
    let names = mailboxes.into_iter().flatten();
    let names = names.map(|mailbox| (mailbox.id.to_string(), mailbox.name.clone())).collect();
    Ok(ours.choose(labels, &names, &own))
}

/// The text of a list of at most a mebibyte.
fn list(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let failed = |what: String| Failure::new(exit::CONFIGURATION, format!("{shown} {what}"));
    let file = File::open(path).map_err(|error| failed(format!("cannot be read: {error}")))?;
    let mut text = String::new();
    let read = file.take(LIST_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| failed(format!("cannot be read: {error}")))?;
    if text.len() as u64 > LIST_BYTES {
        return Err(failed(format!("is longer than {LIST_BYTES} bytes")).into());
    }
    Ok(text)
}

fn unusable(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(exit::CONFIGURATION, format!("{} cannot be used: {error}", path.display()))
}

/// Labels that can be no mailbox.
pub(crate) fn no_mailboxes<'a>(labels: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let none = labels.into_iter().filter(|label| MailboxId::parse(label).is_err());
    none.cloned().collect()
}

/// What could be routed if every mailbox were switched on: all labels that can be mailboxes. Where
/// none can, they are the classes of some other collection, measured as if they were mailboxes.
pub(crate) fn all_switched_on(labels: &[String]) -> Routing {
    let never = no_mailboxes(labels);
    if never.len() == labels.len() {
        return Routing::without(&[]);
    }
    Routing::without(&never.iter().map(String::as_str).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_can_be_no_mailbox_are_never_routed_to() {
        let labels = ["Byg & Miljø", "Ældre og pleje", "vej-park"].map(str::to_owned);
        assert_eq!(no_mailboxes(&labels), ["Byg & Miljø"]);
        assert_eq!(all_switched_on(&labels).never, BTreeSet::from([labels[0].clone()]));
        let classes = ["sci.space", "rec.autos"].map(str::to_owned);
        assert!(all_switched_on(&classes).never.is_empty());
    }
}
