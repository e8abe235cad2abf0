//! Cross-validation: every letter judged once, by a whole model that was trained without it.

use std::collections::BTreeMap;

use postbud_evaluate::{Policy, Records, Report};
use postbud_model::{Example, TrainOptions, train};

use crate::check::check;
use crate::error::LearnError;
use crate::judge::familiarity;
use crate::letter::LabelledLetter;

/// What cross-validation found.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossValidation {
    /// All labels, sorted.
    pub labels: Vec<String>,
    /// Every letter, in no particular order.
    pub records: Records,
    /// The figures.
    pub report: Report,
}

/// Trains `folds` models, calibration included, each without one fold, and lets it judge that
/// fold. Each label is spread evenly over the folds, by a hash of its letters' words: the order
/// of the letters does not matter, and the same letter is never on both sides.
///
/// # Errors
/// [`LearnError::Train`] when the letters without a fold are too few.
pub fn cross_validate(
    letters: &[LabelledLetter],
    folds: usize,
    options: &TrainOptions,
    done: &(dyn Fn(usize) + Sync),
) -> Result<CrossValidation, LearnError> {
    let letters = check(letters).letters;
    let folds = folds.clamp(2, 32);
    let fold_of = assign(&letters, folds);
    let mut labels: Vec<String> = letters.iter().map(|letter| letter.label.clone()).collect();
    labels.sort_unstable();
    labels.dedup();
    let mut records = Records::new(labels.len())?;
    for fold in 0..folds {
        let of = |inside: bool| {
            let all = letters.iter().zip(&fold_of);
            let chosen = all.filter(move |&(_, &f)| (f == fold) == inside);
            chosen.map(|(letter, _)| *letter).collect::<Vec<_>>()
        };
        let examples: Vec<Example<'_>> = of(false).iter().map(|l| l.example()).collect();
        let model = train(&examples, options, &|_| ())?;
        // A model may lack labels whose only letters are in its fold.
        let places: Vec<usize> =
            model.labels().iter().filter_map(|label| labels.binary_search(label).ok()).collect();
        let judged = of(true);
        let texts: Vec<_> = judged.iter().map(|letter| letter.text()).collect();
        for (letter, prediction) in judged.iter().zip(model.predict_batch(&texts)) {
            let seen = familiarity(&prediction);
            let mut row = vec![0.0; labels.len()];
            for (&place, p) in places.iter().zip(prediction.probabilities) {
                row[place] = p;
            }
            records.push_seen(labels.binary_search(&letter.label).ok(), &row, Some(seen))?;
        }
        done(fold + 1);
    }
    let report = Report::of(&records, &labels, &Policy::all(labels.len()), None);
    Ok(CrossValidation { labels, records, report })
}

fn assign(letters: &[&LabelledLetter], folds: usize) -> Vec<usize> {
    let mut by_label: BTreeMap<&str, Vec<([u8; 32], usize)>> = BTreeMap::new();
    for (index, letter) in letters.iter().enumerate() {
        let members = by_label.entry(&letter.label).or_default();
        members.push((letter.fingerprint(), index));
    }
    let mut fold_of = vec![0; letters.len()];
    let mut next = 0;
    for mut members in by_label.into_values() {
        members.sort_unstable();
        for (_, index) in members {
            fold_of[index] = next % folds;
            next += 1;
        }
    }
    fold_of
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters() -> Vec<LabelledLetter> {
        let one = |n: usize| {
            let (label, word) =
                [("affald", "spand"), ("vej-park", "hul"), ("skole", "klasse")][n % 3];
            LabelledLetter::new(label, word, &format!("{word} nummer {n}"))
        };
        (0..60).map(one).collect()
    }

    #[test]
    fn every_letter_is_judged_once_whatever_their_order() {
        let mut letters = letters();
        let how = TrainOptions::default();
        let first = cross_validate(&letters, 4, &how, &|_| ()).unwrap();
        assert_eq!((first.report.letters, first.labels.len()), (60, 3));
        assert!(first.report.accuracy > 0.9, "{}", first.report.accuracy);
        letters.reverse();
        let again = cross_validate(&letters, 4, &how, &|_| ()).unwrap();
        assert_eq!(again.report.letters, 60);
        let folds = assign(&letters.iter().collect::<Vec<_>>(), 4);
        assert!((0..4).all(|fold| folds.iter().filter(|&&f| f == fold).count() == 15));
    }

    #[test]
    fn a_mailbox_with_one_letter_is_judged_too() {
        let mut letters = letters();
        letters.push(LabelledLetter::new("pension", "pension", "min pension"));
        let result = cross_validate(&letters, 3, &TrainOptions::default(), &|_| ()).unwrap();
        assert_eq!(result.report.mailboxes["pension"].letters, 1);
        assert_eq!(result.report.mailboxes["pension"].right, 0);
    }
}
