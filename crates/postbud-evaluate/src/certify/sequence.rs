//! One fixed sequence of tests, from the strictest threshold downwards.

use crate::binomial::{at_most, fewest_letters};
use crate::policy::Candidate;

/// The first test comes where about one letter in so many lies above the threshold. Much earlier
/// a single unlucky letter ends the sequence before it began; much later the threshold is so
/// loose that it fails for good reason. In simulations over seven shapes of mail with 1,160 and
/// 4,000 letters, neither a start at 15 or 30 % nor several starts that share the level routed
/// more on average.
pub(super) const START: u64 = 5;
/// Each test has a twentieth more letters than the one before.
const STEP: usize = 20;

/// A threshold that passed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Passed {
    pub(super) threshold: f64,
    pub(super) letters: usize,
    pub(super) errors: usize,
}

/// How many letters lie above the first threshold tested, chosen by the number of candidates
/// alone: as many as allow some whole number of errors to pass, at most a fifth of the
/// candidates if one error can then be allowed; with fewer letters, one error or none. `None`
/// when there are too few for any test.
pub(super) fn first_rank(candidates: usize, target: f64, level: f64) -> Option<usize> {
    let all = candidates as u64;
    let mut first = fewest_letters(0, target, level).filter(|&letters| letters <= all)?;
    for errors in 1.. {
        match fewest_letters(errors, target, level) {
            Some(letters) if letters <= all && (errors == 1 || letters <= all / START) => {
                first = letters;
            }
            _ => break,
        }
    }
    usize::try_from(first).ok()
}

/// The ranks to be tested.
pub(super) fn ranks(candidates: usize, target: f64, level: f64) -> Vec<usize> {
    let first = first_rank(candidates, target, level);
    let next = |&rank: &usize| {
        let further = (rank + rank.div_ceil(STEP)).min(candidates);
        (further > rank).then_some(further)
    };
    std::iter::successors(first, next).collect()
}

/// Tests one threshold after the other and returns the last that passed before the first that did
/// not. `candidates` are sorted, most probable first.
pub(super) fn last_passed(candidates: &[Candidate], target: f64, level: f64) -> Option<Passed> {
    let mut passed = None;
    let (mut letters, mut errors) = (0, 0);
    for rank in ranks(candidates.len(), target, level) {
        let threshold = candidates.get(rank.checked_sub(1)?)?.probability;
        // Letters as probable as the last one are routed with it.
        while let Some(candidate) = candidates.get(letters).filter(|c| c.probability >= threshold) {
            letters += 1;
            errors += usize::from(candidate.wrong);
        }
        if at_most(errors as u64, letters as u64, target) > level {
            break;
        }
        passed = Some(Passed { threshold, letters, errors });
    }
    passed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(count: usize, wrong: impl Fn(usize) -> bool) -> Vec<Candidate> {
        let candidate = |rank: usize| Candidate {
            label: 0,
            probability: 1.0 - rank as f64 / (2 * count) as f64,
            wrong: wrong(rank),
        };
        (0..count).map(candidate).collect()
    }

    #[test]
    fn starts_where_the_number_of_letters_says() {
        // 149 letters without an error prove 2 % at 95 %, 236 with one, 590 or so with six.
        assert_eq!(first_rank(148, 0.02, 0.05), None);
        assert_eq!(first_rank(149, 0.02, 0.05), Some(149));
        assert_eq!(first_rank(236, 0.02, 0.05), Some(236));
        let large = first_rank(10_000, 0.02, 0.05).unwrap();
        assert!((1_800..=2_000).contains(&large), "{large}");
    }

    #[test]
    fn ranks_rise_to_the_last_letter() {
        for count in [149, 500, 5_000] {
            let ranks = ranks(count, 0.02, 0.05);
            assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]));
            assert_eq!(ranks.last(), Some(&count));
        }
    }

    #[test]
    fn the_first_failure_ends_it() {
        // Right up to letter 600, wrong from there.
        let some = candidates(1_000, |rank| rank >= 600);
        let passed = last_passed(&some, 0.02, 0.05).unwrap();
        assert!((550..=620).contains(&passed.letters), "{passed:?}");
        // A bad stretch at the start is not jumped over, however good the rest.
        let bad_start = candidates(100_000, |rank| rank % 10 == 0 && rank < 20_000);
        assert_eq!(last_passed(&bad_start, 0.02, 0.05), None);
    }

    #[test]
    fn letters_of_the_same_probability_go_together() {
        let mut tied = candidates(400, |rank| rank == 399);
        tied.iter_mut().for_each(|candidate| candidate.probability = 0.75);
        let passed = last_passed(&tied, 0.02, 0.05).unwrap();
        assert_eq!((passed.letters, passed.errors, passed.threshold), (400, 1, 0.75));
    }
}
