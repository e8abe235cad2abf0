//! How many more checked letters would do.

use serde::{Deserialize, Serialize};

use crate::binomial::at_most;
use crate::policy::Candidate;

/// What is missing until a group can be certified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// Nothing: it is certified.
    #[default]
    Nothing,
    /// About so many more letters with a checked label, of all labels in the mix seen so far.
    Letters(u64),
    /// No number of letters would do while the model is wrong as often as it was, or nothing
    /// is known yet.
    BetterModel,
}

/// More letters than this are as good as never.
const MOST: f64 = 1e7;

/// If further letters are like those seen, how many more until some threshold passes? For each
/// threshold the error seen is taken for the true one, moved a little upwards (half an error more
/// in one letter more: the mean of Jeffreys' prior), because little was seen. An estimate, not a
/// promise; `candidates` are sorted, most probable first, and come from `letters` letters.
pub(super) fn estimate(
    candidates: &[Candidate],
    letters: usize,
    target: f64,
    level: f64,
) -> Missing {
    let mut best = f64::INFINITY;
    let (mut errors, mut next) = (0_usize, 10_usize);
    for (index, candidate) in candidates.iter().enumerate() {
        errors += usize::from(candidate.wrong);
        let count = index + 1;
        if count < next && count < candidates.len() {
            continue;
        }
        next = count + count.div_ceil(20);
        let error = (errors as f64 + 0.5) / (count as f64 + 1.0);
        if let Some(needed) = needed(error, target, level) {
            best = best.min(needed / count as f64);
        }
    }
    let more = (best - 1.0) * letters as f64;
    if more > MOST || more.is_nan() {
        Missing::BetterModel
    } else {
        Missing::Letters(more.ceil().max(1.0) as u64)
    }
}

/// How many routed letters it takes when `error` of them is wrong.
fn needed(error: f64, target: f64, level: f64) -> Option<f64> {
    let proves =
        |count: f64| at_most((error * count).round() as u64, count as u64, target) <= level;
    if error >= target {
        return None;
    }
    let mut high = 16.0;
    while !proves(high) {
        high *= 2.0;
        if high > MOST {
            return None;
        }
    }
    let mut low = high / 2.0;
    while high - low > 1.0 {
        let middle = f64::midpoint(low, high).floor();
        if proves(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
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
    fn good_letters_in_short_supply() {
        // 100 right ones of 200: 149 and a little more would prove 2 %.
        let Missing::Letters(more) = estimate(&candidates(100, |_| false), 200, 0.02, 0.05) else {
            panic!("letters are missing");
        };
        assert!((98..400).contains(&more), "{more}");
    }

    #[test]
    fn a_model_that_is_wrong_too_often() {
        let bad = candidates(1_000, |rank| rank % 10 == 0);
        assert_eq!(estimate(&bad, 2_000, 0.02, 0.05), Missing::BetterModel);
        assert_eq!(estimate(&[], 0, 0.02, 0.05), Missing::BetterModel);
    }

    #[test]
    fn the_worst_comes_last() {
        assert!(Missing::Nothing < Missing::Letters(5));
        assert!(Missing::Letters(5_000) < Missing::BetterModel);
    }
}
