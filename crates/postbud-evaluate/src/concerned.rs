//! Which mailboxes a drift concerns: those whose promise may not hold any more, while the others' letters
//! are as they were.
//!
//! Where the *mix* of mailboxes has shifted, it concerns those without which the others, among themselves,
//! are mixed as they were (a stability index below half of what is called large), and each whose share has grown by half. Where letters are
//! otherwise different, each mailbox's own letters of now, those that the model would send there, are
//! compared with those of then: it is concerned when they differ with p ≤ 0.1 in certainty, words,
//! length or language, a limit on the side of caution, and when there are too few of them to tell. A
//! drift for which nothing of that gives a mailbox concerns all.

use crate::drift::{Drift, LARGE, drift, mix};
use crate::records::{Records, best};

/// Fewer letters of a mailbox than this, then or now, do not tell whether they differ.
const TOO_FEW: usize = 30;
/// A mailbox whose share of all letters has grown so much is where letters would go that belong nowhere.
const GREW: f64 = 1.5;
/// A mailbox's own letters differ when chance would make them differ so much this seldom.
const DIFFERENT: f64 = 0.1;

/// Per label, whether the drift that was found concerns it. None where none was.
#[must_use]
pub fn concerned(before: &Records, now: &Records, found: &Drift) -> Vec<bool> {
    let labels = before.labels().max(now.labels());
    let mut concerned = vec![false; labels];
    if !found.drifted {
        return concerned;
    }
    if found.mailboxes.drifted {
        by_share(&mix(before, labels), &mix(now, labels), &mut concerned);
    }
    let own = [Some(found.certainty), found.known, found.length, found.language];
    if own.into_iter().flatten().any(|shift| shift.drifted) {
        for (label, concerned) in concerned.iter_mut().enumerate() {
            *concerned |= differs(of(before, label).as_ref(), of(now, label).as_ref());
        }
    }
    if !concerned.contains(&true) {
        concerned.fill(true);
    }
    concerned
}

/// Marks the mailboxes that make up a shift of the mix: again and again the one with the largest part
/// in it, until the others among themselves are mixed as they were.
fn by_share(before: &[f64], now: &[f64], concerned: &mut [bool]) {
    loop {
        let parts = parts(before, now, concerned);
        let index: f64 = parts.iter().map(|(_, part)| part).sum();
        let largest = parts.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
        match largest {
            Some((label, _)) if index >= LARGE / 2.0 => concerned[label] = true,
            _ => break,
        }
    }
    let all = |counts: &[f64]| counts.iter().sum::<f64>().max(1.0);
    let (all_before, all_now) = (all(before), all(now));
    for (label, concerned) in concerned.iter_mut().enumerate() {
        *concerned |= now[label] / all_now > GREW * before[label].max(0.5) / all_before;
    }
}

/// The part of each mailbox that is not marked in the stability index of all those.
fn parts(before: &[f64], now: &[f64], marked: &[bool]) -> Vec<(usize, f64)> {
    let open: Vec<usize> = (0..marked.len()).filter(|&label| !marked[label]).collect();
    let all = |counts: &[f64]| open.iter().map(|&label| counts[label]).sum::<f64>().max(1.0);
    let (all_before, all_now) = (all(before), all(now));
    // Half a letter stands for none, as in the index itself.
    let part = |&label: &usize| {
        let (p, q) = (before[label].max(0.5) / all_before, now[label].max(0.5) / all_now);
        (label, (p - q) * (p / q).ln())
    };
    open.iter().map(part).collect()
}

/// The letters that the model would send to one label.
fn of(records: &Records, label: usize) -> Option<Records> {
    let mut own = Records::new(records.labels()).ok()?;
    let told = records.familiarity().iter().zip(records.languages());
    for ((_, row), (seen, language)) in records.iter().zip(told) {
        // They were probabilities before.
        if best(row).0 == label && own.push_seen(None, row, *seen).is_ok() {
            own.note_language(*language);
        }
    }
    Some(own)
}

fn differs(before: Option<&Records>, now: Option<&Records>) -> bool {
    let (Some(before), Some(now)) = (before, now) else { return true };
    if before.len() < TOO_FEW || now.len() < TOO_FEW {
        return true;
    }
    let found = drift(before, now);
    let own = [Some(found.certainty), found.known, found.length, found.language];
    own.into_iter().flatten().any(|shift| shift.p_value <= DIFFERENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Familiarity;

    /// Letters of four mailboxes, as many of each as said, with words as familiar as said.
    fn letters(counts: [usize; 4], known: [f64; 4]) -> Records {
        let mut records = Records::new(4).unwrap();
        for (label, (count, known)) in counts.into_iter().zip(known).enumerate() {
            for n in 0..count {
                let p = 0.7 + 0.003 * (n % 100) as f64;
                let mut row = [(1.0 - p) / 3.0; 4];
                row[label] = p;
                let known = known - 0.001 * (n % 50) as f64;
                let seen = Familiarity { known, grams: 100 + (n % 60) as u32 };
                records.push_seen(None, &row, Some(seen)).unwrap();
                records.note_language(Some(1));
            }
        }
        records
    }

    fn found(before: &Records, now: &Records) -> Vec<bool> {
        concerned(before, now, &drift(before, now))
    }

    #[test]
    fn unchanged_mail_concerns_nobody() {
        let before = letters([200; 4], [0.9; 4]);
        assert_eq!(found(&before, &letters([100; 4], [0.9; 4])), [false; 4]);
    }

    #[test]
    fn a_mailbox_that_gets_many_more_letters_is_concerned_alone() {
        let before = letters([200; 4], [0.9; 4]);
        let now = letters([100, 100, 100, 400], [0.9; 4]);
        assert_eq!(found(&before, &now), [false, false, false, true]);
    }

    #[test]
    fn one_that_vanishes_concerns_those_that_get_its_letters_and_no_others() {
        let before = letters([200; 4], [0.9; 4]);
        let now = letters([0, 200, 200, 200], [0.9; 4]);
        assert_eq!(found(&before, &now), [true, false, false, false]);
        let now = letters([0, 400, 200, 200], [0.9; 4]);
        assert_eq!(found(&before, &now), [true, true, false, false]);
    }

    #[test]
    fn strange_words_concern_the_mailbox_that_gets_them_and_those_with_too_few_letters() {
        let before = letters([200; 4], [0.9; 4]);
        let now = letters([200, 200, 200, 200], [0.9, 0.9, 0.5, 0.9]);
        assert_eq!(found(&before, &now), [false, false, true, false]);
        let before = letters([200, 200, 200, 20], [0.9; 4]);
        let now = letters([200, 200, 200, 20], [0.9, 0.9, 0.5, 0.9]);
        assert_eq!(found(&before, &now), [false, false, true, true]);
    }

    #[test]
    fn a_drift_that_nothing_explains_concerns_everybody() {
        let before = letters([200; 4], [0.9; 4]);
        let mut drifted = drift(&before, &before);
        drifted.drifted = true;
        assert_eq!(concerned(&before, &before, &drifted), [true; 4]);
    }
}
