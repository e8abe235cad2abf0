//! The card as people read it.

use postbud_evaluate::{Policy, Promise, Records, Report, certify};

use super::*;
use crate::check::{Finding, Tally};
use crate::evaluation::NamedCertificate;
use crate::split::DividedBy;
use crate::version::Before;
use crate::vocabulary::WordsUsed;

/// Letters of two mailboxes, every `wrong`-th of the less certain half in the wrong one.
fn evaluation(letters: u32, wrong: u32, measured_on: MeasuredOn) -> Evaluation {
    let labels = ["affald", "vej-park"].map(str::to_owned);
    let mut records = Records::new(2).unwrap();
    for n in 0..letters {
        let p = 0.99 - 0.4 * f64::from(n) / f64::from(letters);
        let guess = usize::from(n % 3 == 0);
        let row = if guess == 0 { [p, 1.0 - p] } else { [1.0 - p, p] };
        let missed = n > letters / 2 && n % wrong == 0;
        records.push(Some(if missed { 1 - guess } else { guess }), &row).unwrap();
    }
    let policy = Policy::all(2);
    let certificate = certify(&records, &policy, Promise::default());
    let report = Report::of(&records, &labels, &policy, Some(&certificate));
    Evaluation {
        checksum: "c0ffee".to_owned(),
        data_hash: "beef".to_owned(),
        trained_by: "postbud-model 0.1.0".to_owned(),
        seed: 1,
        min_senders: 3,
        training_letters: 1_460,
        training_letters_by_mailbox: [("affald".to_owned(), 1_000), ("vej-park".to_owned(), 460)]
            .into(),
        folds: 20,
        measured_on,
        report: report.clone(),
        certificate: NamedCertificate::of(&certificate, &labels),
        out_of_fold: report,
        findings: vec![Finding::Duplicate { kept: "1".to_owned(), dropped: "2".to_owned() }],
        split: match measured_on {
            MeasuredOn::HeldOut => DividedBy::Time { from: 1_795_000_000_000 },
            MeasuredOn::OutOfFold => DividedBy::Nothing,
        },
        tally: Tally {
            given: 2_463,
            used: 2_460,
            duplicates: 1,
            conflicts: 2,
            near_duplicates: 14,
            in_threads: 210,
        },
        suspected_labels: 37,
        before: Before {
            words: WordsUsed { shipped: vec!["affald".to_owned()], own: Vec::new() },
            mapping: None,
            skipped: 3,
            no_mailbox: Vec::new(),
        },
    }
}

#[test]
fn a_card_with_a_certificate() {
    let about =
        About { da: "Breve til en prøve.".to_owned(), en: "Letters for a test.".to_owned() };
    let evaluation = evaluation(1_000, 7, MeasuredOn::HeldOut);
    insta::assert_snapshot!(write("prøve", &evaluation, &about));
}

#[test]
fn a_card_without_one() {
    let evaluation = evaluation(100, 3, MeasuredOn::OutOfFold);
    assert!(evaluation.certificate.thresholds.is_empty());
    let card = write("prøve", &evaluation, &About::default());
    let automatic = card.lines().filter(|line| {
        line.starts_with("Løftet") || line.starts_with("The promise:") || line.contains("Mål")
    });
    insta::assert_snapshot!(automatic.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_card_of_a_model_that_confuses_nothing_says_so() {
    let evaluation = evaluation(100, u32::MAX, MeasuredOn::OutOfFold);
    let card = write("prøve", &evaluation, &About::default());
    let lines: Vec<_> = card.lines().filter(|line| line.contains("(belongs to →")).collect();
    assert!(lines.len() == 1 && lines[0].ends_with(": none."), "{lines:?}");
    assert!(card.contains("krydsvalidering): ingen."));
}

#[test]
fn letters_of_a_form_are_an_exception_and_the_card_says_so() {
    let mut evaluation = evaluation(100, 3, MeasuredOn::OutOfFold);
    let said = |evaluation: &Evaluation| write("prøve", evaluation, &About::default());
    assert!(!said(&evaluation).contains("Undtaget er"));
    for letters in [40, 20] {
        evaluation.findings.push(Finding::Form { letters, first: "7".to_owned() });
    }
    let card = said(&evaluation);
    assert!(card.contains("Undtaget er 60 breve") && card.contains("Except 60 letters"), "{card}");
}
