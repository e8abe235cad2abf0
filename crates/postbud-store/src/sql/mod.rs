//! The two databases behind one set of statements.
//!
//! A statement is written once. `$1`, `$2` are its single values; `{rows}` stands for rows handed
//! over with it, seen as a table `v` with columns `column1`, `column2` and so on; `{lock}` locks
//! the rows of table `t` until the transaction ends, `{take}` does so and leaves out what another
//! transaction has locked. SQLite locks the whole database instead.

mod expand;
mod fault;
mod row;
mod tx;
mod value;

pub(crate) use fault::{Fault, Said, into_queue_error};
pub(crate) use row::Row;
pub(crate) use tx::Tx;
pub(crate) use value::Value;

use sqlx::{PgPool, SqlitePool};

/// The pools of one database.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    /// SQLite has one writer at a time: in the process they queue for its one connection, which
    /// is fairer and quicker than waiting for the file's lock.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

impl Database {
    /// Begins a transaction that writes.
    pub(crate) async fn write(&self) -> Result<Tx, Fault> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction that only reads, all of it from one moment.
    pub(crate) async fn read(&self) -> Result<Tx, Fault> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?,
            ),
        })
    }

    /// Empties SQLite's log of changes, in which what was written over would still stand. Left for another
    /// time while somebody reads.
    pub(crate) async fn sweep(&self) -> Result<(), Fault> {
        if let Self::Sqlite { writer, .. } = self {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_optional(writer).await?;
        }
        Ok(())
    }

    /// Closes all connections.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}
