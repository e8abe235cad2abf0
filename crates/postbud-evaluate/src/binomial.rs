//! Exact bounds for a share that was counted: how large can the true error be when `errors` of
//! `letters` were wrong?
//!
//! Clopper and Pearson (1934), "The use of confidence or fiducial limits illustrated in the case
//! of the binomial". Exact means: whatever the true share is, the bound holds at least as often
//! as `confidence` says; it never rests on a normal approximation.

use serde::{Deserialize, Serialize};
use statrs::function::factorial::ln_binomial;

/// Two numbers between which the true share lies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower limit, 0 to 1.
    pub low: f64,
    /// The upper limit, 0 to 1.
    pub high: f64,
}

/// The chance of `errors` or fewer when each of `letters` is wrong with probability `share`,
/// independently: the distribution function of the binomial.
///
/// Summed term by term from the largest, so it is as exact for a million letters as for ten
/// (continued fractions for the incomplete beta function stop converging long before).
#[must_use]
pub fn at_most(errors: u64, letters: u64, share: f64) -> f64 {
    if errors >= letters || share <= 0.0 || share.is_nan() {
        return 1.0;
    }
    if share >= 1.0 {
        return 0.0;
    }
    // Terms fall in the direction away from the mean, so add up the side that is away from it.
    if (errors as f64) < letters as f64 * share {
        tail(errors, letters, share)
    } else {
        1.0 - tail(letters - errors - 1, letters, 1.0 - share)
    }
}

/// `P(X <= k)` for a `k` below the mean of the binomial.
fn tail(k: u64, n: u64, share: f64) -> f64 {
    let (x, m) = (k as f64, n as f64);
    let log = ln_binomial(n, k) + x * share.ln() + (m - x) * (-share).ln_1p();
    let mut term = log.exp();
    let mut sum = term;
    for i in (1..=k).rev() {
        let i = i as f64;
        term *= i * (1.0 - share) / ((m - i + 1.0) * share);
        sum += term;
        if term < sum * f64::EPSILON {
            break;
        }
    }
    sum.min(1.0)
}

