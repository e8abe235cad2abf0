//! Labels that are probably wrong: confident learning (Northcutt, Jiang and Chuang 2021,
//! "Confident Learning: Estimating Uncertainty in Dataset Labels").
//!
//! A letter is suspected when a model that had not seen it is as sure of another label as it is,
//! on average, of letters that have that label. The model's habits are so taken into account: a
//! label that is hard to recognise asks for less certainty than one that is easy.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use postbud_evaluate::Records;
use serde::{Deserialize, Serialize};

use crate::letter::LabelledLetter;

/// So many letters are listed at most: what a person can look at.
pub const MAX_SUSPECTS: usize = 50;

/// What was found about the labels.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LabelCheck {
    /// Letters whose label was checked.
    pub letters: usize,
    /// How many are suspected.
    pub suspected: usize,
    /// Per label, how sure the models are on average of letters that have it.
    pub certainty: BTreeMap<String, f64>,
    /// The most suspicious, worst first, at most [`MAX_SUSPECTS`].
    pub suspects: Vec<Suspect>,
}

/// A letter whose label a person should look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suspect {
    /// The letter.
    pub id: String,
    /// The label it has.
    pub label: String,
    /// The label it may belong to.
    pub suggested: String,
    /// How probable its own label is to a model that had not seen it.
    pub own_probability: f64,
    /// How probable the other one is.
    pub suggested_probability: f64,
}

/// Looks for probably wrong labels. `records` hold what models that had not seen them said of
/// these letters, in the same order; `labels` are their names.
#[must_use]
pub fn check_labels(
    records: &Records,
    labels: &[String],
    letters: &[&LabelledLetter],
) -> LabelCheck {
    let certainty = certainty(records);
    let mut suspects: Vec<Suspect> = Vec::new();
    for ((truth, row), letter) in records.iter().zip(letters) {
        let Some(own) = truth.and_then(|truth| row.get(truth).copied()) else { continue };
        let sure = row.iter().zip(&certainty).enumerate();
        let sure = sure.filter(|(_, (p, needed))| needed.is_some_and(|needed| **p >= needed));
        let best = sure.max_by(|a, b| a.1.0.total_cmp(b.1.0).then(b.0.cmp(&a.0)));
        let Some((other, (&probability, _))) = best.filter(|(other, _)| Some(*other) != truth)
        else {
            continue;
        };
        suspects.push(Suspect {
            id: letter.id.clone(),
            label: letter.label.clone(),
            suggested: labels.get(other).cloned().unwrap_or_default(),
            own_probability: own,
            suggested_probability: probability,
        });
    }
    suspects.sort_by(worst_first);
    let suspected = suspects.len();
    suspects.truncate(MAX_SUSPECTS);
    let known = labels.iter().zip(certainty);
    let known = known.filter_map(|(label, certainty)| Some((label.clone(), certainty?)));
    LabelCheck { letters: records.len(), suspected, certainty: known.collect(), suspects }
}

/// The mean probability of a label over the letters that have it; `None` without any.
fn certainty(records: &Records) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0_usize); records.labels()];
    for (truth, row) in records.iter() {
        if let Some(truth) = truth
            && let (Some(sum), Some(p)) = (sums.get_mut(truth), row.get(truth))
        {
            *sum = (sum.0 + p, sum.1 + 1);
        }
    }
    sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum / count as f64)).collect()
}

/// By how much more probable the other label is.
fn worst_first(a: &Suspect, b: &Suspect) -> Ordering {
    let margin = |suspect: &Suspect| suspect.suggested_probability - suspect.own_probability;
    margin(b).total_cmp(&margin(a)).then_with(|| a.id.cmp(&b.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspects(rows: &[(usize, [f64; 3])]) -> Vec<(String, String)> {
        let mut records = Records::new(3).unwrap();
        let mut letters = Vec::new();
        for (number, (truth, row)) in rows.iter().enumerate() {
            records.push(Some(*truth), row).unwrap();
            let mut letter = LabelledLetter::new(["a", "b", "c"][*truth], "", "");
            letter.id = format!("L{number}");
            letters.push(letter);
        }
        let labels = ["a", "b", "c"].map(str::to_owned);
        let found = check_labels(&records, &labels, &letters.iter().collect::<Vec<_>>());
        assert_eq!(found.letters, rows.len());
        found.suspects.into_iter().map(|s| (s.id, s.suggested)).collect()
    }

    #[test]
    fn worked_out_by_hand() {
        // Certainty: a (0.9 + 0.8 + 0.1) / 3 = 0.6, b (0.7 + 0.5) / 2 = 0.6, c 0.35.
        let found = suspects(&[
            (0, [0.9, 0.05, 0.05]),
            (0, [0.8, 0.1, 0.1]),
            (0, [0.1, 0.8, 0.1]),
            (1, [0.2, 0.7, 0.1]),
            (1, [0.3, 0.5, 0.2]),
            (2, [0.61, 0.04, 0.35]),
        ]);
        let wanted = [("L2", "b"), ("L5", "a")].map(|(id, l)| (id.to_owned(), l.to_owned()));
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_label_without_letters_and_no_letters_at_all() {
        assert!(suspects(&[]).is_empty());
        assert!(suspects(&[(0, [0.2, 0.0, 0.8])]).is_empty(), "nobody knows how sure c should be");
    }

    #[test]
    fn no_more_than_a_person_can_look_at() {
        let mut rows = vec![(0, [0.9, 0.1, 0.0]); 400];
        rows.extend(vec![(1, [0.9, 0.1, 0.0]); 100]);
        assert_eq!(suspects(&rows).len(), MAX_SUSPECTS);
    }
}
