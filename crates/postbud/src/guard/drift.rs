//! Compares the newest letters with those that the champion was trained on.
//!
//! What the model said of a letter is read from the decisions in the store, so that a restart
//! forgets nothing and several routers see the same letters. Only letters that the model was asked
//! about count; what rules decide is not compared. Their language is what a glance says, of the
//! training letters as of these.

use std::collections::BTreeSet;
use std::path::Path;

use postbud_decide::{MailboxId, ModelId};
use postbud_evaluate::drift::LARGE;
use postbud_evaluate::{Drift, Familiarity, Records, Shift, concerned, drift};
use postbud_learn::out_of_fold;
use postbud_letter::language::Language;
use postbud_metrics::{Metrics, inventory as i};
use postbud_pipeline::ports::Guess;

use crate::classifier;

/// The newest letters that are compared, at most.
pub(super) const NEWEST: u32 = 1_000;
/// Fewer than this say nothing.
const LEAST: usize = 100;

/// What the champion knows of its training letters.
pub(super) struct Before {
    model: ModelId,
    labels: Vec<String>,
    records: Records,
}

impl Before {
    /// Reads the model's file, away from the async threads. `None` when another version has become
    /// the champion meanwhile: the next look sees that one.
    pub(super) async fn load(path: &Path, champion: ModelId) -> Option<Self> {
        let path = path.to_owned();
        let read = move || {
            let (model, name) = classifier::open(&path).ok()?;
            let id = ModelId(format!("{name}@{:.12}", model.checksum_hex()));
            let records = out_of_fold(&model).ok().filter(|_| id == champion)?;
            Some(Self { model: id, labels: model.labels().to_vec(), records })
        };
        tokio::task::spawn_blocking(read).await.ok().flatten()
    }

    /// The model that this is of.
    pub(super) fn model(&self) -> &ModelId {
        &self.model
    }
}

/// Shall the thresholds be withdrawn, after a comparison? Drift withdraws them; they come back when
/// the mail is clearly as it was, so that mail on the edge does not switch them again and again.
pub(super) fn withdraws(withdrawn: bool, found: Option<&Drift>) -> bool {
    found.is_some_and(|drift| {
        let found = shifts(drift).into_iter().flatten();
        let index = found.map(|shift| shift.stability_index).fold(0.0, f64::max);
        drift.drifted || (withdrawn && index >= LARGE / 2.0)
    })
}

/// What is compared, by the names that the metrics have.
const SHIFTS: [&str; 5] = ["certainty", "mailboxes", "words", "length", "language"];

/// In the order of [`SHIFTS`].
fn shifts(drift: &Drift) -> [Option<Shift>; 5] {
    [Some(drift.certainty), Some(drift.mailboxes), drift.known, drift.length, drift.language]
}

/// What a comparison found.
pub(super) struct Found {
    pub(super) drift: Drift,
    /// The mailboxes that it concerns.
    pub(super) concerned: BTreeSet<MailboxId>,
}

/// Compares; `None` while there are too few letters.
pub(super) fn compare(before: &Before, guesses: &[Guess]) -> Option<Found> {
    let now = records(before, guesses)?;
    let drift = drift(&before.records, &now);
    let concerned = concerned(&before.records, &now, &drift);
    let concerned = before.labels.iter().zip(concerned).filter(|(_, concerned)| *concerned);
    let concerned = concerned.filter_map(|(label, _)| MailboxId::parse(label).ok()).collect();
    Some(Found { drift, concerned })
}

/// What the model said of the newest letters.
fn records(before: &Before, guesses: &[Guess]) -> Option<Records> {
    let mut now = Records::new(before.labels.len()).ok()?;
    for guess in guesses {
        // The store keeps the first guess; the comparison looks at nothing else, so the rest of the
        // probability may lie anywhere below it.
        let label = before.labels.iter().position(|label| label == guess.mailbox.as_str());
        let Some(label) = label else { continue };
        let others = before.labels.len().saturating_sub(1).max(1) as f64;
        let mut row = vec![(1.0 - guess.probability) / others; before.labels.len()];
        row[label] = guess.probability;
        let seen = guess.text.map(|text| Familiarity { known: text.known, grams: text.grams });
        // What is no probability was not written by us, and is left out.
        if now.push_seen(None, &row, seen).is_ok() {
            let language = guess.text.and_then(|text| text.language);
            now.note_language(language.map(Language::number));
        }
    }
    (now.len() >= LEAST).then_some(now)
}

/// Notes what was found.
pub(super) fn note(metrics: &Metrics, found: Option<&Drift>) {
    let of = |value: fn(&Drift) -> f64| found.map_or(0.0, value);
    for (name, shift) in SHIFTS.into_iter().zip(found.map(shifts).unwrap_or_default()) {
        metrics.set(&i::DRIFT, &[name], shift.map_or(0.0, |shift| shift.stability_index));
    }
    metrics.set(&i::DRIFT_LETTERS, &[], of(|drift| drift.now as f64));
    metrics.set(&i::DRIFTED, &[], of(|drift| if drift.drifted { 1.0 } else { 0.0 }));
}

