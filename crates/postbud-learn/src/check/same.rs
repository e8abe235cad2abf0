//! Letters with the same words: used once; with two labels, the later one if dates tell.

use std::collections::{BTreeSet, HashMap};

use rayon::prelude::*;

use super::Finding;
use crate::letter::LabelledLetter;

/// So many letters of one finding are named.
pub(super) const NAMED: usize = 20;

/// Which letters are used, and what was found of the others.
#[derive(Default)]
pub(super) struct Same {
    /// Per letter: is it used?
    pub(super) take: Vec<bool>,
    /// The same words with different labels.
    pub(super) conflicts: Vec<Finding>,
    /// The same words with the same label.
    pub(super) duplicates: Vec<Finding>,
    /// Letters that were left out because nobody knows which label is right.
    pub(super) left_out: usize,
}

/// Looks for letters with the same words, whatever their case and spacing.
pub(super) fn find(letters: &[LabelledLetter]) -> Same {
    let prints: Vec<[u8; 32]> = letters.par_iter().map(LabelledLetter::fingerprint).collect();
    let mut same: HashMap<[u8; 32], Vec<usize>> = HashMap::new();
    for (index, print) in prints.into_iter().enumerate() {
        same.entry(print).or_default().push(index);
    }
    let mut repeated: Vec<Vec<usize>> = same.into_values().filter(|all| all.len() > 1).collect();
    repeated.sort_unstable();
    let mut found = Same { take: vec![true; letters.len()], ..Same::default() };
    for all in repeated {
        found.judge(letters, &all);
    }
    found
}

impl Same {
    fn judge(&mut self, letters: &[LabelledLetter], all: &[usize]) {
        let labels: BTreeSet<&str> = all.iter().map(|&at| letters[at].label.as_str()).collect();
        let named = |at: usize| (letters[at].id.clone(), letters[at].label.clone());
        let kept = if labels.len() == 1 { all.first().copied() } else { latest(letters, all) };
        let others: Vec<usize> = all.iter().copied().filter(|&at| Some(at) != kept).collect();
        others.iter().for_each(|&at| self.take[at] = false);
        match kept {
            Some(kept) if labels.len() == 1 => {
                self.duplicates.extend(others.iter().map(|&at| Finding::Duplicate {
                    kept: letters[kept].id.clone(),
                    dropped: letters[at].id.clone(),
                }));
            }
            Some(kept) => self.conflicts.push(Finding::Settled {
                kept: named(kept),
                dropped: others.iter().take(NAMED).map(|&at| named(at)).collect(),
            }),
            None => {
                self.left_out += all.len();
                let letters = all.iter().take(NAMED).map(|&at| named(at)).collect();
                self.conflicts.push(Finding::Conflict { letters });
            }
        }
    }
}

/// The letter whose label was set last; where that is not known, the one that was sent last.
/// `None` when dates do not tell, or the last ones differ.
fn latest(letters: &[LabelledLetter], all: &[usize]) -> Option<usize> {
    let by = |date: &dyn Fn(&LabelledLetter) -> Option<i64>| {
        let dates: Option<Vec<i64>> = all.iter().map(|&at| date(&letters[at])).collect();
        let dates = dates?;
        let last = dates.iter().max()?;
        let mut newest = all.iter().zip(&dates).filter(|(_, date)| *date == last);
        let (&first, _) = newest.next()?;
        newest.all(|(&at, _)| letters[at].label == letters[first].label).then_some(first)
    };
    by(&|letter| letter.labelled_at).or_else(|| by(&|letter| letter.sent_at))
}
