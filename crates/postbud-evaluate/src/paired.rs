//! Is one model better than another, judged on the same letters?
//!
//! Only the letters about which they differ say anything: those that the first has right and the
//! second wrong, and the other way round. If both were equally good, such a letter would fall
//! either way like a coin: the exact test of McNemar (1947, "Note on the sampling error of the
//! difference between correlated proportions or percentages"), with the binomial distribution in
//! place of its approximation.
//!
//! The interval of the difference rests on two exact intervals (Clopper–Pearson). Let `d` be the
//! share of letters about which the models differ and `q` the share of those that the second has
//! right; the difference of their accuracies is `d · (2q − 1)`. `q` is bounded with a risk of
//! [`RISK_OF_DIRECTION`] and `d` with the rest of the 5 %; by Bonferroni's inequality both bounds
//! hold together in at least 95 % of samples, and with them the interval. It leaves out 0 exactly
//! when the test finds a difference with that same risk, so interval and verdict never disagree.

use serde::{Deserialize, Serialize};

use crate::binomial::{Interval, at_most, clopper_pearson};

/// The risk that the interval of the difference does not hold the true one: at most this.
pub const RISK: f64 = 0.05;
/// The part of the risk that goes to the direction of the difference; a p-value up to this is a
/// proven difference.
pub const RISK_OF_DIRECTION: f64 = 0.045;

/// How often each of two models was right about the same letters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paired {
    /// Letters that both have right.
    pub both: u64,
    /// Letters that only the first has right.
    pub only_first: u64,
    /// Letters that only the second has right.
    pub only_second: u64,
    /// Letters that neither has right.
    pub neither: u64,
}

/// Which of two models is better, as far as the letters prove it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The first.
    First,
    /// The second.
    Second,
    /// They may be equally good: the letters do not prove a difference.
    NotProven,
}

/// What the letters say of the two.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The counts.
    #[serde(flatten)]
    pub paired: Paired,
    /// All letters.
    pub letters: u64,
    /// The accuracy of the second less that of the first: above 0 when the second is better.
    pub difference: f64,
    /// Holds the true difference in at least 95 % of samples.
    pub interval: Interval,
    /// The chance of a difference at least as large, either way, between equally good models
    /// (exact McNemar test, two-sided).
    pub p_value: f64,
    /// What follows.
    pub verdict: Verdict,
}

impl Paired {
    /// Counts: for each letter, was the first right and was the second?
    pub fn count(letters: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let mut paired = Self::default();
        for letter in letters {
            match letter {
                (true, true) => paired.both += 1,
                (true, false) => paired.only_first += 1,
                (false, true) => paired.only_second += 1,
                (false, false) => paired.neither += 1,
            }
        }
        paired
    }

    /// All letters.
    #[must_use]
    pub fn letters(&self) -> u64 {
        self.both + self.only_first + self.only_second + self.neither
    }

    /// Letters that the first has right.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.both + self.only_first
    }

    /// Letters that the second has right.
    #[must_use]
    pub fn second(&self) -> u64 {
        self.both + self.only_second
    }

    /// The test, and the interval of the difference.
    #[must_use]
    pub fn compare(self) -> Comparison {
        let letters = self.letters();
        let differ = self.only_first + self.only_second;
        let p_value = two_sided(self.only_first.min(self.only_second), differ);
        let gained = self.only_second as f64 - self.only_first as f64;
        Comparison {
            paired: self,
            letters,
            difference: if letters == 0 { 0.0 } else { gained / letters as f64 },
            interval: interval(self.only_second, differ, letters),
            p_value,
            verdict: if p_value > RISK_OF_DIRECTION {
                Verdict::NotProven
            } else if self.only_second > self.only_first {
                Verdict::Second
            } else {
                Verdict::First
            },
        }
    }
}

/// The chance that of `differ` fair coins so few, or fewer, fall on one side, whichever it is.
fn two_sided(fewer: u64, differ: u64) -> f64 {
    (2.0 * at_most(fewer, differ, 0.5)).min(1.0)
}

