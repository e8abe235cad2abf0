//! What the registry promises, over real files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use postbud_model::{Example, Model, Text, TrainOptions, train};

use super::*;

/// A small model; another seed is another file.
fn bytes(seed: u64) -> Vec<u8> {
    static CACHE: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let make = |seed: u64| {
        let subjects: Vec<(String, &str)> = (0..24)
            .map(|n| {
                let (label, word) = [("affald", "spand"), ("vej-park", "hul")][n % 2];
                (format!("{word} nummer {n} af {seed}"), label)
            })
            .collect();
        let examples: Vec<Example<'_>> = subjects
            .iter()
            .map(|(body, label)| Example {
                text: Text { subject: "", body },
                label,
                group: None,
                sender: None,
                language: None,
            })
            .collect();
        let how = TrainOptions { folds: 2, seed, ..TrainOptions::default() };
        train(&examples, &how, &|_| ()).unwrap().to_bytes().unwrap()
    };
    let made = CACHE.get_or_init(|| (1..=3).map(make).collect());
    made[usize::try_from(seed - 1).unwrap()].clone()
}

fn put(dir: &Path, version: &str, content: &[u8]) -> PathBuf {
    let folder = dir.join(version);
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(MODEL_FILE);
    fs::write(&file, content).unwrap();
    file
}

/// A folder with the versions 1, 2 and 3.
fn three() -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("klitkobing");
    for version in 1..=3 {
        put(&dir, &version.to_string(), &bytes(version));
    }
    (root, dir)
}

fn anna(why: &str) -> Signature {
    Signature { by: "Anna".to_owned(), why: why.to_owned(), at: 1_790_000_000_000 }
}

const ANY: Check<'static> = &|_: &Model| Ok(());

#[test]
fn a_path_may_be_a_file_a_version_or_a_model() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("klitkobing");
    let (first, _) = (put(&dir, "1", b"x"), put(&dir, "2", b"x"));
    for noise in ["03", ".tmp", "0", "x"] {
        put(&dir, noise, b"x");
    }
    fs::create_dir(dir.join("9")).unwrap();
    let resolved = |path: &Path| Registry::resolve(path).unwrap();
    assert_eq!((resolved(&dir).path, resolved(&dir).checksum), (first.clone(), None));
    assert_eq!(resolved(&dir).name, "klitkobing/1");
    assert_eq!(resolved(&dir.join("1")).path, first);
    assert_eq!(resolved(&first).name, "klitkobing/1");
    let loose = root.path().join("mine.postbud");
    fs::write(&loose, "").unwrap();
    assert_eq!(resolved(&loose).name, "mine");
    assert_eq!(Registry::open(&dir).unwrap().versions(), [1, 2]);
    assert!(Registry::is_pinned(&first) && Registry::is_pinned(&dir.join("2")));
    assert!(!Registry::is_pinned(&dir));
}

#[test]
fn nothing_there_is_said() {
    let root = tempfile::tempdir().unwrap();
    assert!(Registry::open(&root.path().join("new")).unwrap().versions().is_empty());
    let error = Registry::resolve(root.path()).err().unwrap();
    assert!(matches!(error, RegistryError::NoVersion { .. }));
    let error = Registry::resolve(&root.path().join("none")).err().unwrap();
    assert!(matches!(error, RegistryError::Missing { .. }));
    let mut empty = Registry::open(root.path()).unwrap();
    let error = empty.promote(1, &anna(""), ANY).err().unwrap();
    assert!(matches!(error, RegistryError::NoVersion { .. }));
}

