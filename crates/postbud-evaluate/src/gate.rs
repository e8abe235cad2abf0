//! Letters that are too unlike the training mail for the model's word to count.
//!
//! A gate looks at how familiar a letter's text is, never at its label or its probabilities. Its
//! limits come from the same figures of the training letters, so a set of terse messages and one
//! of long letters get limits that suit them. What a gate sets aside is never routed by the
//! model: thresholds are certified on the rest, and the promise is about the rest.

use serde::{Deserialize, Serialize};

/// How much of a letter's text is like what a model was trained on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Familiarity {
    /// The share of its n-grams of characters that the model knows, 0 to 1.
    pub known: f64,
    /// How many n-grams of characters it has, known or not.
    pub grams: u32,
}

/// What a gate holds against a letter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "unlike")]
pub enum Unlike {
    /// There is next to no text.
    NearlyEmpty,
    /// Too many of its words are strange: another language, another subject, no language at all.
    Words {
        /// The share of its n-grams that the model knows.
        known: f64,
        /// The least that is usual.
        least: f64,
    },
}

/// The limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// A letter of which a smaller share is known is set aside.
    pub least_known: f64,
    /// A letter of fewer n-grams is set aside.
    pub least_grams: u32,
}

/// How far below the lowest tenth the limit lies, in distances of that tenth from the middle. Of
/// normally distributed shares one in 16,000 lies beyond it. The lower half alone sets it, since
/// in terse mail most letters are known to the last word; and up to a tenth of strange letters
/// among those it is set by does not move it far.
const FENCE: f64 = 2.0;
/// Shares closer together than this are not told apart.
const LEAST_RANGE: f64 = 0.01;
/// Two short words have fewer n-grams than this …
const NEARLY_EMPTY: u32 = 10;
/// … which is little only where three in four letters have so many times more.
const TIMES_MORE: u32 = 4;
/// With fewer letters than this their quartiles say too little.
const LEAST_LETTERS: usize = 50;

impl Gate {
    /// Sets limits by training letters, each seen by a model that was not trained on it.
    ///
    /// Without enough of them the gate is open.
    #[must_use]
    pub fn of(letters: &[Familiarity]) -> Self {
        if letters.len() < LEAST_LETTERS {
            return Self::default();
        }
        let mut known: Vec<f64> = letters.iter().map(|letter| letter.known).collect();
        known.sort_by(f64::total_cmp);
        let mut grams: Vec<u32> = letters.iter().map(|letter| letter.grams).collect();
        grams.sort_unstable();
        let (tenth, middle) = (known[letters.len() / 10], known[letters.len() / 2]);
        let fence = tenth - FENCE * (middle - tenth).max(LEAST_RANGE);
        Self {
            least_known: if fence.is_finite() { fence.clamp(0.0, 1.0) } else { 0.0 },
            least_grams: NEARLY_EMPTY.min(grams[letters.len() / 4] / TIMES_MORE).max(1),
        }
    }

    /// What it holds against a letter; `None` when the model's word may count.
    #[must_use]
    pub fn judge(&self, letter: Familiarity) -> Option<Unlike> {
        if letter.grams < self.least_grams {
            return Some(Unlike::NearlyEmpty);
        }
        let strange = letter.known < self.least_known || letter.known.is_nan();
        strange.then_some(Unlike::Words { known: letter.known, least: self.least_known })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usual() -> Vec<Familiarity> {
        (0..400)
            .map(|n| Familiarity { known: 0.94 + f64::from(n % 50) / 1_000.0, grams: 200 + n })
            .collect()
    }

    #[test]
    fn what_is_far_from_usual_is_set_aside() {
        let gate = Gate::of(&usual());
        let judged = |known, grams| gate.judge(Familiarity { known, grams });
        assert_eq!(judged(0.96, 300), None);
        assert_eq!(judged(0.94, 12), None);
        assert_eq!(judged(1.0, 9), Some(Unlike::NearlyEmpty));
        let least = gate.least_known;
        assert!((0.9..0.91).contains(&least), "{least}");
        assert_eq!(judged(0.6, 300), Some(Unlike::Words { known: 0.6, least }));
        assert!(judged(f64::NAN, 300).is_some());
    }

    #[test]
    fn terse_mail_is_not_nearly_empty() {
        let terse: Vec<Familiarity> =
            (0..400).map(|n| Familiarity { known: 0.9, grams: 8 + n % 20 }).collect();
        let gate = Gate::of(&terse);
        assert_eq!(gate.judge(Familiarity { known: 1.0, grams: 4 }), None);
        assert_eq!(gate.judge(Familiarity { known: 0.0, grams: 0 }), Some(Unlike::NearlyEmpty));
    }

    #[test]
    fn few_letters_leave_it_open() {
        let gate = Gate::of(&usual()[..49]);
        assert_eq!(gate.judge(Familiarity { known: 0.0, grams: 0 }), None);
    }

    proptest! {
        #[test]
        fn more_familiar_is_never_worse(
            letters in prop::collection::vec((0.0..=1.0_f64, 1_u32..2_000), 0..200),
            known in 0.0..=1.0_f64, grams in 0_u32..100, more in 0.0..=1.0_f64,
        ) {
            let letters: Vec<Familiarity> =
                letters.into_iter().map(|(known, grams)| Familiarity { known, grams }).collect();
            let gate = Gate::of(&letters);
            if gate.judge(Familiarity { known, grams }).is_none() {
                let better = Familiarity { known: (known + more).min(1.0), grams: grams + 1 };
                prop_assert_eq!(gate.judge(better), None);
            }
            // At most a tenth of the letters it was set by for their words, a quarter as nearly empty.
            let aside = letters.iter().filter(|&&letter| gate.judge(letter).is_some()).count();
            prop_assert!(aside <= letters.len() / 2, "{} of {}", aside, letters.len());
        }
    }
}
