//! From the one statement text to the one that a database understands.

use std::fmt::Write as _;
use std::ops::Range;

/// SQLite gets at most so many rows in one statement.
const ROWS_AT_ONCE: usize = 64;

/// Statement text for PostgreSQL. Rows go in as one array a column, so that the text, and with it
/// the prepared statement, is the same for any number of rows.
pub(super) fn postgres(sql: &str, args: usize, columns: usize) -> String {
    let sql =
        sql.replace("{lock}", "FOR UPDATE OF t").replace("{take}", "FOR UPDATE OF t SKIP LOCKED");
    if !sql.contains("{rows}") {
        return sql;
    }
    let arrays: Vec<String> = (1..=columns).map(|n| format!("${}", args + n)).collect();
    let names: Vec<String> = (1..=columns).map(|n| format!("column{n}")).collect();
    let rows = format!("UNNEST({}) AS v ({})", arrays.join(", "), names.join(", "));
    sql.replace("{rows}", &rows)
}

/// Statement text for SQLite, for exactly `rows` rows.
pub(super) fn sqlite(sql: &str, args: usize, columns: usize, rows: usize) -> String {
    let sql = sql.replace("{lock}", "").replace("{take}", "");
    if !sql.contains("{rows}") {
        return sql;
    }
    let mut values = String::with_capacity(16 + rows * columns * 6);
    values.push_str("(VALUES ");
    let mut n = args;
    for row in 0..rows {
        values.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            n += 1;
            let comma = if column == 0 { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = write!(values, "{comma}${n}");
        }
        values.push(')');
    }
    values.push_str(") AS v");
    sql.replace("{rows}", &values)
}

/// Cuts `len` rows into pieces whose sizes are powers of two: few different statement texts, so
/// that all of them stay prepared.
pub(super) fn pieces(len: usize) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < len {
        let left = len - start;
        let size = if left >= ROWS_AT_ONCE { ROWS_AT_ONCE } else { 1 << left.ilog2() };
        pieces.push(start..start + size);
        start += size;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SQL: &str =
        "UPDATE x AS t SET a = v.column2 FROM {rows} WHERE t.id = v.column1 AND b = $1";

    #[test]
    fn rows_are_numbered_behind_the_single_values() {
        assert_eq!(
            sqlite(SQL, 1, 2, 2),
            "UPDATE x AS t SET a = v.column2 FROM (VALUES ($2, $3), ($4, $5)) AS v \
             WHERE t.id = v.column1 AND b = $1"
        );
        assert_eq!(
            postgres(SQL, 1, 2),
            "UPDATE x AS t SET a = v.column2 FROM UNNEST($2, $3) AS v (column1, column2) \
             WHERE t.id = v.column1 AND b = $1"
        );
    }

    #[test]
    fn locks_are_for_postgresql() {
        assert_eq!(sqlite("SELECT 1 {take}{lock}", 0, 0, 0), "SELECT 1 ");
        assert_eq!(postgres("SELECT 1 {take}", 0, 0), "SELECT 1 FOR UPDATE OF t SKIP LOCKED");
    }

    proptest! {
        #[test]
        fn pieces_cover_every_row_once(len in 0usize..2000) {
            let mut next = 0;
            for piece in pieces(len) {
                prop_assert_eq!(piece.start, next);
                prop_assert!(piece.len().is_power_of_two() && piece.len() <= ROWS_AT_ONCE);
                next = piece.end;
            }
            prop_assert_eq!(next, len);
        }
    }
}
