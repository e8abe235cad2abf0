//! Letters that are out and belong elsewhere.

use postbud_pipeline::ports::{
    Delivered, Delivery, LabelError, LabelSource, SentBack, StoreError, Timestamp, is_person,
};

use crate::assign;
use crate::labels;
use crate::list::mailbox_id;
use crate::sql::{Fault, Tx, Value};

/// Open: it has arrived, nobody has sent it back, and no decision came after it. Decisions that
/// were made together count as one.
pub(super) async fn delivered(
    tx: &mut Tx,
    delivery: &Delivery,
) -> Result<Option<Delivered>, Fault> {
    const STANDS: &str = "
        SELECT o.mailbox, d.at, o.state, t.state,
               CASE WHEN EXISTS (SELECT 1 FROM desk_returns AS r
                                 WHERE r.letter = o.letter AND r.seq = o.seq)
                    THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END,
               (SELECT COALESCE(MAX(g.first_seq), MAX(m.seq)) FROM decisions AS m
                LEFT JOIN desk_decisions AS g ON g.letter = m.letter AND g.seq = m.seq
                     AND g.undone_at IS NULL
                WHERE m.letter = o.letter
                  AND m.seq = (SELECT MAX(seq) FROM decisions WHERE letter = o.letter))
        FROM outbox AS o
        JOIN decisions AS d ON d.letter = o.letter AND d.seq = o.seq
        JOIN letters AS t ON t.id = o.letter
        WHERE o.letter = $1 AND o.seq = $2";
    let number = i64::from(delivery.number);
    let found = tx.query(STANDS, &[delivery.letter.as_str().into(), number.into()]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let arrived = row.text(2)? == "done" && row.text(3)? == "delivered";
    let open = arrived && row.int(4)? == 0 && number >= row.int(5)?;
    Ok(Some(Delivered { mailbox: mailbox_id(row.text(0)?)?, at: Timestamp(row.int(1)?), open }))
}

/// `false` when the delivery is not open any more: of two people the second is told so.
pub(super) async fn send_back(tx: &mut Tx, back: &SentBack) -> Result<bool, Fault> {
    if !is_person(&back.by) {
        return Err(StoreError::BadEntry { what: LabelError::NotAPerson.to_string() }.into());
    }
    let letter = &back.delivery.letter;
    labels::lock(tx, letter).await?;
    let Some(stands) = delivered(tx, &back.delivery).await?.filter(|stands| stands.open) else {
        return Ok(false);
    };
    let id = Value::from(letter.as_str());
    let to = back.to.as_ref();
    tx.execute(
        "INSERT INTO desk_returns (letter, seq, mailbox, belongs, who, at, returned)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            id.clone(),
            i64::from(back.delivery.number).into(),
            stands.mailbox.as_str().into(),
            to.map(|to| to.mailbox.as_str()).into(),
            back.by.trim().into(),
            back.at.0.into(),
            i64::from(back.returned).into(),
        ],
    )
    .await?;
    let what = if back.returned { "returned" } else { "sent-on" };
    tx.execute(
        "INSERT INTO events (letter, n, at, what, who, detail)
         SELECT $1, COALESCE(MAX(n), 0) + 1, $2, $3, $4, $5 FROM events WHERE letter = $1",
        &[
            id.clone(),
            back.at.0.into(),
            what.into(),
            back.by.trim().into(),
            stands.mailbox.as_str().into(),
        ],
    )
    .await?;
    // It waits from here on, and is decided at once where somebody knows where it belongs.
    tx.execute("UPDATE letters SET state = 'review', waits_for = 'returned' WHERE id = $1", &[id])
        .await?;
    match to {
        Some(to) if back.returned => assign::assign(tx, to, LabelSource::Returned).await?,
        Some(to) => assign::send(tx, to).await?,
        None => {}
    }
    Ok(true)
}