#[test]
fn promoting_and_rolling_back_move_the_roles_and_are_signed() {
    let (_root, dir) = three();
    let mut registry = Registry::open(&dir).unwrap();
    assert_eq!((registry.champion().unwrap(), registry.previous()), (1, None));
    let error = registry.rollback(&anna(""), ANY).err().unwrap();
    assert!(matches!(error, RegistryError::NoPrevious { champion: 1, .. }));
    assert!(registry.history().is_empty());

    registry.promote(2, &anna("better on\nletters"), ANY).unwrap();
    registry.promote(3, &anna(""), ANY).unwrap();
    assert_eq!((registry.champion().unwrap(), registry.previous()), (3, Some(2)));
    assert_eq!(registry.role(2), Some(Role::Previous));
    assert_eq!(registry.role(1), None);
    registry.promote(3, &anna("again"), ANY).unwrap();
    assert_eq!(registry.history().len(), 2, "promoting the champion changes nothing");

    // Once more goes one further back, and never to what was rolled back.
    assert_eq!(registry.rollback(&anna("too many errors"), ANY).unwrap().0, 2);
    assert_eq!(registry.rollback(&anna(""), ANY).unwrap().0, 1);
    assert!(registry.rollback(&anna(""), ANY).is_err());
    assert_eq!(Registry::open(&dir).unwrap(), registry);
    let text = fs::read_to_string(dir.join(RECORD_FILE)).unwrap();
    // Another version of Postbud trains another file.
    let shown: Vec<&str> = text.lines().filter(|line| !line.contains("\"checksum\"")).collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn a_challenger_is_another_version_and_ends_when_it_is_promoted() {
    let (_root, dir) = three();
    let mut registry = Registry::open(&dir).unwrap();
    let error = registry.challenge(1, &anna(""), ANY).err().unwrap();
    assert!(matches!(error, RegistryError::IsChampion { version: 1, .. }));
    registry.challenge(2, &anna(""), ANY).unwrap();
    assert_eq!((registry.challenger(), registry.role(2)), (Some(2), Some(Role::Challenger)));
    registry.challenge(3, &anna(""), ANY).unwrap();
    assert_eq!(registry.history().last().unwrap().instead_of, Some(2));
    assert!(registry.find(3).unwrap().checksum.is_some());
    registry.promote(3, &anna(""), ANY).unwrap();
    assert_eq!(registry.challenger(), None);
    registry.challenge(1, &anna(""), ANY).unwrap();
    assert_eq!(registry.end_challenge(&anna("")).unwrap(), Some(1));
    assert_eq!(registry.end_challenge(&anna("")).unwrap(), None);
    assert_eq!(registry.history().last().unwrap().action, Action::EndChallenge);
}

#[test]
fn what_does_not_verify_gets_no_role_and_changes_nothing() {
    let (_root, dir) = three();
    let mut registry = Registry::open(&dir).unwrap();
    registry.promote(2, &anna(""), ANY).unwrap();
    let before = fs::read(dir.join(RECORD_FILE)).unwrap();
    let mut flipped = bytes(3);
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    put(&dir, "3", &flipped);
    let error = registry.promote(3, &anna(""), ANY).err().unwrap();
    assert!(matches!(error, RegistryError::Unverified { .. }), "{error}");
    assert!(registry.challenge(3, &anna(""), ANY).is_err());
    let error = registry.promote(7, &anna(""), ANY).err().unwrap();
    assert!(matches!(error, RegistryError::NoSuchVersion { version: 7, .. }));
    let refuse: Check<'_> = &|_| Err("it knows none of the mailboxes".to_owned());
    let error = registry.promote(1, &anna(""), refuse).err().unwrap();
    assert!(error.to_string().contains("none of the mailboxes"), "{error}");
    assert_eq!(fs::read(dir.join(RECORD_FILE)).unwrap(), before);
    assert_eq!(Registry::open(&dir).unwrap().champion().unwrap(), 2);
}

#[test]
fn another_file_under_the_number_of_the_champion_is_not_the_champion() {
    let (_root, dir) = three();
    let mut registry = Registry::open(&dir).unwrap();
    registry.promote(2, &anna(""), ANY).unwrap();
    put(&dir, "2", &bytes(3));
    let error = Registry::resolve(&dir).unwrap().load().err().unwrap();
    assert!(matches!(error, RegistryError::Replaced { .. }), "{error}");
    // Whoever means it says so.
    registry.promote(2, &anna("copied again"), ANY).unwrap();
    assert!(Registry::resolve(&dir).unwrap().load().is_ok());
    assert_eq!(registry.previous(), Some(1), "it did not become its own predecessor");
}

#[test]
fn a_rollback_works_when_the_folder_of_the_champion_is_gone() {
    let (_root, dir) = three();
    let mut registry = Registry::open(&dir).unwrap();
    registry.promote(3, &anna(""), ANY).unwrap();
    fs::remove_dir_all(dir.join("3")).unwrap();
    let error = Registry::resolve(&dir).err().unwrap();
    assert!(matches!(error, RegistryError::NoSuchVersion { version: 3, .. }), "{error}");
    assert_eq!(registry.rollback(&anna(""), ANY).unwrap().0, 1);
}

#[test]
fn a_record_that_cannot_be_read_is_named_and_never_overwritten() {
    let (_root, dir) = three();
    let mut registry = Registry::open(&dir).unwrap();
    for nonsense in ["", "{", "[]", r#"{"format": 2, "previous": [], "history": []}"#] {
        fs::write(dir.join(RECORD_FILE), nonsense).unwrap();
        let error = Registry::open(&dir).err().unwrap();
        assert!(matches!(error, RegistryError::Record { .. }), "{nonsense}: {error}");
        assert!(registry.promote(2, &anna(""), ANY).is_err());
        assert_eq!(fs::read_to_string(dir.join(RECORD_FILE)).unwrap(), nonsense);
    }
}

#[test]
fn of_commands_at_the_same_time_none_is_lost() {
    let (_root, dir) = three();
    std::thread::scope(|scope| {
        for n in 0..12_u32 {
            let dir = &dir;
            scope.spawn(move || {
                let mut registry = Registry::open(dir).unwrap();
                if n % 2 == 0 {
                    registry.promote(2 + n / 2 % 2, &anna(""), ANY).unwrap();
                } else {
                    // The champion cannot challenge itself: which one it is, is a matter of luck.
                    let _ = registry.challenge(1, &anna(&n.to_string()), ANY);
                    registry.end_challenge(&anna("")).unwrap();
                }
            });
        }
    });
    let registry = Registry::open(&dir).unwrap();
    // Every change begins where the one before it ended.
    let mut champion = 1;
    for change in registry.history() {
        if change.action == Action::Promote {
            assert_eq!(change.instead_of, Some(champion));
            champion = change.version;
        }
    }
    assert_eq!(registry.champion().unwrap(), champion);
    assert!(champion > 1);
}
