//! Has the mail changed since the thresholds were certified?
//!
//! Needs no labels: it compares what the model said of two sets of letters, the ones that the
//! promise rests on and the ones of now, in five ways: how certain it is, where it would send
//! them, how familiar their words are, how long they are, and in which language. Each is cut into bins and compared by Pearson's
//! chi-squared test that both sets come from one source. Tests of large sets find differences
//! that change nothing (the final model knows slightly more words than the models that judged
//! the training letters), so a shift must also be large: its population stability index,
//! `Σ (pᵢ - qᵢ) ln(pᵢ / qᵢ)`, at least 0.1, where scorecards are by custom called shifted.
//!
//! **False alarms.** Each of the five tests errs with probability at most [`FALSE_ALARMS`] / 5,
//! so letters from the same source are called drifted in at most 1 of 100 comparisons (Bonferroni;
//! bins are merged until at least five letters are expected in each, so that the chi-squared
//! distribution fits). Asking for a large shift as well only lowers that. The rate is about two
//! sets judged alike. Out-of-fold letters were judged by models of slightly fewer letters than
//! those of now, which the tests notice in thousands of letters; there the second condition alone
//! keeps the alarm silent, and it comes with no rate.

use serde::{Deserialize, Serialize};
use statrs::function::gamma::checked_gamma_ur;

use crate::gate::Familiarity;
use crate::records::{Records, best};

/// The probability with which letters from the same source are called drifted, at most.
pub const FALSE_ALARMS: f64 = 0.01;
/// A population stability index from which on a shift matters.
pub const LARGE: f64 = 0.1;
/// So many things are compared.
const TESTS: f64 = 5.0;
/// Bins of certainty, of familiarity and of length.
const BINS: usize = 10;
/// Letters expected in a bin, at least.
const LEAST_EXPECTED: f64 = 5.0;
/// The share that an empty bin counts as, in letters.
const HALF_A_LETTER: f64 = 0.5;

/// How one thing differs between two sets of letters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// The population stability index: below 0.1 little, above 0.25 a lot.
    pub stability_index: f64,
    /// The probability of so large a difference between two sets from the same source.
    pub p_value: f64,
    /// Both beyond their limits.
    pub drifted: bool,
}

/// What differs between two sets of letters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Letters that the promise rests on.
    pub before: usize,
    /// Letters of now.
    pub now: usize,
    /// How certain the model is of its first guess.
    pub certainty: Shift,
    /// Where it would send them.
    pub mailboxes: Shift,
    /// How familiar their words are; `None` where nobody has said.
    pub known: Option<Shift>,
    /// How long they are; `None` where nobody has said.
    #[serde(default)]
    pub length: Option<Shift>,
    /// In which languages they are; `None` where nobody has said.
    #[serde(default)]
    pub language: Option<Shift>,
    /// Any of these has drifted: the promise may not hold for the letters of now.
    pub drifted: bool,
    /// The probability with which letters from the same source are called drifted, at most.
    pub false_alarms: f64,
}

/// Compares letters of now with those that thresholds were certified on. Labels are not looked
/// at; both must come from the same model's labels.
#[must_use]
pub fn drift(before: &Records, now: &Records) -> Drift {
    let certainty =
        |records: &Records| records.iter().map(|(_, row)| best(row).1).collect::<Vec<f64>>();
    let seen = |of: fn(&Familiarity) -> f64| {
        let all = |records: &Records| -> Vec<f64> {
            records.familiarity().iter().flatten().map(of).collect()
        };
        let (before, now) = (all(before), all(now));
        (!before.is_empty() && !now.is_empty()).then(|| numbers(&before, &now))
    };
    let certainty = numbers(&certainty(before), &certainty(now));
    let labels = before.labels().max(now.labels());
    let mailboxes = compare(&mix(before, labels), &mix(now, labels));
    let (known, length) = (seen(|seen| seen.known), seen(|seen| f64::from(seen.grams)));
    let language = languages(before, now);
    let shifts = [Some(certainty), Some(mailboxes), known, length, language];
    Drift {
        before: before.len(),
        now: now.len(),
        certainty,
        mailboxes,
        known,
        length,
        language,
        drifted: shifts.into_iter().flatten().any(|shift| shift.drifted),
        false_alarms: FALSE_ALARMS,
    }
}

