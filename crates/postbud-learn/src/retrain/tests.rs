//! Retraining from end to end, on letters made for it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use postbud_evaluate::{Paired, Promise};

use super::*;
use crate::retrain::objection::objections;

const WORDS: [(&str, &str); 3] =
    [("affald", "spand skrald tømning"), ("vej-park", "hul vej asfalt"), ("skole", "klasse elev")];

/// `count` letters, the first ones oldest.
fn letters(count: usize, from: usize) -> Vec<LabelledLetter> {
    let one = |n: usize| {
        let (label, words) = WORDS[n % 3];
        let text = format!("{words} sag {n} nummer {}", n * 7919 % 1000);
        let mut letter = LabelledLetter::new(label, &format!("om {}", n % 11), &text);
        letter.id = format!("l{n}");
        letter.sent_at = Some(1_790_000_000_000 + n as i64 * 60_000);
        letter
    };
    (from..from + count).map(one).collect()
}

fn options() -> RetrainOptions {
    let mut options = RetrainOptions::default();
    options.learn.folds = Some(3);
    options.learn.promise = Promise::new(0.2, 0.9).unwrap();
    options.mailboxes = WORDS.iter().map(|(label, _)| (*label).to_owned()).collect();
    options
}

fn made(letters: &[LabelledLetter], out: &Path, options: &RetrainOptions) -> Made {
    match retrain(letters, out, options, &|_| ()).unwrap() {
        Retrained::Version(made) => *made,
        Retrained::Unchanged { version } => panic!("made nothing, {version} was the same"),
    }
}

#[test]
fn the_first_version_then_nothing_new_then_a_comparison() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("klit");
    let first = made(&letters(150, 0), &out, &options());
    assert_eq!((first.record.version.as_str(), first.record.letters), ("klit/1", 150));
    let judged = first.record.judged.as_ref().unwrap();
    assert_eq!((judged.by, judged.held, judged.old.is_none()), (KeptOut::Time, 30, true));
    assert!(first.record.not_worse(), "{:?}", first.record.objections);
    assert_eq!(RetrainRecord::read(&first.version.path), Some(first.record));

    let mut backwards = letters(150, 0);
    backwards.reverse();
    let again = retrain(&backwards, &out, &options(), &|_| ()).unwrap();
    assert!(matches!(again, Retrained::Unchanged { version } if version == "klit/1"));
    assert_eq!(Registry::open(&out).unwrap().versions(), [1]);

    // 250 letters: the newest 50 are new to the champion as well.
    let second = made(&letters(250, 0), &out, &options());
    let judged = second.record.judged.as_ref().unwrap();
    assert_eq!((judged.held, judged.letters, judged.champion_saw), (50, 50, Some(0)));
    assert_eq!(judged.old.as_ref().unwrap().model.as_deref(), Some("klit/1"));
    let pairs = judged.comparison.unwrap().paired;
    assert_eq!(pairs.letters(), 50);
    assert_eq!(pairs.second() as usize, judged.new.right);
    assert_eq!(Registry::open(&out).unwrap().champion().unwrap(), 1, "promotes nothing itself");

    // The same letters with another label are other letters.
    let mut corrected = letters(250, 0);
    corrected[3].label = "skole".to_owned();
    made(&corrected, &out, &options());
    let forced = RetrainOptions { force: true, ..options() };
    assert_eq!(made(&corrected, &out, &forced).version.number, 4);
}

#[test]
fn a_version_that_has_forgotten_a_mailbox_does_not_take_over() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("klit");
    made(&letters(150, 0), &out, &options());
    let two: Vec<LabelledLetter> =
        letters(300, 0).into_iter().filter(|letter| letter.label != "skole").collect();
    let record = made(&two, &out, &options()).record;
    let forgets = Objection::Forgets { mailboxes: vec!["skole".to_owned()] };
    assert!(record.objections.contains(&forgets), "{:?}", record.objections);
    // A mailbox that was closed may be forgotten.
    let mut closed = options();
    closed.mailboxes.retain(|mailbox| mailbox != "skole");
    closed.force = true;
    assert!(!made(&two, &out, &closed).record.objections.contains(&forgets));
}

