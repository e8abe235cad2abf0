//! Opening: several processes at once, and everything that can be wrong.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use postbud_pipeline::ports::{Store as _, StoreError};
use postbud_store::{StoreOptions, open};
use support::{Fixture, SERVER, entry};

support::on_both!(
    a_newer_schema_is_left_alone,
    foreign_tables_are_named,
    a_store_that_was_closed_says_so,
);

async fn message(options: &StoreOptions) -> String {
    use std::error::Error as _;
    let error = open(options).await.map(|_| ()).unwrap_err();
    format!("{error}: {}", error.source().map(ToString::to_string).unwrap_or_default())
}

async fn open_at_once(options: &StoreOptions) {
    let work: Vec<_> = (0..6)
        .map(|n| {
            let options = options.clone();
            tokio::spawn(async move {
                let store = open(&options).await.unwrap();
                let letter = entry(&format!("l-{n}"), &format!("raw {n}"), None);
                store.record(&[letter]).await.unwrap();
                store.close().await;
            })
        })
        .collect();
    for worker in work {
        worker.await.unwrap();
    }
    let store = open(options).await.unwrap();
    assert_eq!(store.tally().await.unwrap().received, 6);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_at_once_share_a_new_file() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/folder/postbud.db");
        open_at_once(&StoreOptions::new(format!("sqlite:{}", path.display()))).await;
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "nobody else may read letters");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_at_once_share_a_new_database() {
    if let Some(fixture) = Fixture::postgres("starting at once").await {
        fixture.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await;
        open_at_once(&fixture.options).await;
        fixture.end().await;
    }
}

async fn a_newer_schema_is_left_alone(fixture: &Fixture) {
    fixture
        .sql(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             SELECT 99, 'tomorrow', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1",
        )
        .await;
    let said = message(&fixture.options).await;
    assert!(said.contains("newer Postbud"), "{said}");
}

async fn foreign_tables_are_named(fixture: &Fixture) {
    fixture.sql("ALTER TABLE letters RENAME TO something_else").await;
    let error = fixture.store.tally().await.unwrap_err();
    assert!(matches!(error, StoreError::Incompatible { .. }), "{error}");
}

async fn a_store_that_was_closed_says_so(fixture: &Fixture) {
    let other = fixture.another().await;
    other.close().await;
    let error = other.tally().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_is_down_is_named_with_what_to_do() {
    // Port 1 on loopback: nobody listens there.
    let mut options = StoreOptions::new("postgres://anna:hemmelig@127.0.0.1:1/post");
    options.deadline = Duration::from_millis(500);
    let said = message(&options).await;
    assert!(said.contains("postgres://anna@127.0.0.1:1/post"), "{said}");
    assert!(said.contains("check that the server runs"), "{said}");
    assert!(!said.contains("hemmelig"), "{said}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named() {
    let Ok(server) = std::env::var(SERVER) else {
        println!("skipped: a missing database on PostgreSQL; set {SERVER} to run it");
        return;
    };
    let (address, _) = server.rsplit_once('/').unwrap();
    let said = message(&StoreOptions::new(format!("{address}/no_such_database"))).await;
    assert!(said.contains("\"no_such_database\" does not exist"), "{said}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    std::fs::write(&path, "Kære kommune, ".repeat(100)).unwrap();
    let said = message(&StoreOptions::new(format!("sqlite:{}", path.display()))).await;
    assert!(said.contains("no database"), "{said}");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("Kære"), "it is left alone");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let said = message(&StoreOptions::new(format!("sqlite:{}/in/x.db", file.display()))).await;
    assert!(said.contains("check that the folder exists"), "{said}");
    let said = message(&StoreOptions::new("mongodb://x")).await;
    assert!(said.contains("must begin with `sqlite:` or `postgres://`"), "{said}");
}
