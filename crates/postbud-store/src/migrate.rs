//! Brings the schema up to date.
//!
//! The migrations are one text for both databases; two types are spelt differently and PostgreSQL
//! gets a few settings more. sqlx keeps the book on what has been applied.

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, PgPool, SqlSafeStr as _, SqlitePool};

use crate::sql::{Fault, Said};

struct Source {
    version: i64,
    name: &'static str,
    sql: &'static str,
    postgres_only: &'static str,
}

/// Never change one that has been released: add another.
const SOURCES: &[Source] = &[
    Source {
        version: 1,
        name: "letters",
        sql: include_str!("../migrations/0001_letters.sql"),
        postgres_only: include_str!("../migrations/0001_postgres.sql"),
    },
    Source {
        version: 2,
        name: "shadow decisions",
        sql: include_str!("../migrations/0002_shadow_decisions.sql"),
        postgres_only: "",
    },
    Source {
        version: 3,
        name: "labels",
        sql: include_str!("../migrations/0003_labels.sql"),
        postgres_only: "",
    },
    Source {
        version: 4,
        name: "desk",
        sql: include_str!("../migrations/0004_desk.sql"),
        postgres_only: "",
    },
    Source {
        version: 5,
        name: "outbox owner",
        sql: include_str!("../migrations/0005_outbox_owner.sql"),
        postgres_only: "",
    },
    Source {
        version: 6,
        name: "desk checks",
        sql: include_str!("../migrations/0006_desk_checks.sql"),
        postgres_only: "",
    },
    Source {
        version: 7,
        name: "desk owner",
        sql: include_str!("../migrations/0007_desk_owner.sql"),
        postgres_only: "",
    },
    Source {
        version: 11,
        name: "privacy",
        sql: include_str!("../migrations/0011_privacy.sql"),
        postgres_only: "",
    },
    Source {
        version: 14,
        name: "pace",
        sql: include_str!("../migrations/0014_pace.sql"),
        postgres_only: "",
    },
    Source {
        version: 15,
        name: "data keys",
        sql: include_str!("../migrations/0015_data_keys.sql"),
        postgres_only: "",
    },
    Source {
        version: 16,
        name: "data key index",
        sql: include_str!("../migrations/0016_data_key_index.sql"),
        postgres_only: "",
    },
];

/// The newest migration of this version.
pub(crate) fn newest() -> i64 {
    sources().last().map_or(0, |source| source.version)
}

/// The migrations of this version.
#[cfg(not(feature = "fault-points"))]
fn sources() -> impl DoubleEndedIterator<Item = &'static Source> {
    SOURCES.iter()
}

/// The migrations of this version, or, for the rehearsal of a rolling upgrade, those up to the
/// number in `POSTBUD_SCHEMA`: this version then takes the part of the one before.
#[cfg(feature = "fault-points")]
fn sources() -> impl DoubleEndedIterator<Item = &'static Source> {
    let text = std::env::var("POSTBUD_SCHEMA").unwrap_or_default();
    let last = text.parse().unwrap_or(i64::MAX);
    SOURCES.iter().filter(move |source| source.version <= last)
}

fn migrator(text: impl Fn(&Source) -> String) -> Migrator {
    let migrations = sources().map(|source| {
        let sql = AssertSqlSafe(text(source)).into_sql_str();
        Migration::new(source.version, source.name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

fn sqlite_text(source: &Source) -> String {
    source
        .sql
        .replace("{bytes}", "BLOB")
        // AUTOINCREMENT: the number of a settled message is never used again.
        .replace("{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT")
}

fn postgres_text(source: &Source) -> String {
    let shared = source
        .sql
        .replace("{bytes}", "BYTEA")
        .replace("{serial}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
    shared + source.postgres_only
}

/// Applies what is missing. The migrator does not lock SQLite, so one transaction holds its write
/// lock from before looking until after writing.
pub(crate) async fn sqlite(pool: &SqlitePool) -> Result<(), Fault> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    migrator(sqlite_text).run_direct(None, &mut *tx, false).await.map_err(fault)?;
    tx.commit().await?;
    Ok(())
}

/// Applies what is missing, under the migrator's advisory lock.
pub(crate) async fn postgres(pool: &PgPool) -> Result<(), Fault> {
    migrator(postgres_text).run(pool).await.map_err(fault)
}

fn fault(error: MigrateError) -> Fault {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        MigrateError::VersionMissing(version) => Fault::Incompatible(format!(
            "a newer Postbud has been here (schema {version}); use that version"
        )),
        MigrateError::VersionMismatch(version) => Fault::Incompatible(format!(
            "its schema {version} is not the one of this version; another build made it"
        )),
        other => Fault::Unavailable(Said(other.to_string())),
    }
}

/// Is it another process, opening the same store at this moment? Switching a new SQLite file to
/// WAL does not wait for the lock as other statements do.
pub(crate) fn in_the_way(fault: &Fault) -> bool {
    match fault {
        Fault::Conflict(_) => true,
        Fault::Unavailable(said) => said.0.contains("database is locked"),
        _ => false,
    }
}
