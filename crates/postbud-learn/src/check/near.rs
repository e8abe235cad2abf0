//! Letters with nearly the same words: the same form, the same mail to several mailboxes.
//!
//! Two letters are near when the sets of their runs of three words have a Jaccard similarity of
//! at least [`NEAR`]. Candidates are found by MinHash with banding (Broder 1997, "On the
//! resemblance and containment of documents"; Leskovec et al., "Mining of Massive Datasets", 3.4)
//! and each is then compared exactly, so a pair that is named is one.

use std::collections::HashSet;

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::union::Union;
use crate::letter::LabelledLetter;

/// From this similarity on two letters are near. With it a pair is missed by the bands in one
/// case of 5,000: `(1 - 0.8^4)^16 = 0.0002`.
pub(super) const NEAR: f64 = 0.8;

/// Words of a run.
const RUN: usize = 3;
const BANDS: usize = 16;
const ROWS: usize = 4;
const HASHES: usize = BANDS * ROWS;
/// In one bucket a letter is compared with so many others that are not near each other.
const COMPARED: usize = 8;

/// Joins letters that are near.
pub(super) fn join(letters: &[&LabelledLetter], union: &mut Union) {
    let keys: Vec<Option<[u32; BANDS]>> =
        letters.par_iter().map(|letter| bands(&shingles(letter))).collect();
    let mut apart: HashSet<(usize, usize)> = HashSet::new();
    for band in 0..BANDS {
        let mut buckets: Vec<(u32, usize)> = keys
            .iter()
            .enumerate()
            .filter_map(|(letter, keys)| Some((keys.as_ref()?[band], letter)))
            .collect();
        buckets.sort_unstable();
        for bucket in buckets.chunk_by(|a, b| a.0 == b.0).filter(|bucket| bucket.len() > 1) {
            join_bucket(bucket, letters, union, &mut apart);
        }
    }
}

fn join_bucket(
    bucket: &[(u32, usize)],
    letters: &[&LabelledLetter],
    union: &mut Union,
    apart: &mut HashSet<(usize, usize)>,
) {
    let mut different: Vec<usize> = Vec::new();
    for &(_, letter) in bucket {
        let known = different.iter().any(|&other| union.find(other) == union.find(letter));
        if known {
            continue;
        }
        let near = different.iter().copied().find(|&other| {
            !apart.contains(&(other, letter)) && {
                let near = similarity(letters[other], letters[letter]) >= NEAR;
                if !near {
                    apart.insert((other, letter));
                }
                near
            }
        });
        match near {
            Some(other) => union.join(other, letter),
            None if different.len() < COMPARED => different.push(letter),
            None => {}
        }
    }
}

/// The share of the runs of either letter that both have.
pub(super) fn similarity(a: &LabelledLetter, b: &LabelledLetter) -> f64 {
    let (a, b) = (shingles(a), shingles(b));
    let (mut i, mut j, mut both) = (0, 0, 0_usize);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                (i, j, both) = (i + 1, j + 1, both + 1);
            }
        }
    }
    let either = a.len() + b.len() - both;
    if either == 0 { 0.0 } else { both as f64 / either as f64 }
}

/// The runs of three words, as numbers, rising, each once. A letter of fewer words has none: it
/// is near nothing but itself.
fn shingles(letter: &LabelledLetter) -> Vec<u64> {
    let texts = [&letter.subject, &letter.body];
    let words = texts.into_iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let mut last = [0_u64; RUN];
    let mut runs = Vec::new();
    for (count, word) in words.filter(|word| !word.is_empty()).enumerate() {
        last.rotate_left(1);
        last[RUN - 1] = xxh3_64(word.to_lowercase().as_bytes());
        if count + 1 >= RUN {
            let mixed = last.iter().fold(0_u64, |mixed, &word| {
                (mixed.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            });
            runs.push(mixed ^ (mixed >> 32));
        }
    }
    runs.sort_unstable();
    runs.dedup();
    runs
}

/// One number per band of the MinHash signature; near letters have one in common.
fn bands(shingles: &[u64]) -> Option<[u32; BANDS]> {
    if shingles.is_empty() {
        return None;
    }
    let mut least = [u32::MAX; HASHES];
    for &shingle in shingles {
        let shingle = shingle as u32;
        for (least, (factor, shift)) in least.iter_mut().zip(FUNCTIONS) {
            *least = (*least).min(shingle.wrapping_mul(factor).wrapping_add(shift));
        }
    }
    let mut keys = [0; BANDS];
    for (key, rows) in keys.iter_mut().zip(least.chunks_exact(ROWS)) {
        let bytes: Vec<u8> = rows.iter().flat_map(|row| row.to_le_bytes()).collect();
        *key = xxh3_64(&bytes) as u32;
    }
    Some(keys)
}

/// Odd factors and shifts for `factor · x + shift` modulo 2³²: the numbers of a fixed generator
/// (splitmix64), so that the same letters always meet.
const FUNCTIONS: [(u32, u32); HASHES] = functions();

const fn functions() -> [(u32, u32); HASHES] {
    let mut out = [(0, 0); HASHES];
    let (mut state, mut at) = (0x706f_7374_6275_6421_u64, 0);
    while at < HASHES {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        out[at] = ((z >> 32) as u32 | 1, z as u32);
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(body: &str) -> LabelledLetter {
        LabelledLetter::new("x", "", body)
    }

    /// Words that stand for a longer letter: `from..to` of an endless text.
    fn text(range: std::ops::Range<usize>) -> String {
        range.map(|n| format!("ord{n} ")).collect()
    }

    fn sets(letters: &[LabelledLetter]) -> Vec<Vec<usize>> {
        let letters: Vec<&LabelledLetter> = letters.iter().collect();
        let mut union = Union::new(letters.len());
        join(&letters, &mut union);
        union.sets()
    }

    #[test]
    fn similarity_is_the_share_of_runs_in_common() {
        // 98 runs each, 88 of them the same: 88 of 108.
        let (a, b) = (letter(&text(0..100)), letter(&text(10..110)));
        assert!((similarity(&a, &b) - 88.0 / 108.0).abs() < 1e-12);
        assert_eq!(similarity(&letter("hej med"), &letter("hej med")), 0.0);
        assert_eq!(similarity(&letter("Hej, MED jer!"), &letter("hej med jer")), 1.0);
    }

    #[test]
    fn near_letters_meet_and_others_do_not() {
        let form = |name: &str| format!("{}{name} {}", text(0..60), text(60..120));
        let letters = [
            letter(&form("anna")),
            letter(&text(500..600)),
            letter(&form("bo")),
            letter(&text(550..650)),
            letter("kort brev"),
            letter("kort brev"),
        ];
        assert_eq!(sets(&letters), [vec![0, 2]]);
    }

    #[test]
    fn nearly_every_near_pair_is_found_and_none_that_is_not() {
        // Pairs of known similarity, from 0.6 to 1, each pair of words of its own.
        let mut letters = Vec::new();
        for pair in 0..400 {
            let start = pair * 1_000;
            let shift = pair % 25;
            letters.push(letter(&text(start..start + 102)));
            letters.push(letter(&text(start + shift..start + shift + 102)));
        }
        let found = sets(&letters);
        assert!(found.iter().all(|set| set.len() == 2 && set[1] == set[0] + 1 && set[0] % 2 == 0));
        let near = |pair: &[LabelledLetter]| similarity(&pair[0], &pair[1]) >= NEAR;
        let all = letters.chunks(2).filter(|pair| near(pair)).count();
        assert!(all > 100 && found.len() <= all && found.len() + 2 >= all, "{} {all}", found.len());
    }
}