fn interval(second: u64, differ: u64, letters: u64) -> Interval {
    let direction = clopper_pearson(second, differ, 1.0 - RISK_OF_DIRECTION);
    let share = clopper_pearson(differ, letters, 1.0 - (RISK - RISK_OF_DIRECTION));
    // The worst corner: a disadvantage counts most when they differ most, an advantage least.
    let corner = |balance: f64, on_loss: f64, on_gain: f64| {
        balance * if balance < 0.0 { on_loss } else { on_gain }
    };
    Interval {
        low: corner(2.0 * direction.low - 1.0, share.high, share.low),
        high: corner(2.0 * direction.high - 1.0, share.low, share.high),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(both: u64, only_first: u64, only_second: u64, neither: u64) -> Comparison {
        Paired { both, only_first, only_second, neither }.compare()
    }

    #[test]
    fn known_values() {
        // All of 5 on one side: 2 / 2^5.
        assert!((of(50, 0, 5, 45).p_value - 0.0625).abs() < 1e-12);
        // 1 of 8: 2 · (1 + 8) / 2^8.
        assert!((of(0, 1, 7, 0).p_value - 18.0 / 256.0).abs() < 1e-12);
        assert_eq!(of(3, 4, 4, 2).p_value, 1.0);
        assert_eq!(of(10, 0, 0, 2).p_value, 1.0);
        let none = of(0, 0, 0, 0);
        assert_eq!((none.p_value, none.difference, none.verdict), (1.0, 0.0, Verdict::NotProven));
        assert_eq!(none.interval, Interval { low: -1.0, high: 1.0 });
        assert_eq!(of(80, 2, 18, 0).verdict, Verdict::Second);
        assert_eq!(of(80, 18, 2, 0).verdict, Verdict::First);
        let pairs = [(true, true), (true, false), (true, false), (false, false)];
        let counted = Paired::count(pairs);
        assert_eq!(counted, Paired { both: 1, only_first: 2, only_second: 0, neither: 1 });
        assert_eq!((counted.first(), counted.second(), counted.letters()), (3, 1, 4));
    }

    #[test]
    fn the_interval_holds_as_often_as_it_says() {
        // Every outcome of `n` letters, weighted with its chance: nothing is drawn.
        let n = 24_u64;
        let chance = |first: f64, second: f64, b: u64, c: u64| -> f64 {
            let mut p = 1.0;
            for i in 0..n {
                let (share, k) = if i < b {
                    (first, i + 1)
                } else if i < b + c {
                    (second, i - b + 1)
                } else {
                    (1.0 - first - second, i - b - c + 1)
                };
                // The multinomial coefficient, one factor at a time.
                p *= share * (i + 1) as f64 / k as f64;
            }
            p
        };
        let mut lowest: f64 = 1.0;
        for (first, second) in
            [(0.0, 0.0), (0.1, 0.1), (0.02, 0.2), (0.3, 0.3), (0.5, 0.5), (0.25, 0.0), (0.05, 0.6)]
        {
            let (mut held, mut all, mut false_alarm) = (0.0, 0.0, 0.0);
            for b in 0..=n {
                for c in 0..=n - b {
                    let p = chance(first, second, b, c);
                    all += p;
                    let comparison = of(n - b - c, b, c, 0);
                    let Interval { low, high } = comparison.interval;
                    let truth: f64 = second - first;
                    if low - 1e-12 <= truth && truth <= high + 1e-12 {
                        held += p;
                    }
                    if comparison.verdict != Verdict::NotProven {
                        false_alarm += p;
                    }
                }
            }
            assert!((all - 1.0).abs() < 1e-9, "{all}");
            assert!(held >= 1.0 - RISK, "{first} {second}: {held}");
            lowest = lowest.min(held);
            if first == second {
                assert!(false_alarm <= RISK_OF_DIRECTION, "{first}: {false_alarm}");
            }
        }
        assert!(lowest < 1.0, "an interval that always holds says nothing");
    }

    proptest! {
        #[test]
        fn verdict_and_interval_agree(both in 0_u64..2_000, b in 0_u64..60, c in 0_u64..60, neither in 0_u64..500) {
            let comparison = of(both, b, c, neither);
            let Interval { low, high } = comparison.interval;
            prop_assert!((-1.0..=1.0).contains(&low) && (-1.0..=1.0).contains(&high));
            prop_assert!(low <= comparison.difference + 1e-12 && comparison.difference <= high + 1e-12);
            match comparison.verdict {
                Verdict::First => prop_assert!(high < 0.0),
                Verdict::Second => prop_assert!(low > 0.0),
                Verdict::NotProven => prop_assert!(low <= 1e-9 && high >= -1e-9),
            }
            let swapped = of(both, c, b, neither);
            prop_assert!((swapped.p_value - comparison.p_value).abs() < 1e-12);
            prop_assert!((swapped.interval.low + high).abs() < 1e-9);
        }
    }
}
