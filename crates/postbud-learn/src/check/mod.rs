//! What is questionable about labelled letters, found before anything is trained on them; and
//! probably wrong labels, found afterwards.

mod finding;
mod groups;
mod labels;
mod mapping;
mod near;
mod same;
mod union;

use std::collections::{BTreeMap, HashMap};

use postbud_model::Example;
use serde::{Deserialize, Serialize};

use crate::letter::LabelledLetter;

pub use finding::Finding;
pub use labels::{LabelCheck, MAX_SUSPECTS, Suspect, check_labels};
pub use mapping::{Mapped, Mapping, MappingError};

/// A mailbox with fewer letters than this is learnt poorly.
pub const ENOUGH_LETTERS: usize = 20;
/// Findings of one kind that are kept; more would be a list that nobody reads.
const FINDINGS: usize = 1_000;

/// Letters that can be used, each once, in the order given, and what was found.
#[derive(Debug)]
pub struct Checked<'a> {
    /// The letters to use.
    pub letters: Vec<&'a LabelledLetter>,
    /// Per letter the name of its group: letters of one thread, or with nearly the same words.
    /// They must stand on the same side of every split. `None` for a letter that stands alone.
    pub groups: Vec<Option<String>>,
    /// How many letters were what.
    pub tally: Tally,
    /// What a person should look at: conflicts first, then mailboxes with too few letters, then
    /// duplicates.
    pub findings: Vec<Finding>,
}

/// How many letters were what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Letters that were given.
    pub given: usize,
    /// Letters that can be used.
    pub used: usize,
    /// Letters that have the same words and the same label as another, or an older label.
    pub duplicates: usize,
    /// Letters that were left out because they have two labels.
    pub conflicts: usize,
    /// Letters with nearly the same words as another.
    pub near_duplicates: usize,
    /// Letters that are in a thread with another.
    pub in_threads: usize,
}

impl<'a> Checked<'a> {
    /// What a model learns from the letters of these numbers.
    #[must_use]
    pub fn examples(&self, numbers: &[usize]) -> Vec<Example<'_>> {
        let example = |&at: &usize| {
            let letter = self.letters.get(at)?;
            Some(Example { group: self.groups.get(at)?.as_deref(), ..letter.example() })
        };
        numbers.iter().filter_map(example).collect()
    }

    /// The letters of these numbers.
    #[must_use]
    pub fn chosen(&self, numbers: &[usize]) -> Vec<&'a LabelledLetter> {
        numbers.iter().filter_map(|&at| self.letters.get(at).copied()).collect()
    }
}

/// Takes out duplicates and letters with conflicting labels, over all letters together, so that
/// none can be on both sides of a split.
#[must_use]
pub fn check(letters: &[LabelledLetter]) -> Checked<'_> {
    let same = same::find(letters);
    let taken = letters.iter().zip(&same.take).filter(|(_, take)| **take);
    let used: Vec<&LabelledLetter> = taken.map(|(letter, _)| letter).collect();
    let groups = groups::find(&used);
    let mut findings = same.conflicts;
    findings.truncate(FINDINGS);
    findings.extend(alike(&used, &groups.near).into_iter().take(FINDINGS));
    findings.extend(too_few(&used));
    findings.extend(one_id(&used));
    findings.extend(groups.forms.iter().take(FINDINGS).map(|form| Finding::Form {
        letters: form.len(),
        first: form.first().map(|&at| used[at].id.clone()).unwrap_or_default(),
    }));
    let tally = Tally {
        given: letters.len(),
        used: used.len(),
        duplicates: letters.len() - used.len() - same.left_out,
        conflicts: same.left_out,
        near_duplicates: groups.near.iter().chain(&groups.forms).map(Vec::len).sum(),
        in_threads: groups.in_threads,
    };
    findings.extend(same.duplicates.into_iter().take(FINDINGS));
    let groups = groups.of.iter().map(|group| group.map(|number| number.to_string())).collect();
    Checked { letters: used, groups, tally, findings }
}

/// Sets of near letters whose labels differ.
fn alike(letters: &[&LabelledLetter], near: &[Vec<usize>]) -> Vec<Finding> {
    let differ = |set: &&Vec<usize>| {
        let first = set.first().map(|&at| &letters[at].label);
        set.iter().any(|&at| Some(&letters[at].label) != first)
    };
    let named = |&at: &usize| (letters[at].id.clone(), letters[at].label.clone());
    let alike = near.iter().filter(differ);
    alike
        .map(|set| Finding::Alike { letters: set.iter().take(same::NAMED).map(named).collect() })
        .collect()
}

fn too_few(letters: &[&LabelledLetter]) -> Vec<Finding> {
    let few = count(letters).into_iter().filter(|&(_, count)| count < ENOUGH_LETTERS);
    let finding = |(label, count): (&str, usize)| Finding::TooFew {
        label: label.to_owned(),
        letters: count,
        more: ENOUGH_LETTERS - count,
    };
    few.map(finding).collect()
}

fn one_id(letters: &[&LabelledLetter]) -> Option<Finding> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for letter in letters {
        *counts.entry(&letter.id).or_default() += 1;
    }
    let ids = counts.values().filter(|&&count| count > 1).count();
    let first = letters.iter().find(|letter| counts[letter.id.as_str()] > 1)?;
    Some(Finding::OneId { ids, first: first.id.clone() })
}

/// How many letters each label has.
#[must_use]
pub fn count<'a>(letters: &[&'a LabelledLetter]) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for letter in letters {
        *counts.entry(letter.label.as_str()).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests;
