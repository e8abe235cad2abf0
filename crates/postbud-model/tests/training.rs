//! Training: good and bad examples, and that the result depends on nothing else.

mod support;

use std::sync::Mutex;

use postbud_model::{Description, Example, Model, Progress, Text, TrainError, TrainOptions, train};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use support::{LETTERS, examples, model};

fn text(body: &str) -> Text<'_> {
    Text { subject: "", body }
}

fn learn(letters: &[(&str, &str)]) -> Result<Model, TrainError> {
    let letters: Vec<Example<'_>> = letters
        .iter()
        .map(|&(body, label)| Example {
            text: text(body),
            label,
            group: None,
            sender: None,
            language: None,
        })
        .collect();
    train(&letters, &TrainOptions::default(), &|_| ())
}

#[test]
fn learns_what_belongs_where() {
    let model = model();
    for (body, label) in [
        ("Der er hul i asfalten på vejen", "vej-park"),
        ("nyt pas og kørekort", "borgerservice"),
        ("I har ikke tømt skraldespanden", "affald"),
        ("plads i vuggestue", "pladsanvisning"),
    ] {
        let (best, _) = model.predict(text(body)).best();
        assert_eq!(model.labels()[best], label, "{body}");
    }
}

#[test]
fn the_same_bytes_on_one_thread_or_two() {
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| model().to_bytes().unwrap())
    };
    let one = with(1);
    assert_eq!(one, with(2));
    assert_eq!(one, with(5));
}

#[test]
fn another_seed_gives_another_model() {
    let options = TrainOptions { seed: 2, ..TrainOptions::default() };
    let other = train(&examples(&LETTERS), &options, &|_| ()).unwrap();
    assert_ne!(other.checksum(), model().checksum());
}

#[test]
fn progress_is_told_to_the_end() {
    let seen = Mutex::new(Vec::new());
    train(&examples(&LETTERS), &TrainOptions::default(), &|step| seen.lock().unwrap().push(step))
        .unwrap();
    let seen = seen.into_inner().unwrap();
    assert_eq!(seen.first(), Some(&Progress::Counting { letters: 24 }));
    assert_eq!(seen.last(), Some(&Progress::Calibrating));
    assert!(seen.contains(&Progress::Fitted { done: 11, of: 11 }), "{seen:?}");
}

#[test]
fn examples_that_cannot_be_learnt_from_are_refused() {
    assert!(matches!(learn(&[]), Err(TrainError::Empty)));
    let one = learn(&[("hej", "a"), ("med dig", "a")]);
    assert!(matches!(one, Err(TrainError::OneLabel { label }) if label == "a"));
    assert!(matches!(
        learn(&[("hej", "a"), ("dig", " ")]),
        Err(TrainError::BadLabel { letter: 1, .. })
    ));
    let same = learn(&[("Hej med dig", "a"), ("hej  med dig", "b")]);
    assert!(matches!(same, Err(TrainError::OneGroup)));
    let silent = learn(&[("", "a"), ("!", "b"), ("?", "a")]);
    assert!(matches!(silent, Err(TrainError::NoFeatures { .. })));
    let many: Vec<String> = (0..2_001).map(|i| format!("label {i}")).collect();
    let many: Vec<(&str, &str)> =
        many.iter().map(|label| (label.as_str(), label.as_str())).collect();
    assert!(matches!(learn(&many), Err(TrainError::TooManyLabels { .. })));
}

#[test]
fn odd_sets_work() {
    let mut letters: Vec<(&str, &str)> =
        LETTERS.iter().map(|&(_, body, label)| (body, label)).collect();
    letters.push(("et enkelt brev om noget helt andet", "kun ét brev"));
    letters.push(("", "vej-park"));
    letters.push(("", "affald"));
    let model = learn(&letters).unwrap();
    assert_eq!(model.position("kun ét brev"), Some(2));
    assert_eq!(model.labels().len(), 5);
    assert_eq!(model.out_of_fold().len(), letters.len());
    let smallest = learn(&[("et pas", "a"), ("et hul", "b")]).unwrap();
    assert!(
        (smallest.predict(text("et pas")).probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9
    );
}

#[test]
fn three_hundred_labels_work() {
    let letters: Vec<(String, String)> = (0..600)
        .map(|i| {
            (format!("ord{0} sag{0} brev {i}", i % 300), format!("postkasse {:03} æ", i % 300))
        })
        .collect();
    let letters: Vec<(&str, &str)> =
        letters.iter().map(|(body, label)| (body.as_str(), label.as_str())).collect();
    let model = learn(&letters).unwrap();
    let (best, _) = model.predict(text("ord217 sag217")).best();
    assert_eq!(model.labels()[best], "postkasse 217 æ");
}

#[test]
fn a_description_helps_where_letters_do_not_say_it() {
    let options = TrainOptions {
        descriptions: Description::read("affald: kompost, bioposer\nukendt: intet").unwrap(),
        ..TrainOptions::default()
    };
    let with = train(&examples(&LETTERS), &options, &|_| ()).unwrap();
    let share = |model: &Model| {
        model.predict(text("Har I bioposer til kompost?")).probabilities
            [model.position("affald").unwrap()]
    };
    assert!(share(&with) > share(&model()) + 0.1, "{} {}", share(&with), share(&model()));
    assert_eq!(with.labels().len(), 4, "a label without letters is passed over");
}

#[test]
fn numbers_of_persons_are_not_learnt() {
    let model = model();
    let with = model.predict(Text { subject: "MitID", body: "CPR 010190-0000" });
    let other = model.predict(Text { subject: "MitID", body: "CPR 311299-0000" });
    assert_eq!(with, other);
}

#[test]
fn evidence_is_about_letters_not_seen() {
    // Every letter has words of its own and a label by chance: nothing can be learnt, and a
    // model judged on what it was trained on would be right, and sure, every time.
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut word = || -> String { (0..8).map(|_| random.random_range('a'..='z')).collect() };
    let words: Vec<String> =
        (0..300).map(|_| format!("fast tekst {} {}", word(), word())).collect();
    let letters = words.into_iter().map(|words| (words, ["a", "b"][random.random_range(0..2)]));
    let letters: Vec<(String, &str)> = letters.collect();
    let letters: Vec<(&str, &str)> = letters.iter().map(|(b, l)| (b.as_str(), *l)).collect();
    let model = learn(&letters).unwrap();
    let records = model.out_of_fold().records();
    let right = records.iter().filter(|record| record.correct()).count();
    // Three standard deviations above a coin's 150.
    assert!(right < 176, "{right} of 300");
    let sure = records.iter().filter(|record| record.probability > 0.95).count();
    assert!(sure < 15, "{sure}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn predictions_are_probabilities(subject in "\\PC{0,40}", body in any::<String>()) {
        thread_local!(static MODEL: Model = model());
        MODEL.with(|model| {
            let text = Text { subject: &subject, body: &body };
            let prediction = model.predict(text);
            prop_assert!(prediction.probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
            prop_assert!((prediction.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!((0.0..=1.0).contains(&prediction.known));
            let ranked = prediction.ranked();
            prop_assert!(ranked.is_sorted_by(|a, b| a.1 >= b.1));
            prop_assert_eq!(ranked[0], prediction.best());
            prop_assert_eq!(&model.predict_batch(&[text])[0], &prediction);
            Ok(())
        })?;
    }
}
