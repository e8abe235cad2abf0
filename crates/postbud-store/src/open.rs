//! Opens the store: connections, their settings, and the schema.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use postbud_pipeline::ports::StoreError;
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, PgConnection};
use tokio::time::{sleep, timeout};

use crate::options::{StoreOptions, Target};
use crate::sql::{Database, Fault, Said};
use crate::store::SqlStore;
use crate::vault::Vault;
use crate::{migrate, raw};

/// Pause before an opening that another process got in the way of is tried again.
const AGAIN_AFTER: Duration = Duration::from_millis(50);

/// How long a connection may take to show that it is alive when it goes back to the pool.
const GIVE_BACK: Duration = Duration::from_secs(3);

/// How old a connection to a server becomes at most.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Opens the store, creates what is missing and brings the schema up to date. Safe when several
/// processes do so at the same moment.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database cannot be reached or the URL cannot be used, with
/// what to do; [`StoreError::Incompatible`] when a newer Postbud wrote it, or it is something else.
pub async fn open(options: &StoreOptions) -> Result<SqlStore, StoreError> {
    let target = options.target().map_err(|what| StoreError::Unavailable {
        place: "(unusable URL)".to_owned(),
        what,
        source: None,
    })?;
    let place = target.place();
    let hint = hint(&target);
    let opened = timeout(options.deadline, async {
        let database = connect_patiently(&target, options).await?;
        let mut tx = database.write().await?;
        let vault = Vault::start(options.keys.clone(), &mut tx).await?;
        tx.commit().await?;
        Ok((database, vault))
    });
    let (database, vault) = opened
        .await
        .unwrap_or_else(|_| Err(Fault::Unavailable(Said("no answer in time".to_owned()))))
        .map_err(|fault| fault.into_store_error(&place, hint))?;
    Ok(SqlStore::new(database, vault, place, options.deadline))
}

fn hint(target: &Target) -> &'static str {
    match target {
        Target::Sqlite(_) => {
            "opening it failed; check that the folder exists, may be written and is not full"
        }
        Target::Postgres(_) => {
            "opening it failed; check that the server runs, and the host, user, password and \
             database in the configuration"
        }
    }
}

/// Tries again while other processes that open the same store at this moment are in the way.
async fn connect_patiently(target: &Target, options: &StoreOptions) -> Result<Database, Fault> {
    let started = Instant::now();
    loop {
        let tried = match target {
            Target::Sqlite(path) => sqlite(Path::new(path), options).await,
            Target::Postgres(server) => postgres(server, options).await,
        };
        match tried {
            Err(fault) if migrate::in_the_way(&fault) && started.elapsed() < options.deadline => {
                sleep(AGAIN_AFTER).await;
            }
            other => return other,
        }
    }
}

async fn sqlite(path: &Path, options: &StoreOptions) -> Result<Database, Fault> {
    create_private(path).map_err(|error| Fault::Unavailable(Said(error.to_string())))?;
    let connect = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(options.deadline)
        .foreign_keys(true)
        // Each statement over rows has up to seven texts, one for each size of a piece.
        .statement_cache_capacity(400)
        // What is erased or written over is gone from the file, too, and not only from the tables.
        .pragma("secure_delete", "ON")
        // 16 MiB of pages a connection, and a large letter leaves no large log file behind.
        .pragma("cache_size", "-16384")
        .pragma("journal_size_limit", "67108864");
    let pool = || untended(SqlitePoolOptions::new()).acquire_timeout(options.deadline);
    let writer = pool().max_connections(1).connect_with(connect.clone()).await?;
    migrate::sqlite(&writer).await?;
    let readers = pool().max_connections(options.pool_size.max(1)).connect_with(connect).await?;
    Ok(Database::Sqlite { writer, readers })
}

/// A pool without the task that looks for connections to close: sqlx counts idle connections too late
/// when one comes back, and where the task reads the count in that moment it spins for ever, on a whole
/// core (sqlx issue 3645, in 0.9.0 still). Without limits of age and idleness there is no such task.
fn untended<DB: sqlx::Database>(options: PoolOptions<DB>) -> PoolOptions<DB> {
    options.idle_timeout(None).max_lifetime(None)
}

/// Creates the database file and its folder, for nobody else to read: it holds people's letters.
fn create_private(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    Ok(())
}

async fn postgres(server: &PgConnectOptions, options: &StoreOptions) -> Result<Database, Fault> {
    let deadline_ms = i64::try_from(options.deadline.as_millis()).unwrap_or(i64::MAX);
    // Room for one raw letter of the largest size, see `raw::extra_time`.
    let longest_ms = deadline_ms.saturating_add(raw::LONGEST_EXTRA_MS);
    let pool = untended(PgPoolOptions::new())
        .max_connections(options.pool_size.max(1))
        .acquire_timeout(options.deadline)
        .after_connect(move |connection, _| {
            Box::pin(async move { prepare_session(connection, deadline_ms, longest_ms).await })
        })
        .after_release(|connection, at| Box::pin(give_back(connection, at.age)))
        .connect_with(server.clone())
        .await?;
    migrate::postgres(&pool).await?;
    Ok(Database::Postgres(pool))
}

/// A connection whose call was given up may lead into a dead network, where it would hang for a
/// quarter of an hour and keep its place in the pool: one that does not answer is thrown away. So is
/// an old one, since what a server remembers of a session only grows.
async fn give_back(connection: &mut PgConnection, age: Duration) -> Result<bool, sqlx::Error> {
    timeout(GIVE_BACK, connection.ping()).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
    Ok(age < LIFETIME)
}

/// What every connection to PostgreSQL needs, whatever the server's defaults are:
/// - a commit that is durable when it is confirmed;
/// - no statement or lock wait that outlives the caller's deadline, and no transaction kept open
///   by a process that hangs;
/// - plans for the tables as they are now: one made while they were empty would read them from end
///   to end once they hold a million letters.
async fn prepare_session(
    connection: &mut PgConnection,
    deadline_ms: i64,
    longest_ms: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                    WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false),
                set_config('statement_timeout', $1, false),
                set_config('lock_timeout', $1, false),
                set_config('idle_in_transaction_session_timeout', $2, false),
                set_config('plan_cache_mode', 'force_custom_plan', false)",
    )
    .bind(deadline_ms.to_string())
    .bind(longest_ms.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_pool_has_the_task_that_can_spin_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let options = StoreOptions::new("sqlite:unused");
        let opened = sqlite(&dir.path().join("store.db"), &options).await.unwrap();
        let Database::Sqlite { writer, readers } = opened else { unreachable!("it is SQLite") };
        for pool in [writer, readers] {
            assert_eq!(pool.options().get_max_lifetime(), None);
            assert_eq!(pool.options().get_idle_timeout(), None);
        }
        let server = untended(PgPoolOptions::new());
        assert_eq!((server.get_max_lifetime(), server.get_idle_timeout()), (None, None));
    }
}
