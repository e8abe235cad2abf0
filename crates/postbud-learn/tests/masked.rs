//! What points to a person is in no model, whoever wrote it and however often.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use postbud_learn::{LabelledLetter, read_letters};
use postbud_model::{Example, Model, Text, TrainOptions, train};
use serde_json::json;

/// A name, a street, a number and an address, as three people end their letters.
const PRIVATE: &str =
    "Xerxina Quazsqvist\nZwiqbelvænget 7, 2. tv., 9870 Sjøxrup\n010190-0000\nxq@quazsq.example";
/// Words of it that nothing else has.
const WORDS: [&str; 5] = ["xerxina", "quazsqvist", "zwiqbelvænget", "sjøxrup", "quazsq"];

fn letters(ending: &str) -> Vec<LabelledLetter> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letters.jsonl");
    let said = [
        ("skrald", "Skraldespanden er ikke tømt i denne uge. Hvornår kommer I?", "affald"),
        ("vej", "Der er et dybt hul i vejen ud for skolen. Vil I lave det?", "vej-park"),
    ];
    let lines: String = (0..24)
        .map(|n| {
            let (subject, body, label) = said[n % 2];
            // Half of all, so that many senders have it and one is enough anyway.
            let ending =
                if n < 12 { format!("\n\nMed venlig hilsen\n{ending}") } else { String::new() };
            let body = format!("{body} Nummer {n}.{ending}");
            let sender = format!("s{n}");
            format!(
                "{}\n",
                json!({ "category": label, "subject": subject, "body": body, "sender": sender })
            )
        })
        .collect();
    fs::write(&path, lines).unwrap();
    read_letters(&[&path]).unwrap()
}

fn model(letters: &[LabelledLetter]) -> Model {
    let examples: Vec<Example<'_>> = letters.iter().map(LabelledLetter::example).collect();
    let how = TrainOptions { min_senders: 1, folds: 3, ..TrainOptions::default() };
    train(&examples, &how, &|_| ()).unwrap()
}

fn known(model: &Model, body: &str) -> usize {
    model.known_features(Text { subject: "", body })
}

#[test]
fn a_model_knows_no_more_of_a_person_than_one_that_never_saw_them() {
    let with = letters(PRIVATE);
    for letter in &with {
        let text = letter.body.to_lowercase();
        assert!(WORDS.iter().all(|word| !text.contains(word)), "{text}");
    }
    let never = model(&letters(""));
    let with = model(&with);
    let bytes = with.to_bytes().unwrap().to_ascii_lowercase();
    for word in WORDS {
        assert_eq!(known(&with, word), known(&never, word), "{word}");
        assert!(!bytes.windows(word.len()).any(|part| part == word.as_bytes()), "{word}");
    }
    // What is masked is what keeps them out: the same words elsewhere are learnt.
    let mut plain = letters("");
    for letter in &mut plain[..3] {
        letter.body.push_str(" xerxina");
    }
    assert!(known(&model(&plain), "xerxina") > known(&never, "xerxina"));
}

/// Of the names and addresses that people marked in the demo's letters, none is left in what is
/// learnt, but for those few that masking misses; how many, `postbud-letter` tests.
#[test]
fn the_demos_letters_are_learnt_without_the_people_in_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/klitkobing");
    let letters = read_letters(&[folder.join("letters.jsonl")]).unwrap();
    let marks = fs::read_to_string(folder.join("personal.tsv")).unwrap();
    let (mut all, mut left) = (0, Vec::new());
    for line in marks.lines().filter(|line| !line.starts_with('#')) {
        let [_, id, kind, text] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        if kind == "none" {
            continue;
        }
        let letter = letters.iter().find(|letter| letter.id == id).unwrap();
        all += 1;
        let learnt = format!("{}\n{}", letter.subject, letter.body);
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let stands = learnt.match_indices(text).any(|(at, _)| {
            !is_word(learnt[..at].chars().next_back())
                && !is_word(learnt[at + text.len()..].chars().next())
        });
        left.extend(stands.then(|| format!("{id} {text}")));
    }
    assert!(all > 150, "{all}");
    assert!(left.len() <= 5, "{left:#?}");
}