#[cfg(test)]
mod tests {
    use postbud_decide::TextNote;

    use super::*;

    fn before() -> Before {
        let mut records = Records::new(2).expect("two labels");
        for n in 0..400 {
            let sure = if n % 10 == 0 { 0.6 } else { 0.95 };
            let row = if n % 2 == 0 { [sure, 1.0 - sure] } else { [1.0 - sure, sure] };
            let seen = Familiarity { known: 0.9, grams: 100 + n as u32 % 50 };
            records.push_seen(Some(n % 2), &row, Some(seen)).expect("probabilities");
            records.note_language(Some(language(n).number()));
        }
        let labels = ["affald", "skole"].map(str::to_owned).to_vec();
        Before { model: ModelId("k/1@a".into()), labels, records }
    }

    /// One letter in twenty is in English.
    fn language(n: usize) -> Language {
        if n.is_multiple_of(20) { Language::English } else { Language::Danish }
    }

    fn note(n: usize) -> TextNote {
        TextNote { known: 0.9, grams: 100 + n as u32 % 50, language: Some(language(n)) }
    }

    fn guesses(count: usize, label: impl Fn(usize) -> &'static str) -> Vec<Guess> {
        let guess = |n| Guess {
            mailbox: MailboxId::parse(label(n)).expect("a mailbox"),
            probability: if n % 10 == 0 { 0.6 } else { 0.95 },
            text: Some(note(n)),
        };
        (0..count).map(guess).collect()
    }

    #[test]
    fn the_same_mail_has_not_changed_and_other_mail_has() {
        let same = guesses(300, |n| if n % 2 == 0 { "affald" } else { "skole" });
        assert!(!compare(&before(), &same).expect("enough").drift.drifted);
        let found = compare(&before(), &guesses(300, |_| "skole")).expect("enough");
        let other = found.drift;
        assert!(other.drifted && other.mailboxes.drifted && !other.certainty.drifted);
        assert!(found.concerned.iter().any(|mailbox| mailbox.as_str() == "skole"));
    }

    #[test]
    fn strange_words_and_other_lengths_are_drift_where_decisions_tell_of_them() {
        let with = |text: fn(usize) -> Option<TextNote>| {
            let mut guesses = guesses(300, |n| if n % 2 == 0 { "affald" } else { "skole" });
            guesses.iter_mut().enumerate().for_each(|(n, guess)| guess.text = text(n));
            compare(&before(), &guesses).expect("enough").drift
        };
        let named = |drift: &Drift| -> Vec<&str> {
            let all = SHIFTS.into_iter().zip(shifts(drift));
            all.filter(|(_, shift)| shift.is_some_and(|shift| shift.drifted))
                .map(|(name, _)| name)
                .collect()
        };
        let strange = |n| Some(TextNote { known: 0.5, ..note(n) });
        assert_eq!(named(&with(strange)), ["words"]);
        let long = |n| Some(TextNote { grams: 400 + n as u32 % 50, ..note(n) });
        assert_eq!(named(&with(long)), ["length"]);
        let english = |n| Some(TextNote { language: Some(Language::English), ..note(n) });
        assert_eq!(named(&with(english)), ["language"]);
        let unsaid = with(|n| Some(TextNote { language: None, ..note(n) }));
        assert!(unsaid.language.is_none() && !unsaid.drifted);
        let silent = with(|_| None);
        assert!(silent.known.is_none() && silent.length.is_none() && !silent.drifted);
    }

    #[test]
    fn thresholds_come_back_only_when_the_mail_is_clearly_as_it_was() {
        let with = |index: f64, drifted| {
            let shift = Shift { stability_index: index, p_value: 0.5, drifted };
            let mut found = compare(&before(), &guesses(300, |_| "skole")).expect("enough").drift;
            (found.certainty, found.mailboxes, found.drifted) = (shift, shift, drifted);
            (found.known, found.length, found.language) = (None, None, None);
            found
        };
        assert!(!withdraws(false, None) && !withdraws(true, None));
        assert!(withdraws(false, Some(&with(0.3, true))));
        assert!(!withdraws(false, Some(&with(0.08, false))));
        assert!(withdraws(true, Some(&with(0.08, false))));
        assert!(!withdraws(true, Some(&with(0.02, false))));
    }

    #[test]
    fn few_letters_and_unknown_mailboxes_say_nothing() {
        assert!(compare(&before(), &guesses(LEAST - 1, |_| "skole")).is_none());
        assert!(compare(&before(), &guesses(500, |_| "ukendt")).is_none());
    }
}
