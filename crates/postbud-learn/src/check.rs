//! What is questionable about labelled letters, found before anything is trained on them.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::letter::LabelledLetter;

/// A mailbox with fewer letters than this is learnt poorly.
pub const ENOUGH_LETTERS: usize = 20;

/// Something a person should know or decide. Names letters by id only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Finding {
    /// The same words with different labels: nobody knows which is right, so none was used.
    Conflict {
        /// The letters and the labels they have.
        letters: Vec<(String, String)>,
    },
    /// A mailbox with fewer than [`ENOUGH_LETTERS`] letters.
    TooFew {
        /// The mailbox.
        label: String,
        /// How many it has.
        letters: usize,
        /// How many more it takes.
        more: usize,
    },
    /// The same words again with the same label: used once.
    Duplicate {
        /// The letter that was used.
        kept: String,
        /// The letter that was not.
        dropped: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { letters } => {
                let each: Vec<String> =
                    letters.iter().map(|(id, label)| format!("{id} ({label})")).collect();
                write!(
                    f,
                    "the same letter has different labels and was left out: {}; correct the labels",
                    each.join(", ")
                )
            }
            Self::TooFew { label, letters, more } => write!(
                f,
                "{label} has {letters} {}; {more} more would make it learnable",
                if *letters == 1 { "letter" } else { "letters" }
            ),
            Self::Duplicate { kept, dropped } => {
                write!(f, "{dropped} has the same words as {kept} and was used once")
            }
        }
    }
}

/// Letters that can be used, each once, in the order given, and what was found.
#[derive(Debug)]
pub struct Checked<'a> {
    /// The letters to use.
    pub letters: Vec<&'a LabelledLetter>,
    /// What a person should look at: conflicts, then mailboxes with too few letters, then
    /// duplicates.
    pub findings: Vec<Finding>,
}

/// Takes out duplicates and letters with conflicting labels, over all letters together, so that
/// none can be on both sides of a split.
#[must_use]
pub fn check(letters: &[LabelledLetter]) -> Checked<'_> {
    let mut same: HashMap<[u8; 32], Vec<usize>> = HashMap::new();
    for (index, letter) in letters.iter().enumerate() {
        same.entry(letter.fingerprint()).or_default().push(index);
    }
    let mut take = vec![true; letters.len()];
    let mut repeated: Vec<Vec<usize>> = same.into_values().filter(|all| all.len() > 1).collect();
    repeated.sort_unstable();
    let (mut findings, mut duplicates) = (Vec::new(), Vec::new());
    for all in repeated {
        let first = &letters[all[0]];
        let agree = all.iter().all(|&index| letters[index].label == first.label);
        let from = usize::from(agree);
        all.iter().skip(from).for_each(|&index| take[index] = false);
        if agree {
            duplicates.extend(all.iter().skip(1).map(|&index| Finding::Duplicate {
                kept: first.id.clone(),
                dropped: letters[index].id.clone(),
            }));
        } else {
            let each = all.iter().map(|&index| &letters[index]);
            let letters = each.map(|l| (l.id.clone(), l.label.clone())).collect();
            findings.push(Finding::Conflict { letters });
        }
    }
    let taken = letters.iter().zip(take).filter(|(_, take)| *take);
    let letters: Vec<&LabelledLetter> = taken.map(|(letter, _)| letter).collect();
    let counts = count(&letters);
    findings.extend(counts.into_iter().filter(|&(_, count)| count < ENOUGH_LETTERS).map(
        |(label, count)| Finding::TooFew {
            label: label.to_owned(),
            letters: count,
            more: ENOUGH_LETTERS - count,
        },
    ));
    findings.extend(duplicates);
    Checked { letters, findings }
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
mod tests {
    use super::*;

    fn letter(id: &str, label: &str, body: &str) -> LabelledLetter {
        let mut letter = LabelledLetter::new(label, "", body);
        letter.id = id.to_owned();
        letter
    }

    #[test]
    fn each_letter_once_and_none_that_is_argued_about() {
        let mut letters = vec![
            letter("1", "affald", "tøm min spand"),
            letter("2", "affald", "Tøm  min spand"),
            letter("3", "vej-park", "hul i vejen"),
            letter("4", "affald", "hul i vejen"),
            letter("5", "vej-park", "lygten er ude"),
        ];
        letters.extend((0..20).map(|n| letter(&format!("a{n}"), "affald", &format!("spand {n}"))));
        let checked = check(&letters);
        let ids: Vec<&str> = checked.letters.iter().map(|l| l.id.as_str()).take(3).collect();
        assert_eq!(ids, ["1", "5", "a0"]);
        let shown: Vec<String> = checked.findings.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(shown.join("\n"));
    }
}
