//! An explanation adds up, exactly, and points at the words.

mod support;

use postbud_model::{MASKED, Model, Text};
use proptest::prelude::*;
use support::{LETTERS, model};

fn check(model: &Model, text: Text<'_>) {
    let scores = model.scores(text);
    for (label, &score) in scores.iter().enumerate() {
        let explanation = model.explain(text, label).expect("the label is known");
        assert_eq!(explanation.score, score, "what is explained is the score itself");
        let forward =
            explanation.words.iter().fold(explanation.bias, |sum, word| sum + word.weight);
        let backward: f64 = explanation.words.iter().rev().map(|word| word.weight).sum();
        assert_eq!(forward, score);
        assert_eq!(backward + explanation.bias, score);
        for word in &explanation.words {
            for &span in &word.spans {
                let written = text.slice(span).to_lowercase();
                assert!(!written.is_empty() && (word.word == MASKED || word.word == written));
            }
        }
    }
    let (prediction, some) = model.predict_and_explain(text, 3);
    let all = model.explain(text, prediction.best().0).expect("the label is known");
    assert_eq!(prediction, model.predict(text));
    assert_eq!(some.words, all.words[..all.words.len().min(3)], "the strongest, as in the whole");
    assert_eq!((some.score, some.bias), (all.score, all.bias));
}

#[test]
fn adds_up_for_every_letter_and_label() {
    let model = model();
    for (subject, body, _) in LETTERS {
        check(&model, Text { subject, body });
    }
    assert_eq!(model.explain(Text { subject: "", body: "" }, 99), None);
}

#[test]
fn names_the_words_that_decide() {
    let model = model();
    let body = "Goddag. Der er huller i vejen, store huller! Hilsen 010190-0000";
    let text = Text { subject: "Vejen", body };
    let label = model.position("vej-park").unwrap();
    let explanation = model.explain(text, label).unwrap();
    let strongest: Vec<&str> = explanation.words.iter().take(2).map(|w| w.word.as_str()).collect();
    assert!(strongest.contains(&"vejen") && strongest.contains(&"huller"), "{strongest:?}");
    let holes = explanation.words.iter().find(|word| word.word == "huller").unwrap();
    assert_eq!(holes.spans.len(), 2);
    let spelled: Vec<&str> = explanation.words.iter().map(|w| w.word.as_str()).collect();
    assert!(!spelled.iter().any(|word| word.contains("0101")), "{spelled:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn adds_up_for_any_text(words in prop::collection::vec("[a-zæøå]{1,9}|hul|vejen|pas|\\PC{1,5}", 0..60)) {
        thread_local!(static MODEL: Model = model());
        let body = words.join(" ");
        MODEL.with(|model| check(model, Text { subject: "Pas og vej", body: &body }));
    }
}
