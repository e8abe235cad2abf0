//! Checks training letters before anything is learnt from them.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::Xxh3;

use crate::error::TrainError;
use crate::train::Example;

/// At most this many letters in one training.
pub const MAX_LETTERS: usize = 2_000_000;
/// At most this many labels.
pub const MAX_LABELS: usize = 2_000;
/// A label is at most this many bytes long.
pub const MAX_LABEL_BYTES: usize = 256;

/// Training letters that can be learnt from.
pub(crate) struct Checked {
    /// Labels and how often each occurs, sorted.
    pub(crate) counts: Vec<(String, u32)>,
    /// Per letter, the position of its label.
    pub(crate) targets: Vec<u32>,
    /// Per letter, a number that its group shares.
    pub(crate) groups: Vec<u64>,
    /// Per letter, a number that its sender's letters share.
    pub(crate) senders: Vec<u64>,
}

pub(crate) fn check(letters: &[Example<'_>]) -> Result<Checked, TrainError> {
    if letters.is_empty() {
        return Err(TrainError::Empty);
    }
    if letters.len() > MAX_LETTERS {
        return Err(TrainError::TooManyLetters { letters: letters.len(), most: MAX_LETTERS });
    }
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for (letter, example) in letters.iter().enumerate() {
        if example.label.trim().is_empty() || example.label.len() > MAX_LABEL_BYTES {
            return Err(TrainError::BadLabel { letter, most: MAX_LABEL_BYTES });
        }
        *counts.entry(example.label).or_default() += 1;
    }
    if counts.len() > MAX_LABELS {
        return Err(TrainError::TooManyLabels { labels: counts.len(), most: MAX_LABELS });
    }
    if let (1, Some((label, _))) = (counts.len(), counts.first_key_value()) {
        return Err(TrainError::OneLabel { label: (*label).to_owned() });
    }
    let position: BTreeMap<&str, u32> = counts.keys().copied().zip(0..).collect();
    let groups: Vec<u64> = letters.iter().map(group).collect();
    let sender = |(letter, group): (&Example<'_>, &u64)| letter.sender.unwrap_or(*group);
    Ok(Checked {
        targets: letters.iter().map(|letter| position[letter.label]).collect(),
        senders: letters.iter().zip(&groups).map(sender).collect(),
        groups,
        counts: counts.into_iter().map(|(label, count)| (label.to_owned(), count)).collect(),
    })
}

/// The named group, else one of all letters with the same words.
fn group(example: &Example<'_>) -> u64 {
    let mut hasher = Xxh3::with_seed(u64::from(example.group.is_some()));
    match example.group {
        Some(group) => hasher.update(group.as_bytes()),
        None => {
            for word in
                [example.text.subject, example.text.body].iter().flat_map(|t| t.split_whitespace())
            {
                hasher.update(word.to_lowercase().as_bytes());
                hasher.update(b" ");
            }
        }
    }
    hasher.digest()
}

/// SHA-256 over labels and texts in order, each with its length before it.
pub(crate) fn hash(letters: &[Example<'_>]) -> String {
    let mut hasher = Sha256::new();
    for letter in letters {
        for text in [letter.label, letter.text.subject, letter.text.body] {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
    }
    crate::file::hex(&hasher.finalize())
}
