//! Features that only a few people's letters have are left out of a model, so that nobody can ask it
//! whether a name, an address or another rare word stood in somebody's letter.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;

use rayon::prelude::*;

use crate::bags::Bags;
use crate::corpus::{Identity, SHARDS, of_shard};

/// Who sent each letter, and of how many senders a feature must be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Senders<'a> {
    /// Per letter, a number that is the same for letters of one sender.
    pub(crate) of: &'a [u64],
    /// The fewest different senders.
    pub(crate) least: u32,
}

type Features = HashSet<u32, BuildHasherDefault<Identity>>;

impl Senders<'_> {
    /// The features that enough senders use; `None` where one is enough. The texts of `bags` are the
    /// letters, in order.
    pub(crate) fn shared(&self, bags: &[Bags]) -> Option<Features> {
        if self.least <= 1 {
            return None;
        }
        // Sorted by sender, so that the last one seen says whether this one is new.
        let mut texts: Vec<(u64, &[u32])> =
            self.of.iter().copied().zip(bags.iter().flat_map(Bags::texts)).collect();
        texts.par_sort_by_key(|(sender, _)| *sender);
        let shards: Vec<Features> =
            (0..SHARDS).into_par_iter().map(|shard| self.of_texts(&texts, shard)).collect();
        Some(shards.into_iter().flatten().collect())
    }

    fn of_texts(&self, texts: &[(u64, &[u32])], shard: u32) -> Features {
        let mut seen: HashMap<u32, (u64, u32), BuildHasherDefault<Identity>> = HashMap::default();
        for &(sender, ids) in texts {
            for id in of_shard(ids, shard) {
                let (last, senders) = seen.entry(id).or_insert((sender, 1));
                if *last != sender {
                    (*last, *senders) = (sender, *senders + 1);
                }
            }
        }
        seen.into_iter().filter(|(_, (_, n))| *n >= self.least).map(|(id, _)| id).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn kept_is_exactly_what_enough_senders_use(
            letters in prop::collection::vec((0_u64..5, prop::collection::btree_set(any::<u32>().prop_map(|id| id & 0xf000_0003), 0..6)), 1..40),
            least in 2_u32..4,
            split in 1_usize..10,
        ) {
            let of: Vec<u64> = letters.iter().map(|(sender, _)| *sender).collect();
            let bags: Vec<Bags> = letters
                .chunks(split)
                .map(|chunk| {
                    let mut bags = Bags::default();
                    for (_, ids) in chunk {
                        bags.ids.extend(ids);
                        bags.ends.push(bags.ids.len());
                    }
                    bags
                })
                .collect();
            let shared = Senders { of: &of, least }.shared(&bags).unwrap();
            let all: HashSet<u32> = letters.iter().flat_map(|(_, ids)| ids).copied().collect();
            for id in all {
                let users: HashSet<u64> =
                    letters.iter().filter(|(_, ids)| ids.contains(&id)).map(|(s, _)| *s).collect();
                prop_assert_eq!(shared.contains(&id), users.len() >= least as usize, "{}", id);
            }
        }
    }

    #[test]
    fn one_sender_is_enough_unless_more_are_asked_for() {
        assert!(Senders { of: &[1], least: 1 }.shared(&[Bags::default()]).is_none());
    }
}
