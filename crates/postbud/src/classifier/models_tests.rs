//! The registry changes under models at work.

use postbud_learn::Signature;

use super::*;
use crate::{config, shipped};

fn put(dir: &Path, version: u32, bytes: &[u8]) {
    let dir = dir.join(version.to_string());
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("model.postbud"), bytes).unwrap();
}

fn anna() -> Signature {
    Signature { by: "anna".to_owned(), why: String::new(), at: 0 }
}

fn names(models: &Models) -> (Option<String>, Option<String>) {
    let state = models.state().unwrap();
    let name = |serving: Option<ServingModel>| {
        serving.map(|serving| serving.model.0.split('@').next().unwrap_or_default().to_owned())
    };
    (name(state.champion), name(state.challenger))
}

#[test]
fn models_come_are_promoted_refused_and_rolled_back() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("town");
    let mut config = config::demo(root.path());
    config.model = dir.clone();
    let models = Models::now(&config).unwrap();
    assert_eq!(names(&models), (None, None));
    models.look();
    assert_eq!(models.state().unwrap().refused, None, "nothing is there yet, nothing is refused");

    put(&dir, 1, shipped::MODEL);
    put(&dir, 2, shipped::MODEL);
    models.look();
    assert_eq!(names(&models), (Some("town/1".to_owned()), None));

    let mut registry = Registry::open(&dir).unwrap();
    registry.challenge(2, &anna(), &|_| Ok(())).unwrap();
    models.look();
    assert_eq!(names(&models), (Some("town/1".to_owned()), Some("town/2".to_owned())));
    registry.promote(2, &anna(), &|_| Ok(())).unwrap();
    models.look();
    assert_eq!(names(&models), (Some("town/2".to_owned()), None));

    let mut flipped = shipped::MODEL.to_vec();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    put(&dir, 2, &flipped);
    models.look();
    assert_eq!(names(&models).0, Some("town/2".to_owned()), "the last good one goes on");
    let first = models.state().unwrap().refused.unwrap();
    assert_eq!(first.name, "town/2");
    assert!(first.why.contains("does not verify"), "{}", first.why);
    assert!(Models::now(&config).is_err(), "at the start there is no last good one");
    models.look();
    assert_eq!(models.state().unwrap().refused, Some(first), "refused once");

    registry.rollback(&anna(), &|_| Ok(())).unwrap();
    models.look();
    assert_eq!(names(&models).0, Some("town/1".to_owned()));
    assert_eq!(models.state().unwrap().refused, None);
}

#[test]
fn only_a_model_that_knows_no_configured_mailbox_is_unsuitable() {
    let root = tempfile::tempdir().unwrap();
    let config = config::demo(root.path());
    let known = config.settings.mailboxes[0].id.to_string();
    let other = "somewhere-else".to_owned();
    assert!(suits(&config, &[known, other.clone()]).is_ok());
    assert!(suits(&config, &[other]).unwrap_err().contains("none of its labels"));
}

#[test]
fn a_panic_while_a_model_is_loaded_is_a_refusal() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("town");
    let mut config = config::demo(root.path());
    config.model = dir.clone();
    put(&dir, 1, shipped::MODEL);
    put(&dir, 2, shipped::MODEL);
    let mut models = Models::now(&config).unwrap();
    models.load = |config, found| {
        assert!(!found.name.ends_with("/2"), "a fault");
        load(config, found)
    };
    let mut registry = Registry::open(&dir).unwrap();
    registry.promote(2, &anna(), &|_| Ok(())).unwrap();
    models.look();
    assert_eq!(names(&models).0, Some("town/1".to_owned()), "the last good one goes on");
    let refused = models.state().unwrap().refused.unwrap();
    assert!(refused.name == "town/2" && refused.why.contains("a panic"), "{}", refused.why);
    models.look();
    assert_eq!(models.state().unwrap().refused, Some(refused), "it is not tried again and again");
    registry.rollback(&anna(), &|_| Ok(())).unwrap();
    models.look();
    assert_eq!(models.state().unwrap().refused, None);
    assert_eq!(names(&models).0, Some("town/1".to_owned()));
}

#[test]
fn the_thread_that_watches_outlives_a_panic() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("town");
    let mut config = config::demo(root.path());
    config.model = dir.clone();
    put(&dir, 1, shipped::MODEL);
    put(&dir, 2, shipped::MODEL);
    put(&dir, 3, shipped::MODEL);
    let mut models = Models::now(&config).unwrap();
    models.load = |config, found| {
        assert!(!found.name.ends_with("/2"), "a fault");
        load(config, found)
    };
    let models = Arc::new(models);
    let weak = Arc::downgrade(&models);
    let watching = thread::spawn(move || watch(&weak));
    let until = |what: &str, done: &dyn Fn() -> bool| {
        for _ in 0..1_200 {
            if done() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("waited in vain for: {what}");
    };
    let mut registry = Registry::open(&dir).unwrap();
    registry.promote(2, &anna(), &|_| Ok(())).unwrap();
    until("the refusal", &|| models.state().unwrap().refused.is_some());
    registry.promote(3, &anna(), &|_| Ok(())).unwrap();
    until("the next model", &|| names(&models).0 == Some("town/3".to_owned()));
    drop(models);
    watching.join().unwrap();
}
