//! What a database can answer instead of doing its work, sorted by what to do about it.

use postbud_pipeline::ports::{QueueError, StoreError};
use sqlx::error::DatabaseError;

/// What the database said, without its details: those can repeat whole rows.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Said(pub(crate) String);

/// What went wrong below the ports.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Away, full, too slow: another time it may work.
    Unavailable(Said),
    /// Two transactions got in each other's way: the same again will work.
    Conflict(Said),
    /// A value of this entry cannot be stored.
    Data(String),
    /// The database holds something this version does not understand.
    Incompatible(String),
    /// Already what the caller should see.
    Store(StoreError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => from_database(error.as_ref()),
            sqlx::Error::PoolTimedOut => {
                Self::Unavailable(Said("no connection became free in time".to_owned()))
            }
            sqlx::Error::RowNotFound
            | sqlx::Error::TypeNotFound { .. }
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_) => Self::Incompatible("a column of another type".to_owned()),
            sqlx::Error::Encode(_) | sqlx::Error::InvalidArgument(_) => {
                Self::Data("a value is too large or of the wrong form".to_owned())
            }
            other => Self::Unavailable(Said(other.to_string())),
        }
    }
}

fn from_database(error: &dyn DatabaseError) -> Fault {
    let code = error.code().unwrap_or_default().into_owned();
    let said = Said(format!("{} (code {code})", error.message()));
    if error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
        postgres_fault(&code, said)
    } else {
        sqlite_fault(&code, said)
    }
}

/// By SQLSTATE class, PostgreSQL's documentation, appendix A.
fn postgres_fault(code: &str, said: Said) -> Fault {
    match (code, code.get(..2).unwrap_or_default()) {
        ("40001" | "40P01", _) => Fault::Conflict(said),
        (_, "21" | "22" | "23") => {
            Fault::Data(format!("the database refuses a value (code {code})"))
        }
        (_, "42") => Fault::Incompatible(format!(
            "its tables are not those that this version made, or may not be used (code {code})"
        )),
        _ => Fault::Unavailable(said),
    }
}

/// By primary result code, sqlite.org/rescode.html.
fn sqlite_fault(code: &str, said: Said) -> Fault {
    const ERROR: u32 = 1;
    const CORRUPT: u32 = 11;
    const TOOBIG: u32 = 18;
    const CONSTRAINT: u32 = 19;
    const MISMATCH: u32 = 20;
    const RANGE: u32 = 25;
    const NOTADB: u32 = 26;
    match code.parse::<u32>().unwrap_or_default() & 0xff {
        TOOBIG | CONSTRAINT | MISMATCH | RANGE => {
            Fault::Data(format!("the database refuses a value (code {code})"))
        }
        ERROR => Fault::Incompatible(format!(
            "its tables are not those that this version made (code {code})"
        )),
        CORRUPT | NOTADB => Fault::Incompatible(format!(
            "the file is damaged or no database (code {code}); restore it from a backup"
        )),
        _ => Fault::Unavailable(said),
    }
}

impl Fault {
    /// The error for a caller of the store at `place` who was doing `what`.
    pub(crate) fn into_store_error(self, place: &str, what: &str) -> StoreError {
        let place = place.to_owned();
        match self {
            Self::Unavailable(said) | Self::Conflict(said) => StoreError::Unavailable {
                place,
                what: what.to_owned(),
                source: Some(Box::new(said)),
            },
            Self::Data(what) => StoreError::BadEntry { what },
            Self::Incompatible(what) => StoreError::Incompatible { place, what },
            Self::Store(error) => error,
        }
    }
}

/// The error for a caller of the embedded queue.
pub(crate) fn into_queue_error(error: StoreError) -> QueueError {
    match error {
        StoreError::Unavailable { place, what, source } => {
            QueueError::Unavailable { place, what, source }
        }
        other => QueueError::Refused { what: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> Said {
        Said("…".to_owned())
    }

    #[test]
    fn what_may_work_later_is_unavailable() {
        for code in
            ["08006", "53100", "53300", "55P03", "57P01", "57014", "25006", "28P01", "58030"]
        {
            assert!(matches!(postgres_fault(code, said()), Fault::Unavailable(_)), "{code}");
        }
        // BUSY, READONLY, IOERR_WRITE, FULL, CANTOPEN
        for code in ["5", "8", "778", "13", "14"] {
            assert!(matches!(sqlite_fault(code, said()), Fault::Unavailable(_)), "{code}");
        }
    }

    #[test]
    fn what_another_try_cannot_heal_is_told_apart() {
        assert!(matches!(postgres_fault("40P01", said()), Fault::Conflict(_)));
        assert!(matches!(postgres_fault("22021", said()), Fault::Data(_)));
        assert!(matches!(postgres_fault("42P01", said()), Fault::Incompatible(_)));
        assert!(matches!(sqlite_fault("1555", said()), Fault::Data(_)));
        assert!(matches!(sqlite_fault("26", said()), Fault::Incompatible(_)));
    }
}