/// Letters by their best label.
pub(crate) fn mix(records: &Records, labels: usize) -> Vec<f64> {
    let mut counts = vec![0.0; labels];
    for (_, row) in records.iter() {
        counts[best(row).0] += 1.0;
    }
    counts
}

/// Compares languages, where they are known of letters in both sets. Those of few letters are put
/// together with their neighbours, so the caller's numbers should have the usual ones first.
fn languages(before: &Records, now: &Records) -> Option<Shift> {
    let count = |records: &Records| {
        let mut counts = vec![0.0; 1 + usize::from(u8::MAX)];
        for &language in records.languages().iter().flatten() {
            counts[usize::from(language)] += 1.0;
        }
        counts
    };
    let said = |records: &Records| records.languages().iter().any(Option::is_some);
    (said(before) && said(now)).then(|| compare(&count(before), &count(now)))
}

/// Compares numbers by the tenths of both sets together.
fn numbers(before: &[f64], now: &[f64]) -> Shift {
    let mut all: Vec<f64> = before.iter().chain(now).copied().collect();
    all.sort_by(f64::total_cmp);
    let mut limits: Vec<f64> =
        (1..BINS).filter_map(|bin| all.get(bin * all.len() / BINS).copied()).collect();
    limits.dedup();
    let count = |numbers: &[f64]| {
        let mut counts = vec![0.0; limits.len() + 1];
        for number in numbers {
            counts[limits.partition_point(|limit| limit <= number)] += 1.0;
        }
        counts
    };
    compare(&count(before), &count(now))
}

/// Compares two histograms of the same bins.
fn compare(before: &[f64], now: &[f64]) -> Shift {
    let (all_before, all_now) = (before.iter().sum::<f64>(), now.iter().sum::<f64>());
    let nothing = Shift { stability_index: 0.0, p_value: 1.0, drifted: false };
    let all = all_before + all_now;
    if all_before == 0.0 || all_now == 0.0 {
        return nothing;
    }
    let bins = merged(before, now, LEAST_EXPECTED * all / all_before.min(all_now));
    let share = |count: f64, all: f64| (count.max(HALF_A_LETTER) / all).min(1.0);
    let (mut index, mut square) = (0.0, 0.0);
    for &(a, b) in &bins {
        let (p, q) = (share(a, all_before), share(b, all_now));
        index += (p - q) * (p / q).ln();
        let expected = (a + b) * all_before / all;
        square += (a - expected).powi(2) / expected;
        let expected = (a + b) * all_now / all;
        square += (b - expected).powi(2) / expected;
    }
    let freedom = bins.len().saturating_sub(1) as f64;
    if freedom == 0.0 {
        return nothing;
    }
    // The upper tail of the chi-squared distribution.
    let p_value = checked_gamma_ur(freedom / 2.0, square / 2.0).unwrap_or(1.0);
    let drifted = p_value <= FALSE_ALARMS / TESTS && index >= LARGE;
    Shift { stability_index: index, p_value, drifted }
}

