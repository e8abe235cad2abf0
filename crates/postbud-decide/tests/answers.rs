//! What a decision keeps of a model's answer.

mod support;

use postbud_decide::{Contribution, Decision, Reason, Scores};
use support::*;

fn decided_with(scores: Scores) -> Decision {
    decided(&letter("S", LONG_DANISH), &settings(), Some(scores))
}

fn words_kept(words: &[(&str, f64)]) -> Vec<(String, f64)> {
    let word =
        |(word, weight): &(&str, f64)| Contribution { word: (*word).to_owned(), weight: *weight };
    let words = words.iter().map(word).collect();
    let decision = decided_with(Scores { words, ..scores(&[("plads", 0.95)]) });
    match decision.reason {
        Reason::Model { words, .. } => words.into_iter().map(|w| (w.word, w.weight)).collect(),
        other => panic!("the model should decide, but {other:?}"),
    }
}

#[test]
fn numbers_that_may_be_a_persons_are_left_out() {
    let kept = words_kept(&[
        ("010190-0000", 9.0),
        ("0101900000", 8.0),
        ("12345678", 7.0),
        ("2026", 1.0),
        ("plads", 0.5),
    ]);
    assert_eq!(kept, [("2026".to_owned(), 1.0), ("plads".to_owned(), 0.5)]);
}

#[test]
fn words_that_are_none_are_left_out() {
    let long = "x".repeat(41);
    let kept = words_kept(&[(&long, 1.0), ("a", f64::NAN), ("b", f64::INFINITY), ("c", -0.0)]);
    assert_eq!(kept, [("c".to_owned(), 0.0)]);
    assert!(kept[0].1.is_sign_positive(), "one spelling of zero");
}

#[test]
fn at_most_ten_words_and_five_suggestions() {
    let many: Vec<(&str, f64)> = (0..20).map(|_| ("ord", 1.0)).collect();
    assert_eq!(words_kept(&many).len(), 10);
    let all = ["plads", "skole", "boern", "politi", "andet", "slukket"];
    let ranked: Vec<(&str, f64)> = all.iter().map(|name| (*name, 1.0 / 6.0)).collect();
    assert_eq!(decided_with(scores(&ranked)).suggestions.len(), 5);
}

#[test]
fn suggestions_are_ordered_configured_and_named_once() {
    let decision = decided_with(scores(&[
        ("skole", 0.1),
        ("plads", 0.3),
        ("nedlagt", 0.2),
        ("plads", 0.2),
        ("boern", -0.0),
        ("andet", 0.0),
        ("politi", f64::NAN),
    ]));
    let named: Vec<(&str, f64)> = decision
        .suggestions
        .iter()
        .map(|suggestion| (suggestion.mailbox.as_str(), suggestion.probability))
        .collect();
    let expected =
        [("plads", 0.3), ("skole", 0.1), ("andet", 0.0), ("boern", 0.0), ("politi", 0.0)];
    assert_eq!(named, expected);
}

/// Of a mailbox that a model names twice the stricter entry counts.
#[test]
fn the_stricter_of_two_thresholds_counts() {
    let mut twice = scores(&[("plads", 0.95), ("plads", 0.95)]);
    twice.ranked[1].threshold = Some(0.99);
    assert_eq!(routed(&decided_with(twice.clone())), None);
    twice.ranked[1].threshold = None;
    assert_eq!(routed(&decided_with(twice)), None);
}

/// The words are about the model's best mailbox; without it they would explain nothing.
#[test]
fn words_about_a_mailbox_that_is_not_configured_are_left_out() {
    let decision = decided_with(scores(&[("nedlagt", 0.9), ("plads", 0.1)]));
    assert!(matches!(&decision.reason, Reason::Person { words, .. } if words.is_empty()));
}
