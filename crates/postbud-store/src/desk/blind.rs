//! Second looks: what is drawn, what people answered without the machine's suggestion, and how the
//! mailboxes did.

use postbud_letter::LetterId;
use postbud_pipeline::ports::{
    BlindAnswer, CheckedMailbox, LetterRow, NewLabel, SentOut, StoreError, Timestamp,
};

use crate::labels;
use crate::list::{letter_id, letter_row, mailbox_id, row_columns};
use crate::sql::{Fault, Tx, Value};

/// A page of what was sent out.
const PAGE: u32 = 10_000;
/// So many letters are listed at most.
const LOOKS: u32 = 1_000;
/// Under this name the secret stands in `meta`.
const SECRET: &str = "draw-secret";

/// What came of a blind answer.
pub(super) enum Answered {
    Now(BlindAnswer),
    /// By whom it was answered before, and with what.
    Before(String, String),
}

pub(super) async fn secret(tx: &mut Tx, fresh: &str) -> Result<String, Fault> {
    tx.execute(
        "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
        &[SECRET.into(), fresh.into()],
    )
    .await?;
    let found = tx.query("SELECT value FROM meta WHERE key = $1", &[SECRET.into()]).await?;
    found.first().map_or_else(|| Ok(fresh.to_owned()), |row| row.text(0))
}

pub(super) async fn sent_out(
    tx: &mut Tx,
    times: (Timestamp, Timestamp),
    after: Option<&SentOut>,
    limit: u32,
) -> Result<Vec<SentOut>, Fault> {
    const SENT_OUT: &str = "
        SELECT t.id, t.received_at FROM letters AS t
        JOIN outbox AS o ON o.letter = t.id AND o.seq = 1
        WHERE t.received_at >= $1 AND t.received_at < $2 AND (t.received_at, t.id) > ($3, $4)
          AND t.state IN ('routed', 'delivered')
        ORDER BY t.received_at, t.id LIMIT $5";
    let place = after.map_or((i64::MIN, ""), |last| (last.received_at.0, last.letter.as_str()));
    let args = [
        times.0.0.into(),
        times.1.0.into(),
        place.0.into(),
        place.1.into(),
        i64::from(limit.min(PAGE)).into(),
    ];
    let rows = tx.query(SENT_OUT, &args).await?;
    let found = rows.iter().map(|row| {
        Ok(SentOut { letter: letter_id(row.text(0)?)?, received_at: Timestamp(row.int(1)?) })
    });
    found.collect()
}

pub(super) async fn drawn(tx: &mut Tx, times: (Timestamp, Timestamp)) -> Result<u64, Fault> {
    const DRAWN: &str = "
        SELECT COUNT(*) FROM desk_blind AS b JOIN letters AS t ON t.id = b.letter
        WHERE t.received_at >= $1 AND t.received_at < $2";
    let rows = tx.query(DRAWN, &[times.0.0.into(), times.1.0.into()]).await?;
    rows.first().map_or(Ok(0), |row| row.count(0))
}

/// A letter that was erased meanwhile is left out.
pub(super) async fn draw(tx: &mut Tx, letters: &[LetterId], now: Timestamp) -> Result<(), Fault> {
    const DRAW: &str = "
        INSERT INTO desk_blind (letter, drawn_at)
        SELECT t.id, $1 FROM {rows} JOIN letters AS t ON t.id = v.column1 WHERE true
        ON CONFLICT (letter) DO NOTHING";
    let rows: Vec<[Value; 1]> = letters.iter().map(|letter| [letter.as_str().into()]).collect();
    tx.execute_rows(DRAW, &[now.0.into()], &rows).await?;
    Ok(())
}

/// Letters that came back to the desk meanwhile are decided there, with everybody's eyes open.
pub(super) async fn looks(tx: &mut Tx, limit: u32) -> Result<Vec<LetterRow>, Fault> {
    const LOOKS_OPEN: &str = concat!(
        "SELECT ",
        row_columns!(),
        " FROM letters AS t JOIN desk_blind AS b ON b.letter = t.id
         WHERE b.answered_at IS NULL AND t.state IN ('routed', 'delivered')
         ORDER BY b.drawn_at, b.letter LIMIT $1"
    );
    let rows = tx.query(LOOKS_OPEN, &[i64::from(limit.min(LOOKS)).into()]).await?;
    rows.iter().map(letter_row).collect()
}

