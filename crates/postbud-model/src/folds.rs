//! Divides examples into folds for cross-fitting.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// A fold for every example: each label spread evenly, all examples of one group in one fold
/// (the same letter twice, or a thread, must not stand on both sides). Depends on nothing but
/// the arguments.
pub(crate) fn assign(labels: &[u32], groups: &[u64], folds: usize, seed: u64) -> Vec<u8> {
    let folds = folds.clamp(2, 32);
    // A group goes where its first example goes.
    let mut members: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (index, &group) in groups.iter().enumerate() {
        members.entry(group).or_default().push(index);
    }
    let mut by_label: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    let mut firsts: Vec<usize> = members.values().filter_map(|m| m.first().copied()).collect();
    firsts.sort_unstable();
    for index in firsts {
        by_label.entry(labels[index]).or_default().push(index);
    }
    let mut out = vec![0; labels.len()];
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut next = 0;
    for firsts in by_label.values_mut() {
        firsts.shuffle(&mut random);
        for &first in firsts.iter() {
            for &index in &members[&groups[first]] {
                out[index] = u8::try_from(next % folds).unwrap_or(0);
            }
            next += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_spread_and_groups_stay_together() {
        let labels: Vec<u32> = (0..103).map(|i| i % 4).collect();
        let mut groups: Vec<u64> = (0..103).collect();
        groups[100] = 0;
        let folds = assign(&labels, &groups, 5, 1);
        assert_eq!(folds[100], folds[0]);
        for label in 0..4 {
            for fold in 0..5 {
                let count = (0..103).filter(|&i| labels[i] == label && folds[i] == fold).count();
                assert!((4..=7).contains(&count), "label {label} fold {fold}: {count}");
            }
        }
        assert_eq!(folds, assign(&labels, &groups, 5, 1));
        assert_ne!(folds, assign(&labels, &groups, 5, 2));
    }
}
