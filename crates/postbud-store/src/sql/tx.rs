//! A transaction and the statements in it.

use futures::TryStreamExt as _;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Postgres, Sqlite, Transaction};

use super::{Fault, Row, Value, expand};

/// A transaction. Dropped without [`Tx::commit`] it leaves nothing behind.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

type SqliteQuery = Query<'static, Sqlite, SqliteArguments>;
type PostgresQuery = Query<'static, Postgres, PgArguments>;

impl Tx {
    /// Makes everything done in it durable.
    pub(crate) async fn commit(self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Runs a statement; how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &str, args: &[Value]) -> Result<u64, Fault> {
        let none: [[Value; 0]; 1] = [[]];
        self.execute_rows(sql, args, &none).await
    }

    /// Runs a statement that answers with rows.
    pub(crate) async fn query(&mut self, sql: &str, args: &[Value]) -> Result<Vec<Row>, Fault> {
        let none: [[Value; 0]; 1] = [[]];
        self.query_rows(sql, args, &none).await
    }

    /// Runs a statement over `rows`; how many rows it changed. Nothing is run when there are none.
    pub(crate) async fn execute_rows<const N: usize>(
        &mut self,
        sql: &str,
        args: &[Value],
        rows: &[[Value; N]],
    ) -> Result<u64, Fault> {
        let mut changed = 0;
        match self {
            Self::Sqlite(tx) => {
                for piece in expand::pieces(rows.len()) {
                    let query = sqlite_query(sql, args, rows.get(piece).unwrap_or_default());
                    changed += query.execute(&mut **tx).await?.rows_affected();
                }
            }
            Self::Postgres(_) if rows.is_empty() => {}
            Self::Postgres(tx) => {
                let query = postgres_query(sql, args, rows)?;
                changed = query.execute(&mut **tx).await?.rows_affected();
            }
        }
        Ok(changed)
    }

    /// Runs a statement over `rows` that answers with rows. Nothing is run when there are none.
    /// SQLite runs it in pieces, so an `ORDER BY` holds within a piece only.
    pub(crate) async fn query_rows<const N: usize>(
        &mut self,
        sql: &str,
        args: &[Value],
        rows: &[[Value; N]],
    ) -> Result<Vec<Row>, Fault> {
        let mut answer = Vec::new();
        match self {
            Self::Sqlite(tx) => {
                for piece in expand::pieces(rows.len()) {
                    let query = sqlite_query(sql, args, rows.get(piece).unwrap_or_default());
                    answer.extend(query.fetch_all(&mut **tx).await?.into_iter().map(Row::Sqlite));
                }
            }
            Self::Postgres(_) if rows.is_empty() => {}
            Self::Postgres(tx) => {
                let found = postgres_query(sql, args, rows)?.fetch_all(&mut **tx).await?;
                answer.extend(found.into_iter().map(Row::Postgres));
            }
        }
        Ok(answer)
    }

    /// Runs a statement and hands its rows to `each` as they come, so that a large answer never
    /// lies in memory as a whole.
    pub(crate) async fn stream(
        &mut self,
        sql: &str,
        args: &[Value],
        mut each: impl FnMut(&Row) -> Result<(), Fault> + Send,
    ) -> Result<(), Fault> {
        let none: &[[Value; 0]] = &[[]];
        match self {
            Self::Sqlite(tx) => {
                let mut rows = sqlite_query(sql, args, none).fetch(&mut **tx);
                while let Some(row) = rows.try_next().await? {
                    each(&Row::Sqlite(row))?;
                }
            }
            Self::Postgres(tx) => {
                let mut rows = postgres_query(sql, args, none)?.fetch(&mut **tx);
                while let Some(row) = rows.try_next().await? {
                    each(&Row::Postgres(row))?;
                }
            }
        }
        Ok(())
    }
}

fn sqlite_query<const N: usize>(sql: &str, args: &[Value], rows: &[[Value; N]]) -> SqliteQuery {
    let text = expand::sqlite(sql, args.len(), N, rows.len());
    let mut query = sqlx::query::<Sqlite>(AssertSqlSafe(text));
    for value in args.iter().chain(rows.iter().flatten()) {
        query = match value {
            Value::Text(text) => query.bind(text.clone()),
            Value::Int(number) => query.bind(*number),
            Value::Real(number) => query.bind(*number),
            Value::Bytes(bytes) => query.bind(bytes.to_vec()),
        };
    }
    query
}

fn postgres_query<const N: usize>(
    sql: &str,
    args: &[Value],
    rows: &[[Value; N]],
) -> Result<PostgresQuery, Fault> {
    let text = expand::postgres(sql, args.len(), N);
    let mut query = sqlx::query::<Postgres>(AssertSqlSafe(text));
    for value in args {
        query = match value {
            Value::Text(text) => query.bind(text.clone()),
            Value::Int(number) => query.bind(*number),
            Value::Real(number) => query.bind(*number),
            Value::Bytes(bytes) => query.bind(bytes.to_vec()),
        };
    }
    for column in 0..N {
        let column: Vec<&Value> = rows.iter().filter_map(|row| row.get(column)).collect();
        query = bind_column(query, &column)?;
    }
    Ok(query)
}

/// Binds one column of the rows as one array.
fn bind_column(query: PostgresQuery, column: &[&Value]) -> Result<PostgresQuery, Fault> {
    let mixed = || Fault::Incompatible("a column of rows with values of two types".to_owned());
    macro_rules! array {
        ($kind:ident, $convert:expr) => {{
            let values: Option<Vec<_>> = column
                .iter()
                .map(|value| match value {
                    Value::$kind(value) => Some($convert(value)),
                    _ => None,
                })
                .collect();
            query.bind(values.ok_or_else(mixed)?)
        }};
    }
    Ok(match column.first() {
        None => query,
        Some(Value::Text(_)) => array!(Text, |text: &Option<String>| text.clone()),
        Some(Value::Int(_)) => array!(Int, |number: &Option<i64>| *number),
        Some(Value::Real(_)) => array!(Real, |number: &Option<f64>| *number),
        Some(Value::Bytes(_)) => array!(Bytes, |bytes: &bytes::Bytes| bytes.to_vec()),
    })
}