pub(super) async fn is_drawn(tx: &mut Tx, letter: &LetterId) -> Result<bool, Fault> {
    const OPEN: &str = "
        SELECT t.id FROM desk_blind AS b JOIN letters AS t ON t.id = b.letter
        WHERE b.letter = $1 AND b.answered_at IS NULL AND t.state IN ('routed', 'delivered')";
    Ok(!tx.query(OPEN, &[letter.as_str().into()]).await?.is_empty())
}

pub(super) async fn answer(tx: &mut Tx, label: &NewLabel) -> Result<Answered, Fault> {
    labels::lock(tx, &label.letter).await?;
    let id = Value::from(label.letter.as_str());
    const STANDS: &str = "
        SELECT b.answered_by, COALESCE(l.mailbox, ''), o.mailbox
        FROM desk_blind AS b JOIN outbox AS o ON o.letter = b.letter AND o.seq = 1
        LEFT JOIN labels AS l ON l.letter = b.letter AND l.n = b.label
        WHERE b.letter = $1";
    let found = tx.query(STANDS, std::slice::from_ref(&id)).await?;
    let Some(row) = found.first() else {
        return Err(StoreError::UnknownLetter(label.letter.to_string()).into());
    };
    if let Some(by) = row.text_or_null(0)? {
        return Ok(Answered::Before(by, row.text(1)?));
    }
    let n = labels::insert(tx, label).await?;
    tx.execute(
        "UPDATE desk_blind SET answered_at = $2, answered_by = $3, label = $4 WHERE letter = $1",
        &[id, label.at.0.into(), label.by.trim().into(), i64::from(n).into()],
    )
    .await?;
    Ok(Answered::Now(BlindAnswer { sent_to: mailbox_id(row.text(2)?)?, number: 1 }))
}

/// What was drawn by chance alone says how large the error is; what mailboxes sent back is counted
/// beside it, since nobody knows what they kept silent about.
pub(super) async fn checked(tx: &mut Tx, since: Timestamp) -> Result<Vec<CheckedMailbox>, Fault> {
    const CHECKED: &str = r#"
        SELECT o.mailbox,
               CASE WHEN d.body LIKE '%"step":"model"%' THEN CAST(1 AS BIGINT)
                    ELSE CAST(0 AS BIGINT) END AS by_model,
               COUNT(*),
               COUNT(CASE WHEN b.answered_at IS NOT NULL AND h.mailbox IS NOT NULL THEN 1 END),
               COUNT(CASE WHEN b.answered_at IS NOT NULL AND h.mailbox <> o.mailbox THEN 1 END),
               COUNT(r.letter)
        FROM letters AS t
        JOIN outbox AS o ON o.letter = t.id AND o.seq = 1
        JOIN decisions AS d ON d.letter = t.id AND d.seq = 1
        LEFT JOIN desk_blind AS b ON b.letter = t.id
        LEFT JOIN labels AS h ON h.letter = t.id AND h.withdrawn_at IS NULL
             AND h.n = (SELECT MAX(u.n) FROM labels AS u
                        WHERE u.letter = t.id AND u.withdrawn_at IS NULL)
        LEFT JOIN desk_returns AS r ON r.letter = t.id AND r.seq = 1 AND r.returned = 1
        WHERE t.received_at >= $1
        GROUP BY 1, 2 ORDER BY 1, 2"#;
    let rows = tx.query(CHECKED, &[since.0.into()]).await?;
    let checked = rows.iter().map(|row| {
        Ok(CheckedMailbox {
            mailbox: mailbox_id(row.text(0)?)?,
            by_model: row.int(1)? == 1,
            letters: row.count(2)?,
            answers: row.count(3)?,
            errors: row.count(4)?,
            returned: row.count(5)?,
        })
    });
    checked.collect()
}
