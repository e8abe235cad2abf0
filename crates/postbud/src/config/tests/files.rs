//! Files: the configuration itself and the passwords it names.

use std::fs;
use std::path::Path;

use super::super::{QueueKind, load};
use super::MAILBOX;

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("postbud.toml"), format!("{text}\n{MAILBOX}")).expect("a file");
    folder
}

fn report(folder: &Path) -> String {
    let Err(report) = load(&folder.join("postbud.toml")) else { panic!("this should be refused") };
    report.to_string().replace(&folder.display().to_string(), "/srv/postbud")
}

const WITH_PASSWORDS: &str = r#"
    [store]
    url = "postgres://postbud@db.example.dk/post?sslmode=verify-full"
    password_file = "db"
    [queue]
    url = "amqps://postbud@mq.example.dk"
    password_file = "mq"
    [delivery.smtp]
    host = "smtp.example.dk"
    from = "postbud@example.dk"
    user = "postbud"
    password_file = "smtp"
"#;

#[test]
fn passwords_are_read_escaped_and_never_shown() {
    let folder = folder(WITH_PASSWORDS);
    for name in ["db", "mq", "smtp"] {
        fs::write(folder.path().join(name), format!("hem/m:e@l?ig% {name} æ\r\n")).expect("a file");
    }
    let (config, warnings) = load(&folder.path().join("postbud.toml")).expect("a configuration");
    assert!(warnings.is_empty(), "{warnings:?}");
    let full = "postgres://postbud:hem%2Fm%3Ae%40l%3Fig%25%20db%20%C3%A6@db.example.dk/post?sslmode=verify-full";
    assert_eq!(config.store.expose(), full);
    let QueueKind::Amqp { url } = &config.queue.kind else { panic!("{:?}", config.queue.kind) };
    assert!(url.expose().contains("%20mq%20"), "the password of the broker");
    let smtp = config.delivery.smtp.as_ref().expect("a mail server");
    assert_eq!(smtp.port, 587);
    let login = smtp.login.as_ref().expect("a user");
    assert_eq!(login.password.expose(), "hem/m:e@l?ig% smtp æ");
    let shown = format!("{config:?} {} {}", config.store, config.queue.kind);
    assert!(!shown.contains("hem"), "{shown}");
}

#[test]
fn what_is_wrong_with_password_files() {
    let folder = folder(WITH_PASSWORDS);
    fs::write(folder.path().join("mq"), "\n").expect("a file");
    fs::write(folder.path().join("smtp"), "hemmelig\nog mere\n").expect("a file");
    let report = report(folder.path());
    assert!(!report.contains("hemmelig"), "{report}");
    insta::assert_snapshot!(report);
}

#[test]
fn a_file_that_is_not_there() {
    let folder = tempfile::tempdir().expect("a folder");
    insta::assert_snapshot!(report(folder.path()));
}

#[test]
fn a_file_that_is_no_text() {
    let folder = folder("");
    fs::write(folder.path().join("postbud.toml"), b"name = \"\xe6\"").expect("a file");
    insta::assert_snapshot!(report(folder.path()));
}

#[test]
fn a_file_that_is_too_large() {
    let folder = folder(&"#\n".repeat(600_000));
    insta::assert_snapshot!(report(folder.path()));
}

#[test]
fn paths_start_at_the_file() {
    let folder = folder("[model]\npath = \"m/1\"");
    let (config, _) = load(&folder.path().join("postbud.toml")).expect("a configuration");
    assert_eq!(config.model, folder.path().join("m/1"));
}
