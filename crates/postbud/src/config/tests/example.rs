//! The example that `postbud init` writes, and the demo's configuration.

use std::collections::BTreeSet;
use std::path::Path;

use postbud_decide::{MailboxId, Target, Tier};

use super::super::{QueueKind, Store, demo, from_str, template, template_for};

#[test]
fn the_template_loads_without_fault_or_warning() {
    let (config, warnings) = from_str(&template(), Path::new("/srv/postbud"))
        .unwrap_or_else(|report| panic!("{report}"));
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(config.settings.mailboxes.len(), 26);
}

#[test]
fn data_may_lie_elsewhere_than_the_file() {
    let folder = "/var/lib/\"post\"";
    let (config, warnings) =
        from_str(&template_for(folder), Path::new("/etc/postbud")).expect("the template");
    assert!(warnings.is_empty(), "{warnings:?}");
    let Store::Sqlite { path } = &config.store else { panic!("a file") };
    assert_eq!(path, &Path::new(folder).join("postbud-data/postbud.db"));
    let near = template_for("data");
    let (config, _) = from_str(&near, Path::new("/srv/postbud")).expect("the template");
    assert_eq!(config.model, Path::new("/srv/postbud/data/models/klitkobing"));
    assert!(from_str("folder = 1", Path::new("")).is_err());
}

/// A fresh installation routes nothing automatically.
#[test]
fn the_template_switches_nothing_on() {
    let (config, _) = from_str(&template(), Path::new("")).expect("the template");
    for mailbox in &config.settings.mailboxes {
        assert!(!mailbox.automatic && mailbox.claims.is_empty(), "{}", mailbox.id);
    }
    for rule in &config.settings.rules {
        assert_eq!(rule.to, postbud_decide::Destination::Person, "{}", rule.name);
    }
}

/// What stands commented out is right, too: people will take the comment signs away.
#[test]
fn the_examples_in_the_template_are_right() {
    let is_example = |line: &str| {
        line.strip_prefix("# ").is_some_and(|rest| {
            let key = |rest: &str| {
                rest.split_once(" = ").is_some_and(|(key, _)| {
                    key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
                })
            };
            rest.starts_with('[') || key(rest)
        })
    };
    // The one secret without which a table says nothing.
    const WEBHOOK: &str = "/etc/postbud/webhook-secret";
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "0123456789abcdef0123456789abcdef").unwrap();
    let own = secret.path().display().to_string();
    let mut lines: Vec<String> = Vec::new();
    for line in template().replace(WEBHOOK, &own).lines() {
        // Secrets would have to be there, and the alternatives of a URL exclude each other.
        let secret = line.contains("password_file")
            || (line.contains("secret_file") && !line.contains(&own));
        let unusable = secret || line.contains("user =");
        let wanted = line.contains("//postbud@fag.") || line.contains("//fordeling.");
        let alternative = line.starts_with("# url") && !wanted;
        if is_example(line) && !unusable && !alternative {
            lines.push(line.trim_start_matches("# ").to_owned());
        } else {
            lines.push(line.to_owned());
        }
    }
    let (config, warnings) = from_str(&lines.join("\n"), Path::new("/srv/postbud"))
        .unwrap_or_else(|report| panic!("{report}"));
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(config.settings.rules.len(), 6);
    assert!(config.delivery.smtp.is_some());
    assert!(config.delivery.webhook.is_some() && config.delivery.queue.is_some());
    assert!(config.delivery.sf2900.is_some());
    // What is shown as a default is the default.
    let (plain, _) = from_str(&template(), Path::new("/srv/postbud")).expect("the template");
    let defaults = |config: &super::super::Config| {
        let (queue, delivery) = (&config.queue, &config.delivery);
        format!(
            "{} {} {} {:?} {:?} {} {} {:?} {:?} {:?} {:?} {:?}",
            queue.prefix,
            queue.prefetch,
            queue.attempts,
            queue.retry_delay,
            config.promise,
            config.settings.must_not_miss_probability,
            delivery.attempts,
            delivery.first_retry,
            delivery.longest_retry,
            delivery.language,
            config.limits,
            config.log,
        )
    };
    assert_eq!(defaults(&config), defaults(&plain));
}

#[test]
fn the_demo_lies_in_its_folder() {
    let config = demo(Path::new("data"));
    assert_eq!(config.store.to_string(), "sqlite:data/postbud.db");
    assert!(matches!(config.queue.kind, QueueKind::Embedded));
    for mailbox in &config.settings.mailboxes {
        match &mailbox.target {
            Some(Target::Maildir { path }) => {
                assert_eq!(path, &format!("data/mailboxes/{}", mailbox.id));
            }
            Some(other) => panic!("{other:?}"),
            None => assert_eq!(mailbox.id.as_str(), "andet"),
        }
        let with_people = ["andet", "boern-familie"].contains(&mailbox.id.as_str());
        assert_eq!(mailbox.automatic, !with_people, "{}", mailbox.id);
    }
}

#[test]
fn what_must_not_be_missed() {
    let config = demo(Path::new("data"));
    for name in ["boern-familie", "aktindsigt"] {
        let id = MailboxId::parse(name).expect("an id");
        let tier = config.settings.mailbox(&id).map(|mailbox| mailbox.tier);
        assert_eq!(tier, Some(Tier::MustNotMiss), "{name}");
    }
}

/// The mailboxes are those that the letters are labelled with.
#[test]
fn the_mailboxes_are_those_of_the_letters() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/letters/letters.jsonl");
    let Ok(letters) = std::fs::read_to_string(path) else {
        println!("skipped: ../shared/letters is not there");
        return;
    };
    let label = |line: &str| {
        let letter: serde_json::Value = serde_json::from_str(line).expect("a letter");
        letter["category"].as_str().expect("a category").to_owned()
    };
    let labels: BTreeSet<String> = letters.lines().map(label).collect();
    let config = demo(Path::new("data"));
    let ids = config.settings.mailboxes.iter().map(|mailbox| mailbox.id.to_string());
    assert_eq!(ids.collect::<BTreeSet<_>>(), labels);
}
