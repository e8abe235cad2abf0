//! Looks at a store without changing anything: for checks before an installation starts, and for
//! copies of a SQLite file while it is in use.

use std::path::Path;

use postbud_pipeline::ports::{StoreError, Timestamp};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::timeout;

use crate::migrate;
use crate::options::{StoreOptions, Target};
use crate::sql::{Database, Fault, Said};
use crate::store::SqlStore;

/// What is known of a store from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// The newest migration that was applied; `None` when there is no store yet.
    pub applied: Option<i64>,
    /// The newest migration of this version of Postbud.
    pub known: i64,
    /// The clock of a database server, read while it answered.
    pub clock: Option<Timestamp>,
}

impl Schema {
    /// Must `postbud migrate` run before this version can work?
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.applied.unwrap_or(0) < self.known
    }

    /// Was the store written by a newer version?
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        self.applied.is_some_and(|applied| applied > self.known)
    }
}

/// Reads how far the schema of a store has come. Creates and changes nothing.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database cannot be reached.
pub async fn schema(options: &StoreOptions) -> Result<Schema, StoreError> {
    let unavailable = |place: &str, what: String| StoreError::Unavailable {
        place: place.to_owned(),
        what,
        source: None,
    };
    let target = options.target().map_err(|what| unavailable("(unusable URL)", what))?;
    let place = target.place();
    let looked = timeout(options.deadline, async {
        match &target {
            Target::Sqlite(path) => sqlite(Path::new(path)).await,
            Target::Postgres(server) => postgres(server).await,
        }
    });
    let no_answer = |_| Err(Fault::Unavailable(Said("no answer in time".to_owned())));
    looked
        .await
        .unwrap_or_else(no_answer)
        .map_err(|fault| fault.into_store_error(&place, "looking at the schema"))
}

async fn sqlite(path: &Path) -> Result<Schema, Fault> {
    let nothing = Schema { applied: None, known: migrate::newest(), clock: None };
    if !path.exists() {
        return Ok(nothing);
    }
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let mut connection = options.connect().await?;
    const THERE: &str = "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    let there: i64 = sqlx::query_scalar(THERE).fetch_one(&mut connection).await?;
    let applied: Option<i64> = if there == 0 {
        None
    } else {
        const APPLIED: &str = "SELECT MAX(version) FROM _sqlx_migrations WHERE success";
        sqlx::query_scalar(APPLIED).fetch_one(&mut connection).await?
    };
    connection.close().await?;
    Ok(Schema { applied, ..nothing })
}

async fn postgres(server: &PgConnectOptions) -> Result<Schema, Fault> {
    let mut connection = server.connect().await?;
    const THERE: &str = "SELECT TO_REGCLASS('_sqlx_migrations') IS NOT NULL,
        (EXTRACT(EPOCH FROM CLOCK_TIMESTAMP()) * 1000)::BIGINT";
    let (there, clock): (bool, i64) = sqlx::query_as(THERE).fetch_one(&mut connection).await?;
    let applied: Option<i64> = if there {
        const APPLIED: &str = "SELECT MAX(version) FROM _sqlx_migrations WHERE success";
        sqlx::query_scalar(APPLIED).fetch_one(&mut connection).await?
    } else {
        None
    };
    connection.close().await?;
    Ok(Schema { applied, known: migrate::newest(), clock: Some(Timestamp(clock)) })
}

impl SqlStore {
    /// Writes a whole and consistent copy of a SQLite store into a new file while others go on
    /// working. `Ok(false)` on PostgreSQL, whose own tools do that better.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file is there already or cannot be written.
    pub async fn copy_to(&self, file: &Path) -> Result<bool, StoreError> {
        let Database::Sqlite { readers, .. } = self.database() else {
            return Ok(false);
        };
        // No deadline: a large store takes as long as its disk needs, and readers block nobody.
        let copied = sqlx::query("VACUUM INTO $1")
            .bind(file.to_string_lossy().into_owned())
            .execute(readers)
            .await;
        copied
            .map(|_| true)
            .map_err(|error| Fault::from(error).into_store_error(self.place(), "copying the store"))
    }
}
