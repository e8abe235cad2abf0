//! Requests for access to documents are marked, and nothing else about the decision changes.

mod support;

use postbud_decide::{Lang, describe, due_at, workdays};
use postbud_letter::{AttachedText, DocumentFormat};
use support::*;

#[test]
fn a_request_is_told_by_its_words_in_two_languages() {
    for (subject, text, by) in [
        ("Aktindsigt", "Jeg vil se sagen.", Some("aktindsigt*")),
        ("Min sag", "Jeg søger om AKTINDSIGT i min byggesag.", Some("aktindsigt*")),
        ("Papirer", "Hvad har I liggende om mig?", Some("liggende om mig")),
        ("Hello", "I ask for access to my files.", Some("access to my file*")),
        (
            "Hello",
            "Under freedom of information I want the minutes.",
            Some("freedom of information"),
        ),
        ("Skrald", "Hvornår kommer I? Jeg har set det på jeres side om mig.", None),
        ("Indsigt", "Jeg har fået indsigt i livet.", None),
    ] {
        let decision = decided(&letter(subject, text), &settings(), None);
        let found = decision.access.as_ref().map(|request| request.matched.as_str());
        assert_eq!(found, by, "{subject}: {text}");
        assert!(decision.is_sealed());
    }
}

/// A letter with documents of these texts.
fn with_documents(texts: &[&str]) -> postbud_letter::Letter {
    let mut letter = letter("Henvendelse", "Se vedhæftede.");
    let attached = texts.iter().enumerate().map(|(document, text)| AttachedText {
        document,
        format: DocumentFormat::Pdf,
        text: (*text).to_owned(),
        pages: None,
        cut: false,
        signed: false,
        trouble: None,
    });
    letter.attached = attached.collect();
    letter
}

#[test]
fn a_request_is_also_told_by_the_beginning_of_a_document() {
    let matched = |texts: &[&str]| {
        let decision = decided(&with_documents(texts), &settings(), None);
        decision.access.map(|request| request.matched)
    };
    let asks = "Jeg anmoder hermed om aktindsigt i min byggesag.";
    assert_eq!(matched(&["Faktura", asks]).as_deref(), Some("aktindsigt*"));
    assert_eq!(matched(&["Faktura", ""]), None);
    // At the end of a long decision the right to access is told of, and nobody asks for it.
    let decision = format!("{}{asks}", "ø ".repeat(10_000));
    assert_eq!(matched(&[&decision]), None);
}

#[test]
fn the_mark_is_in_the_reason_and_leaves_the_outcome_alone() {
    let asked = letter("Aktindsigt", "Jeg beder om aktindsigt i sagen om min carport.");
    let plain = letter("Carport", "Jeg beder om svar i sagen om min carport.");
    let (asked, plain) = (decided(&asked, &settings(), None), decided(&plain, &settings(), None));
    assert_eq!(asked.outcome, plain.outcome);
    assert_eq!(asked.reason, plain.reason);
    let said = describe::long(&asked, &[], Lang::Danish);
    assert!(said.contains("svar inden 7 arbejdsdage"), "{said}");
    let said = describe::long(&asked, &[], Lang::English);
    assert!(said.contains("within 7 working days"), "{said}");
    assert!(!describe::long(&plain, &[], Lang::Danish).contains("aktindsigt"));
    let text = serde_json::to_string(&asked).unwrap();
    // The store looks for this in stored decisions.
    assert!(text.contains(r#""access":{"#), "{text}");
    assert!(!serde_json::to_string(&plain).unwrap().contains(r#""access":"#));
}

#[test]
fn a_letter_of_christmas_eve_is_due_in_the_new_year() {
    // Thursday 24 December 2026, 11.00 UTC.
    let due = due_at(1_798_110_000_000).and_then(workdays::day_of).unwrap();
    assert_eq!(due.to_string(), "2027-01-06");
}
