//! A model cannot be asked what stood in one person's letters.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use postbud_model::{Example, Model, Text, TrainOptions, train};
use support::LETTERS;

/// Of one person: name, street, numbers, and a word of their own.
const PRIVATE: [&str; 5] = [
    "Xerxina Quazsqvist",
    "Zwiqbelvænget 7, 9870 Sjøxrup",
    "010190-0000",
    "+45 12 34 56 78",
    "xqwzvilkår",
];

/// A model of letters of which two of one sender hold the text.
fn model_with(text: &str, min_senders: u32) -> Model {
    let mut letters: Vec<(String, &str, u64)> = (1..)
        .zip(&LETTERS)
        .map(|(sender, (subject, body, label))| (format!("{subject} {body}"), *label, sender))
        .collect();
    for (body, _, sender) in &mut letters[..2] {
        body.push_str("\nVenlig hilsen ");
        body.push_str(text);
        *sender = 1;
    }
    let examples: Vec<Example<'_>> = letters
        .iter()
        .map(|(body, label, sender)| Example {
            text: Text { subject: "", body },
            label,
            group: None,
            sender: Some(*sender),
            language: None,
        })
        .collect();
    let how = TrainOptions { min_senders, ..TrainOptions::default() };
    train(&examples, &how, &|_| ()).unwrap()
}

fn known(model: &Model, text: &str) -> usize {
    model.known_features(Text { subject: "", body: text })
}

#[test]
fn what_one_person_wrote_is_as_unknown_as_if_it_had_never_been_read() {
    let never_read = model_with("", 3);
    for text in PRIVATE {
        let model = model_with(text, 3);
        assert_eq!(known(&model, text), known(&never_read, text), "{text}");
        let bytes = model.to_bytes().unwrap().to_ascii_lowercase();
        for word in text.split_whitespace().filter(|word| word.len() > 3) {
            let word = word.to_lowercase().into_bytes();
            assert!(!bytes.windows(word.len()).any(|part| part == word), "{text}");
        }
    }
    // The rule is what keeps it out: without it, the name and the word are known. Numbers of five
    // digits and more are never learnt.
    let all: String = PRIVATE.join(" ");
    assert!(known(&model_with(&all, 1), &all) > known(&never_read, &all));
    assert!(known(&model_with(PRIVATE[4], 1), PRIVATE[4]) > known(&never_read, PRIVATE[4]));
}

#[test]
fn what_enough_people_write_is_known_whoever_they_are() {
    let examples = |senders: [u64; 3]| {
        let with_word = LETTERS.iter().enumerate().map(move |(n, (_, body, label))| {
            let sender = senders.get(n).copied().unwrap_or(100 + n as u64);
            let word = if n < 3 { " xqwzvilkår" } else { "" };
            (format!("{body}{word}"), *label, sender)
        });
        with_word.collect::<Vec<_>>()
    };
    let knows = |senders| {
        let letters = examples(senders);
        let letters: Vec<Example<'_>> = letters
            .iter()
            .map(|(body, label, sender)| Example {
                text: Text { subject: "", body },
                label,
                group: None,
                sender: Some(*sender),
                language: None,
            })
            .collect();
        let how = TrainOptions { min_senders: 3, ..TrainOptions::default() };
        known(&train(&letters, &how, &|_| ()).unwrap(), "xqwzvilkår")
    };
    assert!(knows([1, 2, 3]) > knows([1, 2, 2]));
    assert_eq!(knows([1, 2, 2]), knows([1, 1, 1]));
}