/// Neighbouring bins together until each has `least` letters.
fn merged(before: &[f64], now: &[f64], least: f64) -> Vec<(f64, f64)> {
    let mut bins: Vec<(f64, f64)> = Vec::new();
    let mut open = (0.0, 0.0);
    for (a, b) in before.iter().zip(now) {
        open = (open.0 + a, open.1 + b);
        if open.0 + open.1 >= least {
            bins.push(open);
            open = (0.0, 0.0);
        }
    }
    match bins.last_mut() {
        Some(last) => *last = (last.0 + open.0, last.1 + open.1),
        None => bins.push(open),
    }
    bins
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn letters(count: usize, sure: f64, known: f64, random: &mut ChaCha8Rng) -> Records {
        letters_of(count, sure, known, 100..300, random)
    }

    fn letters_of(
        count: usize,
        sure: f64,
        known: f64,
        grams: std::ops::Range<u32>,
        random: &mut ChaCha8Rng,
    ) -> Records {
        let mut records = Records::new(8).unwrap();
        for _ in 0..count {
            let label = random.random_range(0..8_usize).min(random.random_range(0..8));
            let p = sure * random.random_range(0.5..1.0);
            let mut row = [(1.0 - p) / 7.0; 8];
            row[label] = p;
            let known = known * random.random_range(0.9..1.0);
            let seen = Familiarity { known, grams: random.random_range(grams.clone()) };
            records.push_seen(None, &row, Some(seen)).unwrap();
            let foreign = random.random_range(0..20) == 0;
            records.note_language(Some(if foreign { random.random_range(2..6) } else { 1 }));
        }
        records
    }

    #[test]
    fn the_same_mail_is_seldom_called_drifted() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let rounds = 400;
        let mut alarms = 0;
        let mut small_p = 0;
        for round in 0..rounds {
            // Small sets: there a shift is large by chance alone.
            let now = if round % 2 == 0 { 60 } else { 400 };
            let before = letters(500, 1.0, 1.0, &mut random);
            let drift = drift(&before, &letters(now, 1.0, 1.0, &mut random));
            alarms += usize::from(drift.drifted);
            let of_text = [drift.known, drift.length, drift.language];
            let shifts = [Some(drift.certainty), Some(drift.mailboxes)].into_iter().chain(of_text);
            let least = FALSE_ALARMS / TESTS;
            small_p += usize::from(shifts.flatten().any(|shift| shift.p_value <= least));
        }
        // Three standard deviations above one in a hundred.
        assert!(alarms <= small_p && small_p <= 10, "{alarms} {small_p} of {rounds}");
    }

    #[test]
    fn changed_mail_is_noticed_and_what_changed_is_named() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let before = letters(1_000, 1.0, 1.0, &mut random);
        let strange = drift(&before, &letters(1_000, 1.0, 0.93, &mut random));
        assert!(strange.drifted && strange.known.unwrap().drifted);
        assert!(!strange.certainty.drifted && !strange.mailboxes.drifted);
        assert!(!strange.length.unwrap().drifted);
        let short = drift(&before, &letters_of(1_000, 1.0, 1.0, 50..200, &mut random));
        assert!(short.drifted && short.length.unwrap().drifted && !short.known.unwrap().drifted);
        let unsure = drift(&before, &letters(1_000, 0.9, 1.0, &mut random));
        assert!(unsure.drifted && unsure.certainty.drifted && !unsure.mailboxes.drifted);
    }

    #[test]
    fn another_language_is_noticed_and_a_few_more_such_letters_are_not() {
        let mut random = ChaCha8Rng::seed_from_u64(4);
        let before = letters(1_000, 1.0, 1.0, &mut random);
        let with = |every: usize, random: &mut ChaCha8Rng| {
            let same = letters(300, 1.0, 1.0, random);
            let mut now = Records::new(8).unwrap();
            for (n, ((_, row), seen)) in same.iter().zip(same.familiarity()).enumerate() {
                now.push_seen(None, row, *seen).unwrap();
                let english = n % every == 0;
                now.note_language(if english { Some(4) } else { same.languages()[n] });
            }
            drift(&before, &now)
        };
        let half = with(2, &mut random);
        assert!(half.drifted && half.language.unwrap().drifted && !half.known.unwrap().drifted);
        assert!(!with(50, &mut random).drifted);
        // A model whose file says nothing of languages.
        let mut silent = Records::new(8).unwrap();
        for (_, row) in before.iter() {
            silent.push(None, row).unwrap();
        }
        assert!(drift(&silent, &before).language.is_none());
    }

    #[test]
    fn a_small_shift_of_many_letters_is_no_drift() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let before = letters(50_000, 1.0, 1.0, &mut random);
        let drift = drift(&before, &letters(50_000, 0.99, 1.0, &mut random));
        assert!(drift.certainty.p_value < 1e-3, "{drift:?}");
        assert!(!drift.drifted, "{drift:?}");
    }

    #[test]
    fn nothing_to_compare() {
        let empty = Records::new(3).unwrap();
        let drift = drift(&empty, &empty);
        assert!(!drift.drifted && drift.known.is_none() && drift.length.is_none());
    }
}
