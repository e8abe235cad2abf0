//! Divides the labels into groups that are certified together, by the number of their letters.

use std::collections::BTreeMap;

use super::Promise;
use super::sequence::{START, first_rank};
use crate::binomial::fewest_letters;
use crate::policy::{Candidate, Policy};

/// The groups and the level at which each is tested.
pub(super) struct Formed {
    pub(super) members: Vec<(Vec<usize>, Vec<Candidate>)>,
    pub(super) level: f64,
}

/// A label stands alone when its first test, with one error allowed, needs no more than a fifth
/// of its letters, however many others stand alone beside it; the others of a pool stand together.
/// Looks at numbers of letters only, never at which are wrong.
pub(super) fn form(candidates: &[Candidate], policy: &Policy, promise: Promise) -> Formed {
    let left_over = 1.0 - promise.confidence();
    let mut letters = vec![0_u64; policy.pools.len()];
    for candidate in candidates {
        letters[candidate.label] += 1;
    }
    let alone = alone(&letters, policy, promise);
    let mut by_group: BTreeMap<(Option<u16>, usize), Vec<usize>> = BTreeMap::new();
    for (label, &alone) in alone.iter().enumerate() {
        let Some(pool) = policy.pool(label) else {
            continue;
        };
        // Pools first, in order, then single labels.
        let key = if alone { (None, label) } else { (Some(pool), 0) };
        by_group.entry(key).or_default().push(label);
    }
    let members: Vec<(Vec<usize>, Vec<Candidate>)> = by_group
        .into_values()
        .map(|labels| {
            let own = candidates.iter().filter(|c| labels.contains(&c.label));
            let own = own.copied().collect();
            (labels, own)
        })
        .collect();
    // What cannot be tested for want of letters takes nothing from the others.
    let strictest = left_over / members.len().max(1) as f64;
    let testable = |group: &&(Vec<usize>, Vec<Candidate>)| {
        first_rank(group.1.len(), promise.target(), strictest).is_some()
    };
    let tested = members.iter().filter(testable).count();
    Formed { level: left_over / tested.max(1) as f64, members }
}

/// Which labels have letters enough to stand alone.
fn alone(letters: &[u64], policy: &Policy, promise: Promise) -> Vec<bool> {
    let mut alone = vec![false; letters.len()];
    let mut pools: Vec<u16> = policy.pools.iter().flatten().copied().collect();
    pools.sort_unstable();
    pools.dedup();
    let mut largest: Vec<usize> =
        (0..letters.len()).filter(|&label| policy.pool(label).is_some()).collect();
    largest.sort_by_key(|&label| (std::cmp::Reverse(letters[label]), label));
    for (index, &label) in largest.iter().enumerate() {
        let level = (1.0 - promise.confidence()) / (index + 1 + pools.len()) as f64;
        let needed = fewest_letters(1, promise.target(), level);
        if needed.is_none_or(|needed| letters[label] < needed.saturating_mul(START)) {
            break;
        }
        alone[label] = true;
    }
    alone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(counts: &[usize]) -> Vec<Candidate> {
        let of = |(label, &count): (usize, &usize)| {
            let candidate = Candidate { label, probability: 0.5, wrong: false };
            std::iter::repeat_n(candidate, count)
        };
        counts.iter().enumerate().flat_map(of).collect()
    }

    fn groups(counts: &[usize], pools: &[Option<u16>]) -> (Vec<Vec<usize>>, f64) {
        let mut policy = Policy::all(counts.len());
        policy.pools = pools.to_vec();
        let formed = form(&letters(counts), &policy, Promise::default());
        let labels = formed.members.into_iter().map(|(labels, _)| labels);
        (labels.collect(), formed.level)
    }

    #[test]
    fn few_letters_are_pooled() {
        let (labels, level) = groups(&[40, 300, 90, 500], &[Some(0), Some(0), None, Some(0)]);
        assert_eq!(labels, [vec![0, 1, 3]]);
        assert!((level - 0.05).abs() < 1e-12);
    }

    #[test]
    fn many_letters_stand_alone_and_the_promise_is_divided() {
        let (labels, level) = groups(&[40, 9_000, 500, 8_000], &[Some(0); 4]);
        assert_eq!(labels, [vec![1], vec![3], vec![0, 2]]);
        assert!((level - 0.05 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn pools_stay_apart_and_one_too_small_to_test_costs_nothing() {
        let (labels, level) = groups(&[400, 60, 400], &[Some(0), Some(1), Some(0)]);
        assert_eq!(labels, [vec![0, 2], vec![1]]);
        assert!((level - 0.05).abs() < 1e-12);
    }
}
