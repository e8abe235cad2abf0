//! Labels as a system owner looks at them: who gave how many, and the latest first.

use postbud_decide::MailboxId;
use postbud_letter::LetterId;
use postbud_pipeline::ports::{LabelCount, LabelFilter, LabelRow, LabelSource, Timestamp};

use crate::labels::{DISPUTED, ROWS, label_row, source_of};
use crate::list::ROWS_AT_MOST;
use crate::sql::{Fault, Tx, Value};

/// So many people and sources at most.
const PEOPLE: i64 = 1_000;

pub(super) async fn counts(tx: &mut Tx) -> Result<Vec<LabelCount>, Fault> {
    // Somebody is disputed where another person's label on the same letter says otherwise.
    const COUNTS: &str = "
        SELECT t.who, t.source, COUNT(*), COUNT(t.withdrawn_at),
               COUNT(CASE WHEN t.withdrawn_at IS NULL AND EXISTS (
                   SELECT 1 FROM labels AS o
                   WHERE o.letter = t.letter AND o.mailbox <> t.mailbox AND o.who <> t.who
                     AND o.withdrawn_at IS NULL) THEN 1 END),
               MAX(t.at)
        FROM labels AS t GROUP BY t.who, t.source ORDER BY t.who, t.source LIMIT $1";
    let rows = tx.query(COUNTS, &[PEOPLE.into()]).await?;
    let counts = rows.iter().map(|row| {
        Ok(LabelCount {
            by: row.text(0)?,
            source: source_of(&row.text(1)?)?,
            labels: row.count(2)?,
            withdrawn: row.count(3)?,
            disputed: row.count(4)?,
            last: Timestamp(row.int(5)?),
        })
    });
    counts.collect()
}

pub(super) async fn latest(
    tx: &mut Tx,
    filter: &LabelFilter,
    by: Option<&str>,
) -> Result<Vec<LabelRow>, Fault> {
    let limit = i64::from(filter.limit.min(ROWS_AT_MOST));
    let mut args: Vec<Value> = vec![limit.into(), i64::from(filter.offset).into()];
    let mut conditions = Vec::new();
    let texts = [
        ("t.letter", filter.letter.as_ref().map(LetterId::as_str)),
        ("t.mailbox", filter.mailbox.as_ref().map(MailboxId::as_str)),
        ("t.source", filter.source.map(LabelSource::as_str)),
        ("t.who", by),
    ];
    for (column, text) in texts {
        if let Some(text) = text {
            args.push(text.into());
            conditions.push(format!("{column} = ${}", args.len()));
        }
    }
    if filter.disputed {
        conditions.push(DISPUTED.to_owned());
    }
    let condition = match conditions.is_empty() {
        true => String::new(),
        false => format!(" WHERE {}", conditions.join(" AND ")),
    };
    let order = "ORDER BY t.at DESC, t.letter, t.n DESC LIMIT $1 OFFSET $2";
    let sql = format!("{ROWS}{condition} {order}");
    tx.query(&sql, &args).await?.iter().map(label_row).collect()
}
