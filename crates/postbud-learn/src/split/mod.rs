//! Which letters are kept out of training to judge with: the newest where letters carry dates,
//! otherwise a fifth by chance; threads and near-duplicates are never divided.

mod hash;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::Checked;

pub use hash::held_out;

/// The part that is held out.
const ONE_IN: usize = 5;
/// Letters are divided by time when at least this many of ten carry a date.
const DATED_OF_TEN: usize = 9;

/// Whether letters are kept out of training.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HeldOut {
    /// Train on everything; what is reported was measured by cross-validation.
    #[default]
    None,
    /// Keep a fifth out, chosen by [`held_out`] from the ids alone, and report figures on them.
    ByHash,
    /// Keep the newest fifth out where letters carry dates, otherwise as [`HeldOut::ByHash`].
    Fifth,
}

/// How letters were divided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum DividedBy {
    /// Not at all.
    #[default]
    Nothing,
    /// By time: what was sent from this moment on was held out.
    Time {
        /// In UTC milliseconds since 1970.
        from: i64,
    },
    /// By chance, from the ids.
    Chance,
}

/// Letters divided into those to learn from and those to judge with, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// To learn from, rising.
    pub training: Vec<usize>,
    /// To judge with, rising.
    pub held: Vec<usize>,
    /// How they were divided.
    pub by: DividedBy,
}

/// Divides letters. The same letters are divided the same way, in whatever order they come.
#[must_use]
pub fn split(checked: &Checked<'_>, held_out: HeldOut) -> Split {
    let groups = groups(checked);
    let (held, by) = match held_out {
        HeldOut::None => (Vec::new(), DividedBy::Nothing),
        HeldOut::ByHash => (by_chance(checked, &groups), DividedBy::Chance),
        HeldOut::Fifth => match by_time(checked, &groups) {
            Some((held, from)) => (held, DividedBy::Time { from }),
            None => (by_chance(checked, &groups), DividedBy::Chance),
        },
    };
    let mut is_held = vec![false; checked.letters.len()];
    held.iter().for_each(|&at| is_held[at] = true);
    let (held, training) = (0..checked.letters.len()).partition(|&at| is_held[at]);
    Split { training, held, by }
}

/// Letters that must not be divided, each alone or in its group.
fn groups(checked: &Checked<'_>) -> Vec<Vec<usize>> {
    let mut named: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut groups = Vec::new();
    for (at, group) in checked.groups.iter().enumerate() {
        match group {
            Some(name) => named.entry(name).or_default().push(at),
            None => groups.push(vec![at]),
        }
    }
    groups.extend(named.into_values());
    groups
}

/// The smallest id: the group's own, whatever the order of its letters.
fn id<'a>(checked: &'a Checked<'_>, group: &[usize]) -> &'a str {
    group.iter().map(|&at| checked.letters[at].id.as_str()).min().unwrap_or_default()
}

fn by_chance(checked: &Checked<'_>, groups: &[Vec<usize>]) -> Vec<usize> {
    let chosen = groups.iter().filter(|group| held_out(id(checked, group)));
    chosen.flatten().copied().collect()
}

/// The newest fifth, and from when on. A thread is as old as its first letter, so that nothing
/// that was learnt from is answered in what is judged. `None` when too few letters carry a date.
fn by_time(checked: &Checked<'_>, groups: &[Vec<usize>]) -> Option<(Vec<usize>, i64)> {
    let all = checked.letters.len();
    let dated = checked.letters.iter().filter(|letter| letter.sent_at.is_some()).count();
    if dated * 10 < all * DATED_OF_TEN || dated < ONE_IN {
        return None;
    }
    let first = |group: &Vec<usize>| {
        let dates: Option<Vec<i64>> = group.iter().map(|&at| checked.letters[at].sent_at).collect();
        dates?.into_iter().min()
    };
    let mut known: Vec<(i64, &str, &Vec<usize>)> = groups
        .iter()
        .filter_map(|group| Some((first(group)?, id(checked, group), group)))
        .collect();
    known.sort_unstable();
    // All of one moment: somebody's export, and no dates.
    if known.first()?.0 == known.last()?.0 {
        return None;
    }
    let (mut held, mut from) = (Vec::new(), known.last()?.0);
    for (date, _, group) in known.iter().rev() {
        if held.len() >= all / ONE_IN {
            break;
        }
        held.extend(group.iter().copied());
        from = *date;
    }
    (!held.is_empty()).then_some((held, from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;
    use crate::letter::LabelledLetter;

    fn letters(dated: bool) -> Vec<LabelledLetter> {
        let letter = |n: i64| {
            let mut letter = LabelledLetter::new("x", "", &format!("a{n} b{n} c{n} d{n}"));
            letter.id = format!("L{n:04}");
            letter.sent_at = dated.then_some(n * 7 % 100);
            letter
        };
        (0..100).map(letter).collect()
    }

    fn ids(checked: &Checked<'_>, numbers: &[usize]) -> Vec<String> {
        let mut ids: Vec<String> =
            numbers.iter().map(|&at| checked.letters[at].id.clone()).collect();
        ids.sort();
        ids
    }

    #[test]
    fn the_newest_fifth_where_letters_carry_dates() {
        let mut letters = letters(true);
        letters[0].sent_at = None;
        let checked = check(&letters);
        let found = split(&checked, HeldOut::Fifth);
        assert_eq!((found.held.len(), found.training.len()), (20, 80));
        assert_eq!(found.by, DividedBy::Time { from: 80 });
        assert!(found.held.iter().all(|&at| checked.letters[at].sent_at >= Some(80)));
        let before = ids(&checked, &found.held);
        letters.reverse();
        let checked = check(&letters);
        assert_eq!(ids(&checked, &split(&checked, HeldOut::Fifth).held), before);
    }

    #[test]
    fn a_thread_is_as_old_as_its_first_letter() {
        let mut letters = letters(true);
        let newest = letters.iter().position(|letter| letter.sent_at == Some(99)).unwrap();
        let oldest = letters.iter().position(|letter| letter.sent_at == Some(3)).unwrap();
        letters[newest].thread = vec!["t".to_owned()];
        letters[oldest].thread = vec!["t".to_owned()];
        let found = split(&check(&letters), HeldOut::Fifth);
        assert!(!found.held.contains(&newest) && found.held.len() == 20);
    }

    #[test]
    fn by_chance_where_they_do_not() {
        let mut letters = letters(false);
        let found = split(&check(&letters), HeldOut::Fifth);
        assert_eq!(found.by, DividedBy::Chance);
        let wanted: Vec<usize> = (0..100).filter(|&at| held_out(&letters[at].id)).collect();
        assert_eq!(found.held, wanted);
        assert_eq!(split(&check(&letters), HeldOut::ByHash), found);
        assert!(split(&check(&letters), HeldOut::None).held.is_empty());
        // The same moment for all is no date.
        letters.iter_mut().for_each(|letter| letter.sent_at = Some(5));
        assert_eq!(split(&check(&letters), HeldOut::Fifth).by, DividedBy::Chance);
        // A thread goes where its smallest id goes.
        let (out, inside) = (wanted[0], (0..100).find(|at| !wanted.contains(at)).unwrap());
        letters[out].thread = vec!["t".to_owned()];
        letters[inside].thread = vec!["t".to_owned()];
        let found = split(&check(&letters), HeldOut::ByHash);
        assert_eq!(found.held.contains(&out), found.held.contains(&inside));
    }
}
