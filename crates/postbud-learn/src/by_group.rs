//! How a model does on letters of one language, one channel, one length: a good average may hide
//! people it serves badly.

use std::collections::BTreeMap;

use postbud_evaluate::{
    Certificate, Certified, Interval, Policy, RecordError, Records, accuracy, apply,
    calibration_error, clopper_pearson, log_loss,
};
use postbud_letter::language;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::letter::LabelledLetter;

/// Confidence of the intervals.
const INTERVALS: f64 = 0.95;

/// The figures of the letters of one group.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GroupFigures {
    /// How many letters.
    pub letters: usize,
    /// Share whose first guess is right.
    pub accuracy: f64,
    /// Where the true share lies (Clopper–Pearson).
    pub accuracy_interval: Interval,
    /// Mean `-ln` of the probability of the true label.
    pub log_loss: f64,
    /// Expected calibration error, 15 bins.
    pub calibration_error: f64,
    /// What the certified thresholds do to these letters.
    pub certified: Option<Certified>,
}

/// Figures by `language`, `channel` and `length` (in words), each by its values.
pub type Groups = BTreeMap<String, BTreeMap<String, GroupFigures>>;

/// Measures every group. The records are those of the letters, in the same order.
///
/// # Errors
/// [`RecordError`] when the records are no probabilities.
pub fn by_group(
    records: &Records,
    letters: &[&LabelledLetter],
    policy: &Policy,
    certificate: Option<&Certificate>,
) -> Result<Groups, RecordError> {
    let kinds: Vec<[(&str, String); 3]> = letters
        .par_iter()
        .map(|letter| {
            [
                ("language", language_of(letter)),
                ("channel", letter.channel.clone().unwrap_or_else(|| "unknown".to_owned())),
                ("length", length_of(letter).to_owned()),
            ]
        })
        .collect();
    let mut parts: BTreeMap<(&str, &str), Records> = BTreeMap::new();
    for ((truth, row), kinds) in records.iter().zip(&kinds) {
        for (kind, value) in kinds {
            let part = match parts.entry((kind, value)) {
                std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::btree_map::Entry::Vacant(new) => {
                    new.insert(Records::new(records.labels())?)
                }
            };
            part.push(truth, row)?;
        }
    }
    let mut groups = Groups::new();
    for ((kind, value), part) in parts {
        let figures = figures(&part, policy, certificate);
        groups.entry(kind.to_owned()).or_default().insert(value.to_owned(), figures);
    }
    Ok(groups)
}

fn figures(records: &Records, policy: &Policy, certificate: Option<&Certificate>) -> GroupFigures {
    let accuracy = accuracy(records);
    let right = (accuracy * records.len() as f64).round() as u64;
    GroupFigures {
        letters: records.len(),
        accuracy,
        accuracy_interval: clopper_pearson(right, records.len() as u64, INTERVALS),
        log_loss: log_loss(records),
        calibration_error: calibration_error(records),
        certified: certificate.map(|certificate| Certified {
            target: certificate.target,
            confidence: certificate.confidence,
            applied: apply(records, policy, certificate),
        }),
    }
}

/// What somebody said, otherwise what the text looks like.
fn language_of(letter: &LabelledLetter) -> String {
    letter.language.clone().unwrap_or_else(|| {
        language::detect(&format!("{}\n{}", letter.subject, letter.body)).as_str().to_owned()
    })
}

/// Classes of length in words.
fn length_of(letter: &LabelledLetter) -> &'static str {
    let words = [&letter.subject, &letter.body];
    match words.into_iter().flat_map(|text| text.split_whitespace()).take(200).count() {
        0..=9 => "0-9",
        10..=49 => "10-49",
        50..=199 => "50-199",
        _ => "200-",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_in_one_group_of_each_kind() {
        let mut letters: Vec<LabelledLetter> =
            (0..30).map(|n| LabelledLetter::new("a", "", &"ord ".repeat(n * 10))).collect();
        letters[3].channel = Some("email".to_owned());
        letters[4].language = Some("da".to_owned());
        let mut records = Records::new(2).unwrap();
        for n in 0..30 {
            records.push(Some(usize::from(n % 3 == 0)), &[0.75, 0.25]).unwrap();
        }
        let letters: Vec<&LabelledLetter> = letters.iter().collect();
        let groups = by_group(&records, &letters, &Policy::all(2), None).unwrap();
        for values in groups.values() {
            assert_eq!(values.values().map(|figures| figures.letters).sum::<usize>(), 30);
        }
        assert_eq!(groups["channel"]["email"].letters, 1);
        assert_eq!(groups["channel"]["email"].accuracy, 0.0);
        assert_eq!(groups["language"]["da"].letters, 1);
        let lengths: Vec<(&str, usize)> =
            groups["length"].iter().map(|(value, f)| (value.as_str(), f.letters)).collect();
        assert_eq!(lengths, [("0-9", 1), ("10-49", 4), ("200-", 10), ("50-199", 15)]);
    }
}