#[test]
fn too_little_to_learn_from_is_said() {
    let root = tempfile::tempdir().unwrap();
    for count in [0, 1] {
        let error = retrain(&letters(count, 0), root.path(), &options(), &|_| ()).unwrap_err();
        assert!(matches!(error, RetrainError::TooFew(_)), "{error}");
    }
    assert!(Registry::open(root.path()).unwrap().versions().is_empty());
}

fn judged(pairs: Paired, coverage: (f64, f64), errors: usize) -> Judged {
    let letters = usize::try_from(pairs.letters()).unwrap();
    let figures = |right: u64, coverage: f64, errors| Figures {
        model: None,
        right: usize::try_from(right).unwrap(),
        accuracy: right as f64 / letters as f64,
        routed: (coverage * letters as f64) as usize,
        coverage,
        errors,
        error: 0.0,
    };
    Judged {
        by: KeptOut::Time,
        held: letters,
        letters,
        champion_saw: Some(0),
        target: 0.02,
        confidence: 0.95,
        new: figures(pairs.second(), coverage.1, errors),
        old: Some(figures(pairs.first(), coverage.0, 0)),
        comparison: Some(pairs.compare()),
    }
}

#[test]
fn not_worse_means_that_nothing_speaks_against_it() {
    let pairs = |only_first, only_second| Paired { both: 180, only_first, only_second, neither: 5 };
    let against = |judged: &Judged| objections(Some(judged), Vec::new());
    assert_eq!(against(&judged(pairs(5, 8), (0.6, 0.59), 2)), []);
    // 5 of 13 on its side: chance explains that. 2 of 15 it does not.
    assert_eq!(against(&judged(pairs(8, 5), (0.6, 0.6), 0)), []);
    let worse = against(&judged(pairs(13, 2), (0.6, 0.6), 0));
    // (1 + 15 + 105) / 2^15.
    assert!(
        matches!(worse[..], [Objection::Worse { p_value }] if (p_value - 121.0 / 32_768.0).abs() < 1e-9)
    );
    let less = against(&judged(pairs(5, 8), (0.6, 0.57), 0));
    assert!(matches!(less[..], [Objection::RoutesLess { .. }]));
    let broken = against(&judged(pairs(5, 8), (0.6, 0.6), 12));
    assert!(matches!(broken[..], [Objection::BreaksPromise { at_least, .. }] if at_least > 0.02));
    let few = Paired { both: 20, ..Paired::default() };
    let few = against(&judged(few, (0.0, 0.0), 0));
    assert_eq!(few, [Objection::TooFewJudged { letters: 20, missing: 10 }]);
    assert_eq!(objections(None, Vec::new()).len(), 1);
}

#[test]
fn letters_that_the_champion_knows_are_left_out_when_there_are_enough_others() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("klit");
    made(&letters(240, 0), &out, &options());
    // 10 new ones among the 50 held out: too few, so all 50 are judged and that is said.
    let some = made(&letters(250, 0), &out, &options()).record.judged.unwrap();
    assert_eq!((some.letters, some.champion_saw), (50, Some(40)));
    // 40 new ones of 56.
    let enough = made(&letters(280, 0), &out, &options()).record.judged.unwrap();
    assert_eq!((enough.held, enough.letters, enough.champion_saw), (56, 40, Some(0)));
    // Nobody wrote down what it has learned from.
    std::fs::remove_file(out.join("1").join(LETTERS_FILE)).unwrap();
    let unknown = made(&letters(281, 0), &out, &options()).record.judged.unwrap();
    assert_eq!((unknown.letters, unknown.champion_saw), (56, None));
}
