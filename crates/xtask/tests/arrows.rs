//! Which crate may use which: the arrows of docs/architecture.md, checked.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Our crates and, for each, those of ours that it may use.
const ARROWS: [(&str, &[&str]); 17] = [
    ("postbud-letter", &[]),
    ("postbud-extract", &["postbud-letter"]),
    ("postbud-model", &["postbud-letter"]),
    ("postbud-decide", &["postbud-letter"]),
    ("postbud-evaluate", &["postbud-model"]),
    ("postbud-learn", &["postbud-letter", "postbud-model", "postbud-evaluate"]),
    ("postbud-pipeline", &["postbud-letter", "postbud-decide"]),
    ("postbud-store", PORTS),
    ("postbud-queue", PORTS),
    ("postbud-deliver", PORTS),
    ("postbud-intake", PORTS),
    ("postbud-metrics", PORTS),
    ("postbud-trace", PORTS),
    ("postbud-desk", &["postbud-letter", "postbud-decide", "postbud-evaluate", "postbud-pipeline"]),
    (
        "postbud",
        &[
            "postbud-letter",
            "postbud-model",
            "postbud-decide",
            "postbud-evaluate",
            "postbud-extract",
            "postbud-learn",
            "postbud-pipeline",
            "postbud-store",
            "postbud-queue",
            "postbud-deliver",
            "postbud-intake",
            "postbud-metrics",
            "postbud-trace",
            "postbud-desk",
        ],
    ),
    ("postbud-testkit", &[]),
    ("xtask", &["postbud-testkit"]),
];
const PORTS: &[&str] = &["postbud-pipeline", "postbud-letter", "postbud-decide"];

/// Only for tests: no crate but these uses it outside of them.
const FOR_TESTS: [&str; 2] = ["postbud-testkit", "xtask"];

/// Libraries that live behind one wall.
const WALLS: [(&str, &str); 7] = [
    ("lapin", "postbud-queue"),
    ("sqlx", "postbud-store"),
    ("axum", "postbud-desk"),
    ("lettre", "postbud-deliver"),
    ("linfa", "postbud-model"),
    ("prometheus", "postbud-metrics"),
    ("opentelemetry-otlp", "postbud-trace"),
];

fn metadata() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap()
}

/// The dependencies of each crate of ours that are not for its tests.
fn uses() -> BTreeMap<String, BTreeSet<String>> {
    let crates = metadata().packages.into_iter().map(|package| {
        let uses = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind != DependencyKind::Development)
            .map(|dependency| dependency.name.clone())
            .collect();
        (package.name.to_string(), uses)
    });
    crates.collect()
}

#[test]
fn every_crate_is_on_the_map() {
    let uses = uses();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    let found: BTreeSet<&str> = uses.keys().map(String::as_str).collect();
    assert_eq!(found, known, "a new crate needs a place in docs/architecture.md and here");
}

#[test]
fn no_arrow_that_is_not_on_the_map() {
    let uses = uses();
    let mut wrong = Vec::new();
    for (name, allowed) in ARROWS {
        let ours = uses.get(name).into_iter().flatten().filter(|used| uses.contains_key(*used));
        for used in ours.filter(|used| !allowed.contains(&used.as_str())) {
            wrong.push(format!("{name} must not use {used}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_test_tools_stay_in_the_tests() {
    for (name, used) in uses() {
        let tools = used.iter().filter(|used| FOR_TESTS.contains(&used.as_str())).count();
        assert!(tools == 0 || FOR_TESTS.contains(&name.as_str()), "{name} uses a test tool");
    }
}

#[test]
fn libraries_stay_behind_their_walls() {
    let mut wrong = Vec::new();
    // Tests too: a fixture that speaks SQL elsewhere would be a second place that knows the schema.
    for package in metadata().packages {
        for dependency in &package.dependencies {
            for (library, home) in WALLS {
                let family = dependency.name == library
                    || dependency.name.starts_with(&format!("{library}-"));
                if family && package.name.as_str() != home {
                    wrong.push(format!("{} must not use {}", package.name, dependency.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_we_have_is_published_or_left_without_a_licence() {
    for package in metadata().packages {
        assert_eq!(package.license.as_deref(), Some("EUPL-1.2"), "{}", package.name);
        assert_eq!(package.publish.as_deref(), Some(&[][..]), "{}", package.name);
    }
}
