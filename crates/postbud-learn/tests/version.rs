//! A version on disk: the same twice, judged as its evaluation says, complete or absent.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use postbud_learn::{
    CARD_FILE, EVALUATION_FILE, Evaluation, HeldOut, LabelledLetter, LearnOptions, MODEL_FILE,
    MeasuredOn, Registry, Step, judge, train_version,
};
use postbud_model::Model;

/// A few letters about four things, a little different each.
fn letters(count: usize) -> Vec<LabelledLetter> {
    let topics = [
        ("affald", "Min skraldespand er ikke tømt"),
        ("vej-park", "Der er et hul i vejen"),
        ("skole", "Min søn starter i skole"),
        ("pension", "Jeg søger om folkepension"),
    ];
    let letter = |n: usize| {
        let (label, text) = topics[n % topics.len()];
        let mut letter = LabelledLetter::new(label, text, &format!("{text} igen, sag {n}."));
        letter.id = format!("T{n:03}");
        letter
    };
    (0..count).map(letter).collect()
}

fn options(held_out: HeldOut) -> LearnOptions {
    LearnOptions { folds: Some(4), held_out, ..LearnOptions::default() }
}

fn files(dir: &Path) -> Vec<Vec<u8>> {
    let names = [MODEL_FILE, CARD_FILE, EVALUATION_FILE];
    names.iter().map(|name| fs::read(dir.join(name)).unwrap()).collect()
}

#[test]
fn the_same_letters_give_the_same_bytes() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("prøve");
    let train = || train_version(&letters(80), &out, &options(HeldOut::ByHash), &|_| ()).unwrap();
    let (first, second) = (train(), train());
    assert_eq!((first.number, second.number), (1, 2));
    assert_eq!(second.name, "prøve/2");
    assert!(files(&first.path) == files(&second.path));
    let resolved = Registry::resolve(&out).unwrap();
    // Training never puts a version in use by itself.
    assert_eq!(resolved.name, "prøve/1");
    assert!(Model::load(&resolved.path).is_ok());
}

#[test]
fn the_evaluation_can_be_read_back_and_says_what_was_measured() {
    let root = tempfile::tempdir().unwrap();
    let letters = letters(80);
    let steps = std::sync::Mutex::new(Vec::new());
    let version = train_version(&letters, root.path(), &options(HeldOut::ByHash), &|step| {
        steps.lock().unwrap().push(step);
    })
    .unwrap();
    let json = fs::read(version.path.join(EVALUATION_FILE)).unwrap();
    let evaluation: Evaluation = serde_json::from_slice(&json).unwrap();
    let held = letters.iter().filter(|l| postbud_learn::held_out(&l.id)).count();
    assert!(held > 5);
    assert_eq!(evaluation.measured_on, MeasuredOn::HeldOut);
    assert_eq!(evaluation.report.letters, held);
    assert_eq!(evaluation.training_letters, letters.len() - held);
    assert_eq!(evaluation.out_of_fold.letters, letters.len() - held);
    let steps = steps.into_inner().unwrap();
    assert_eq!(steps.last(), Some(&Step::Writing));
    assert_eq!(steps.first(), Some(&Step::Checking));
    assert!(matches!(steps.get(1), Some(Step::Training(_))));

    let whole = train_version(&letters, root.path(), &options(HeldOut::None), &|_| ()).unwrap();
    assert_eq!(whole.evaluation.measured_on, MeasuredOn::OutOfFold);
    assert_eq!(whole.evaluation.training_letters, letters.len());
}

#[test]
fn what_cannot_be_learnt_leaves_nothing_behind() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("model");
    let one_label: Vec<LabelledLetter> =
        (0..9).map(|n| LabelledLetter::new("skole", "", &format!("brev {n}"))).collect();
    for letters in [&[][..], &one_label] {
        assert!(train_version(letters, &out, &LearnOptions::default(), &|_| ()).is_err());
    }
    assert!(!out.exists());
    // A folder that cannot be made: there is a file of its name.
    fs::write(&out, "mine").unwrap();
    assert!(train_version(&letters(40), &out, &options(HeldOut::None), &|_| ()).is_err());
    assert_eq!(fs::read(&out).unwrap(), b"mine");
}

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/klitkobing")
}

#[test]
fn the_shipped_model_is_as_good_as_its_evaluation_says() {
    let resolved = Registry::resolve(&shipped()).unwrap();
    assert_eq!(resolved.name, "klitkobing/1");
    let model = Model::load(&resolved.path).unwrap();
    let json = fs::read(resolved.path.with_file_name(EVALUATION_FILE)).unwrap();
    let evaluation: Evaluation = serde_json::from_slice(&json).unwrap();
    assert_eq!(model.checksum_hex(), evaluation.checksum);

    let letters = postbud_learn::read_letters(&[shipped().join("letters.jsonl")]).unwrap();
    let checked = postbud_learn::check(&letters).letters.into_iter();
    let held: Vec<&LabelledLetter> =
        checked.filter(|letter| postbud_learn::held_out(&letter.id)).collect();
    let records = judge(&model, &held).unwrap();
    let accuracy = postbud_evaluate::accuracy(&records);
    assert_eq!(evaluation.report.letters, held.len());
    assert!((accuracy - evaluation.report.accuracy).abs() < 1e-12);
    let loss = postbud_evaluate::log_loss(&records);
    assert!((loss - evaluation.report.log_loss).abs() < 1e-9);
    // Far below what it reaches: a model that learnt nothing would have one in 26 right.
    assert!(accuracy > 0.7, "{accuracy}");
}

#[test]
fn every_mailbox_has_letters_on_both_sides_of_the_split() {
    let letters = postbud_learn::read_letters(&[shipped().join("letters.jsonl")]).unwrap();
    let (held, kept): (Vec<_>, Vec<_>) =
        letters.iter().partition(|letter| postbud_learn::held_out(&letter.id));
    let (held, kept) = (postbud_learn::count(&held), postbud_learn::count(&kept));
    assert_eq!(held.len(), 26);
    assert!(held.values().all(|&count| count >= 5), "{held:?}");
    assert!(kept.values().all(|&count| count >= 30), "{kept:?}");
}
