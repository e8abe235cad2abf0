//! What the tests of the store share: empty stores of both kinds, and letters to put in them.

#![allow(dead_code, unused_imports, unused_macros, reason = "each test file uses its own part")]

pub(crate) mod outgoing;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use postbud_decide::{Decision, Doubt, MailboxId, ModelId, Outcome, Reason, Suggestion};
use postbud_letter::{Channel, LetterId};
use postbud_pipeline::ports::{Assignment, Entry, RawId, Timestamp};
use postbud_store::{SqlStore, StoreOptions, open};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;

/// The variable that names a PostgreSQL server for tests.
pub(crate) const SERVER: &str = "POSTBUD_TEST_POSTGRES";

/// Raw bytes that one claim of a test may hand out.
pub(crate) const MANY_BYTES: u64 = 1 << 30;

/// An empty store.
pub(crate) struct Fixture {
    pub(crate) store: SqlStore,
    pub(crate) options: StoreOptions,
    folder: Option<TempDir>,
    database: Option<(String, String)>,
}

impl Fixture {
    pub(crate) async fn sqlite(_case: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("data").join("postbud.db");
        let options = StoreOptions::new(format!("sqlite:{}", path.display()));
        let store = open(&options).await.expect("the store opens");
        Some(Self { store, options, folder: Some(folder), database: None })
    }

    /// A database of its own on the server that the environment names.
    pub(crate) async fn postgres(case: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var(SERVER) else {
            println!("skipped: {case} on PostgreSQL; set {SERVER} to run it");
            return None;
        };
        let n = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("postbud_store_{}_{n}", std::process::id());
        let mut admin = PgConnection::connect(&server).await.expect("the server answers");
        for statement in [
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            format!("CREATE DATABASE {name} TEMPLATE template0"),
        ] {
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut admin)
                .await
                .expect("an empty database");
        }
        let (address, _) = server.rsplit_once('/').expect("a URL with a database");
        let mut options = StoreOptions::new(format!("{address}/{name}"));
        options.pool_size = 5;
        let store = open(&options).await.expect("the store opens");
        Some(Self { store, options, folder: None, database: Some((server, name)) })
    }

    /// The same store as another process would see it.
    pub(crate) async fn another(&self) -> SqlStore {
        open(&self.options).await.expect("the store opens again")
    }

    /// Runs SQL on the store's own tables, past the store.
    pub(crate) async fn sql(&self, statement: &str) {
        self.try_sql(statement).await.expect("runs");
    }

    /// The same, where the database may refuse.
    pub(crate) async fn try_sql(&self, statement: &str) -> Result<(), sqlx::Error> {
        let statement = AssertSqlSafe(statement.to_owned());
        if self.database.is_some() {
            let mut connection = PgConnection::connect(&self.options.url).await?;
            sqlx::raw_sql(statement).execute(&mut connection).await?;
        } else {
            let mut connection = sqlx::SqliteConnection::connect(&self.options.url).await?;
            sqlx::raw_sql(statement).execute(&mut connection).await?;
        }
        Ok(())
    }

    /// The one number that a query answers with.
    pub(crate) async fn count(&self, query: &str) -> i64 {
        let query = AssertSqlSafe(query.to_owned());
        if self.database.is_some() {
            let mut connection = PgConnection::connect(&self.options.url).await.expect("connects");
            sqlx::query_scalar(query).fetch_one(&mut connection).await.expect("a number")
        } else {
            let mut connection =
                sqlx::SqliteConnection::connect(&self.options.url).await.expect("connects");
            sqlx::query_scalar(query).fetch_one(&mut connection).await.expect("a number")
        }
    }

    /// Every column of the store that holds text, by table.
    pub(crate) async fn text_columns(&self) -> BTreeMap<String, Vec<String>> {
        let columns: Vec<(String, String)> = if self.database.is_some() {
            let mut connection = PgConnection::connect(&self.options.url).await.expect("connects");
            sqlx::query_as(
                "SELECT table_name::TEXT, column_name::TEXT FROM information_schema.columns
                 WHERE table_schema = 'public' AND data_type = 'text'",
            )
            .fetch_all(&mut connection)
            .await
            .expect("columns")
        } else {
            let mut connection =
                sqlx::SqliteConnection::connect(&self.options.url).await.expect("connects");
            sqlx::query_as(
                "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c
                 WHERE m.type = 'table' AND c.type = 'TEXT'",
            )
            .fetch_all(&mut connection)
            .await
            .expect("columns")
        };
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (table, column) in columns {
            tables.entry(table).or_default().push(column);
        }
        assert!(tables.len() > 6, "{tables:?}");
        tables
    }

    /// Removes the store.
    pub(crate) async fn end(&self) {
        self.store.close().await;
        if let Some((server, name)) = &self.database {
            let mut admin = PgConnection::connect(server).await.expect("the server answers");
            let statement = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
            sqlx::raw_sql(statement).execute(&mut admin).await.expect("the database goes");
        }
    }
}

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp(1_790_000_000_000 + ms)
}

