//! The waiting list, notes and figures.

use postbud_decide::MailboxId;
use postbud_letter::{Channel, LetterId};
use postbud_pipeline::ports::{Figures, Note, Timestamp, Waiting, WaitingCount, WaitingFilter};

use crate::labels;
use crate::list::{ROW_COLUMNS, letter_row, row_columns};
use crate::sql::{Fault, Tx, Value};

/// A page holds at most so many.
const PAGE: u32 = 200;

pub(super) async fn list(
    tx: &mut Tx,
    filter: &WaitingFilter,
    now: Timestamp,
) -> Result<Vec<Waiting>, Fault> {
    let mut args: Vec<Value> = vec![i64::from(filter.limit.min(PAGE)).into(), now.0.into()];
    let mut sql = concat!(
        "SELECT ",
        row_columns!(),
        ", t.urgent, c.who
        FROM letters AS t
        LEFT JOIN desk_claims AS c ON c.letter = t.id AND c.until > $2
        WHERE t.state = 'review'"
    )
    .to_owned();
    let equal = [
        ("mailbox", filter.mailbox.as_ref().map(MailboxId::as_str)),
        ("channel", filter.channel.map(Channel::as_str)),
        ("waits_for", filter.why.as_deref()),
        ("language", filter.language.as_deref()),
    ];
    for (column, value) in equal {
        if let Some(value) = value {
            args.push(value.into());
            sql.push_str(&format!(" AND t.{column} = ${}", args.len()));
        }
    }
    if let Some(after) = &filter.after {
        let n = args.len();
        args.extend([
            i64::from(after.urgent).into(),
            after.received_at.0.into(),
            after.letter.as_str().into(),
        ]);
        sql.push_str(&format!(
            " AND (t.urgent < ${} OR (t.urgent = ${} AND (t.received_at, t.id) > (${}, ${})))",
            n + 1,
            n + 1,
            n + 2,
            n + 3
        ));
    }
    sql.push_str(" ORDER BY t.urgent DESC, t.received_at, t.id LIMIT $1");
    let rows = tx.query(&sql, &args).await?;
    let waiting = rows.iter().map(|row| {
        Ok(Waiting {
            row: letter_row(row)?,
            urgent: row.int(ROW_COLUMNS)? == 1,
            claimed_by: row.text_or_null(ROW_COLUMNS + 1)?,
        })
    });
    waiting.collect()
}

pub(super) async fn count(tx: &mut Tx) -> Result<WaitingCount, Fault> {
    let mut count = WaitingCount::default();
    const COUNT: &str =
        "SELECT urgent, COUNT(*) FROM letters WHERE state = 'review' GROUP BY urgent";
    for row in tx.query(COUNT, &[]).await? {
        let letters = row.count(1)?;
        count.all += letters;
        if row.int(0)? == 1 {
            count.urgent = letters;
        }
    }
    Ok(count)
}

pub(super) async fn add_note(tx: &mut Tx, letter: &LetterId, note: &Note) -> Result<(), Fault> {
    labels::lock(tx, letter).await?;
    tx.execute(
        "INSERT INTO desk_notes (letter, at, who, text) VALUES ($1, $2, $3, $4)",
        &[
            letter.as_str().into(),
            note.at.0.into(),
            note.by.as_str().into(),
            note.text.as_str().into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn notes(tx: &mut Tx, letter: &LetterId) -> Result<Vec<Note>, Fault> {
    const NOTES: &str = "SELECT at, who, text FROM desk_notes WHERE letter = $1 ORDER BY n";
    let rows = tx.query(NOTES, &[letter.as_str().into()]).await?;
    let notes = rows
        .iter()
        .map(|row| Ok(Note { at: Timestamp(row.int(0)?), by: row.text(1)?, text: row.text(2)? }));
    notes.collect()
}

pub(crate) async fn figures(tx: &mut Tx) -> Result<Figures, Fault> {
    const AUTOMATIC: &str = "SELECT COUNT(*) FROM outbox WHERE seq = 1 AND state = 'done'";
    const DECIDED: &str = "SELECT COUNT(*) FROM desk_decisions WHERE undone_at IS NULL";
    const CORRECTED: &str = "
        SELECT COUNT(*) FROM desk_decisions AS d
        JOIN labels AS t ON t.letter = d.letter AND t.n = d.label
        WHERE d.undone_at IS NULL AND d.mailbox <> t.mailbox";
    const OLDEST: &str = "SELECT MIN(received_at) FROM letters WHERE state = 'review'";
    let mut counts = [0; 3];
    for (count, sql) in counts.iter_mut().zip([AUTOMATIC, DECIDED, CORRECTED]) {
        if let Some(row) = tx.query(sql, &[]).await?.first() {
            *count = row.count(0)?;
        }
    }
    let oldest = tx.query(OLDEST, &[]).await?;
    let oldest = oldest.first().map(|row| row.int_or_null(0)).transpose()?.flatten();
    let [automatic, decided, corrected] = counts;
    Ok(Figures { automatic, decided, corrected, oldest_waiting: oldest.map(Timestamp) })
}
