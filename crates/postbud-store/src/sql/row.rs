//! One row of an answer, read by position.

use bytes::Bytes;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use super::Fault;

/// One row of an answer.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! get {
    ($row:expr, $column:expr) => {
        match $row {
            Row::Sqlite(row) => row.try_get($column),
            Row::Postgres(row) => row.try_get($column),
        }
        .map_err(Fault::from)
    };
}

impl Row {
    pub(crate) fn text(&self, column: usize) -> Result<String, Fault> {
        get!(self, column)
    }

    pub(crate) fn text_or_null(&self, column: usize) -> Result<Option<String>, Fault> {
        get!(self, column)
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64, Fault> {
        get!(self, column)
    }

    pub(crate) fn int_or_null(&self, column: usize) -> Result<Option<i64>, Fault> {
        get!(self, column)
    }

    /// A count or a size; what is below zero cannot have been written by us.
    pub(crate) fn count(&self, column: usize) -> Result<u64, Fault> {
        let number = self.int(column)?;
        u64::try_from(number)
            .map_err(|_| Fault::Incompatible(format!("{number} where a count was expected")))
    }

    pub(crate) fn real_or_null(&self, column: usize) -> Result<Option<f64>, Fault> {
        get!(self, column)
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Bytes, Fault> {
        let bytes: Result<Vec<u8>, Fault> = get!(self, column);
        bytes.map(Bytes::from)
    }

    pub(crate) fn bytes_or_null(&self, column: usize) -> Result<Option<Bytes>, Fault> {
        let bytes: Result<Option<Vec<u8>>, Fault> = get!(self, column);
        bytes.map(|bytes| bytes.map(Bytes::from))
    }
}