pub(crate) fn letter(id: &str) -> LetterId {
    LetterId::parse(id).expect("a letter id")
}

pub(crate) fn mailbox(id: &str) -> MailboxId {
    MailboxId::parse(id).expect("a mailbox id")
}

pub(crate) fn raw_id(raw: &[u8]) -> RawId {
    RawId(Sha256::digest(raw).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A letter that goes to `to`, or to a person when there is none.
pub(crate) fn entry(id: &str, raw: &str, to: Option<&str>) -> Entry {
    let raw = Bytes::from(raw.to_owned());
    Entry {
        letter: letter(id),
        channel: Channel::DigitalPost,
        subject: format!("Om {id}"),
        received_at: at(0),
        raw_id: raw_id(&raw),
        raw,
        decision: decision(id, to),
        shadow: None,
    }
}

pub(crate) fn decision(id: &str, to: Option<&str>) -> Decision {
    let model = ModelId("klitkobing/1@9f2c".to_owned());
    let suggestions = vec![
        // A third has no short form: it must come back to the last digit.
        Suggestion { mailbox: mailbox("Byggesag"), probability: 1.0 / 3.0 },
        Suggestion { mailbox: mailbox("Borgerservice"), probability: 0.1 + 0.2 },
    ];
    let (outcome, reason) = match to {
        Some(to) => (
            Outcome::Route { mailbox: mailbox(to) },
            Reason::Model { model, probability: 0.7 / 0.3, threshold: 0.9, words: Vec::new() },
        ),
        None => (
            Outcome::Review,
            Reason::Person {
                doubts: vec![Doubt::NotAutomatic],
                model: Some(model),
                words: Vec::new(),
            },
        ),
    };
    Decision {
        id: format!("d-{id}"),
        letter: letter(id),
        outcome,
        reason,
        suggestions,
        documents: Vec::new(),
        text: None,
        access: None,
        urgent: false,
    }
}

pub(crate) fn assignment(id: &str, to: &str, by: &str, send: bool) -> Assignment {
    Assignment {
        letter: letter(id),
        mailbox: mailbox(to),
        decision: Decision {
            id: format!("d-{id}-{to}"),
            letter: letter(id),
            outcome: Outcome::Route { mailbox: mailbox(to) },
            reason: Reason::Assigned { by: by.to_owned() },
            suggestions: Vec::new(),
            documents: Vec::new(),
            text: None,
            access: None,
            urgent: false,
        },
        by: by.to_owned(),
        at: at(1_000),
        send,
    }
}

/// How long tests wait for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Writes each case, an `async fn(&Fixture)`, as a test over SQLite and one over PostgreSQL.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if let Some(fixture) = super::support::Fixture::sqlite(stringify!($case)).await {
                    super::$case(&fixture).await;
                    fixture.end().await;
                }
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if let Some(fixture) = super::support::Fixture::postgres(stringify!($case)).await {
                    super::$case(&fixture).await;
                    fixture.end().await;
                }
            })*
        }
    };
}
pub(crate) use on_both;
