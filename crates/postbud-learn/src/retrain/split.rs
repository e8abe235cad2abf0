//! Which letters are kept out to judge on: the newest, as the letters of next week will be newer
//! than those a model was trained on.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::letter::LabelledLetter;
use crate::split::held_out;

/// One letter in so many is kept out.
const ONE_IN: usize = 5;
/// With fewer letters that carry a date than this, time is no guide.
const FEWEST_DATED: usize = 60;

/// How the letters to judge on were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeptOut {
    /// The newest letters.
    Time,
    /// A fifth by their ids, since too few letters carry a date.
    Id,
}

/// Numbers of letters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) by: KeptOut,
    pub(super) training: Vec<usize>,
    pub(super) held: Vec<usize>,
}

/// The newest fifth of the letters, but of those with a date never more than half: where few are
/// dated, the trial must learn from some of them. What shares a group with a letter that is kept
/// out is in neither part.
pub(super) fn newest(letters: &[&LabelledLetter], groups: &[Option<String>]) -> Split {
    let when = |at: &usize| letters.get(*at).and_then(|l| l.sent_at.or(l.labelled_at));
    let mut dated: Vec<usize> = (0..letters.len()).filter(|at| when(at).is_some()).collect();
    // The newest last; of the same moment by id, so that the order of the letters does not matter.
    dated.sort_by_key(|at| (when(at), letters.get(*at).map(|letter| letter.id.as_str())));
    let (by, held): (_, HashSet<usize>) = if dated.len() < FEWEST_DATED {
        let chosen = |at: &usize| letters.get(*at).is_some_and(|letter| held_out(&letter.id));
        (KeptOut::Id, (0..letters.len()).filter(chosen).collect())
    } else {
        let count = (letters.len() / ONE_IN).min(dated.len() / 2);
        (KeptOut::Time, dated.iter().rev().take(count).copied().collect())
    };
    let group = |at: &usize| groups.get(*at).and_then(Option::as_deref);
    let kept_out: HashSet<&str> = held.iter().filter_map(group).collect();
    let apart = |at: &usize| group(at).is_none_or(|group| !kept_out.contains(group));
    let all = || 0..letters.len();
    Split {
        by,
        training: all().filter(|at| !held.contains(at)).filter(apart).collect(),
        held: all().filter(|at| held.contains(at)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn letters(dates: &[Option<i64>]) -> Vec<LabelledLetter> {
        let one = |(n, date): (usize, &Option<i64>)| {
            let mut letter = LabelledLetter::new("affald", "", &format!("brev {n}"));
            letter.sent_at = *date;
            letter
        };
        dates.iter().enumerate().map(one).collect()
    }

    proptest! {
        #[test]
        fn nothing_held_out_is_older_than_what_is_learnt_or_in_its_group(
            dates in prop::collection::vec(prop::option::weighted(0.8, 0_i64..50), 0..200),
            groups in prop::collection::vec(prop::option::of(0_u8..40), 200),
        ) {
            let owned = letters(&dates);
            let letters: Vec<&LabelledLetter> = owned.iter().collect();
            let groups: Vec<Option<String>> =
                groups.iter().take(letters.len()).map(|g| g.map(|g| g.to_string())).collect();
            let split = newest(&letters, &groups);
            for at in &split.held {
                prop_assert!(!split.training.contains(at));
                if let Some(group) = &groups[*at] {
                    prop_assert!(split.training.iter().all(|t| groups[*t].as_ref() != Some(group)));
                }
            }
            prop_assert!(split.held.len() <= letters.len() / 5 || split.by == KeptOut::Id);
            if split.by == KeptOut::Time {
                let oldest = split.held.iter().filter_map(|&at| dates[at]).min();
                let newest = split.training.iter().filter_map(|&at| dates[at]).max();
                prop_assert!(newest <= oldest || oldest.is_none());
                prop_assert!(split.held.iter().all(|&at| dates[at].is_some()));
            }
        }
    }
}