/// The one-sided upper Clopper–Pearson bound: with `confidence`, the true share is at most this.
/// Without any letter it is 1. More errors than letters count as all wrong.
#[must_use]
pub fn upper_bound(errors: u64, letters: u64, confidence: f64) -> f64 {
    if errors >= letters {
        return 1.0;
    }
    let left_over = 1.0 - confidence.clamp(0.0, 1.0);
    // The largest share under which so few errors still happen with probability `left_over`;
    // `high` always is on the safe side.
    let (mut low, mut high) = (errors as f64 / letters as f64, 1.0);
    while high - low > f64::EPSILON * high {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if at_most(errors, letters, middle) > left_over {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The one-sided lower Clopper–Pearson bound: with `confidence`, the true share is at least this.
#[must_use]
pub fn lower_bound(errors: u64, letters: u64, confidence: f64) -> f64 {
    1.0 - upper_bound(letters.saturating_sub(errors), letters, confidence)
}

/// The two-sided Clopper–Pearson interval: half of what `confidence` leaves over on either side.
#[must_use]
pub fn clopper_pearson(errors: u64, letters: u64, confidence: f64) -> Interval {
    let each = f64::midpoint(confidence.clamp(0.0, 1.0), 1.0);
    Interval { low: lower_bound(errors, letters, each), high: upper_bound(errors, letters, each) }
}

/// The fewest letters with which `errors` errors still prove, with confidence `1 - left_over`,
/// that the true share is at most `target`. `None` when more than a billion would be needed.
#[must_use]
pub fn fewest_letters(errors: u64, target: f64, left_over: f64) -> Option<u64> {
    const MOST: u64 = 1 << 30;
    let proves = |letters: u64| at_most(errors, letters, target) <= left_over;
    let mut high = errors.saturating_add(1);
    while !proves(high) {
        if high >= MOST {
            return None;
        }
        high *= 2;
    }
    let mut low = high / 2;
    while low + 1 < high {
        let middle = low + (high - low) / 2;
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
    use proptest::prelude::*;

    use super::*;

    /// The probability of each count, built up letter by letter: nothing shared with the code.
    fn enumerate(letters: usize, share: f64) -> Vec<f64> {
        let mut chance = vec![1.0];
        for _ in 0..letters {
            let mut next = vec![0.0; chance.len() + 1];
            for (count, p) in chance.iter().enumerate() {
                next[count] += p * (1.0 - share);
                next[count + 1] += p * share;
            }
            chance = next;
        }
        chance
    }

    #[test]
    fn agrees_with_enumeration() {
        for letters in [1_usize, 2, 7, 30, 200] {
            for share in [0.001, 0.02, 0.3, 0.5, 0.77, 0.999] {
                let mut sum = 0.0;
                for (count, p) in enumerate(letters, share).into_iter().enumerate() {
                    sum += p;
                    let ours = at_most(count as u64, letters as u64, share);
                    assert!((ours - sum).abs() < 1e-11, "{count}/{letters} {share}: {ours} {sum}");
                }
            }
        }
    }

    #[test]
    fn bounds_hold_at_least_as_often_as_they_say() {
        for letters in [1_u64, 2, 5, 12, 40] {
            for step in 0..=200 {
                let share = f64::from(step) / 200.0;
                let chance = enumerate(letters as usize, share);
                for confidence in [0.8, 0.95, 0.99] {
                    let held = |holds: &dyn Fn(u64) -> bool| -> f64 {
                        let all = chance.iter().enumerate();
                        all.filter(|(k, _)| holds(*k as u64)).map(|(_, p)| p).sum()
                    };
                    let upper = held(&|k| upper_bound(k, letters, confidence) >= share);
                    let lower = held(&|k| lower_bound(k, letters, confidence) <= share);
                    let both = held(&|k| {
                        let interval = clopper_pearson(k, letters, confidence);
                        interval.low <= share && share <= interval.high
                    });
                    for held in [upper, lower, both] {
                        assert!(
                            held >= confidence - 1e-9,
                            "{letters} {share} {confidence}: {held}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn known_values() {
        // No error in n: the bound solves (1 - p)^n = 0.05.
        for n in [1_u64, 10, 149, 100_000] {
            let expected = 1.0 - 0.05_f64.powf(1.0 / n as f64);
            assert!((upper_bound(0, n, 0.95) - expected).abs() < 1e-9 * expected.max(1e-6));
        }
        assert_eq!(fewest_letters(0, 0.02, 0.05), Some(149));
        assert_eq!(fewest_letters(0, 0.05, 0.05), Some(59));
        assert_eq!(fewest_letters(0, 0.0, 0.05), None);
        assert_eq!(clopper_pearson(0, 0, 0.95), Interval { low: 0.0, high: 1.0 });
        assert_eq!(upper_bound(7, 7, 0.95), 1.0);
    }

    proptest! {
        #[test]
        fn bounds_move_the_right_way(n in 1_u64..3_000, k in 0_u64..3_000, confidence in 0.5..0.999_f64) {
            let k = k.min(n);
            let bound = upper_bound(k, n, confidence);
            prop_assert!((0.0..=1.0).contains(&bound));
            prop_assert!(bound >= k as f64 / n as f64);
            prop_assert!(lower_bound(k, n, confidence) <= k as f64 / n as f64 + 1e-12);
            prop_assert!(upper_bound(k + 1, n + 1, confidence) >= bound - 1e-12);
            prop_assert!(upper_bound(k, n + 1, confidence) <= bound + 1e-12);
            prop_assert!(upper_bound(k, n, (confidence + 1.0) / 2.0) >= bound - 1e-12);
        }

        #[test]
        fn fewest_letters_are_fewest(k in 0_u64..40, target in 0.005..0.3_f64, left_over in 0.001..0.2_f64) {
            let n = fewest_letters(k, target, left_over).unwrap();
            prop_assert!(upper_bound(k, n, 1.0 - left_over) <= target + 1e-9);
            prop_assert!(upper_bound(k, n - 1, 1.0 - left_over) > target - 1e-9);
        }
    }
}
