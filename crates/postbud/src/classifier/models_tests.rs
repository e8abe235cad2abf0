//! The registry changes under models at work. Nothing waits here: each look is asked for.

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
