//! Claims, and decisions that can be taken back for a while.

use postbud_letter::LetterId;
use postbud_pipeline::ports::{Along, Assignment, LabelSource, StoreError, Timestamp};

use crate::assign;
use crate::desk::waiting;
use crate::labels;
use crate::sql::{Fault, Tx, Value};

/// Who holds the letter after asking for it. `times`: now, and until when it is asked for.
pub(super) async fn claim(
    tx: &mut Tx,
    letter: &LetterId,
    who: &str,
    times: (Timestamp, Timestamp),
    force: bool,
) -> Result<String, Fault> {
    labels::lock(tx, letter).await?;
    let id = Value::from(letter.as_str());
    const HELD: &str = "SELECT who FROM desk_claims WHERE letter = $1 AND until > $2";
    let held = tx.query(HELD, &[id.clone(), times.0.0.into()]).await?;
    if let Some(row) = held.first() {
        let holder = row.text(0)?;
        if holder != who && !force {
            return Ok(holder);
        }
    }
    tx.execute(
        "INSERT INTO desk_claims (letter, who, until) VALUES ($1, $2, $3)
         ON CONFLICT (letter) DO UPDATE SET who = excluded.who, until = excluded.until",
        &[id, who.into(), times.1.0.into()],
    )
    .await?;
    Ok(who.to_owned())
}

/// Everything of an assignment, the letter held back for `grace_ms`, and what undoing needs.
pub(super) async fn decide(
    tx: &mut Tx,
    assignment: &Assignment,
    along: &Along,
    grace_ms: i64,
) -> Result<(), Fault> {
    let id = Value::from(assignment.letter.as_str());
    const BEFORE: &str = "SELECT t.state, t.mailbox FROM letters AS t WHERE t.id = $1 {lock}";
    let before = tx.query(BEFORE, std::slice::from_ref(&id)).await?;
    let Some(before) = before.first() else {
        return Err(StoreError::UnknownLetter(assignment.letter.to_string()).into());
    };
    let (state, mailbox) = (before.text(0)?, before.text_or_null(1)?);
    let first = send_along(tx, assignment, along).await?;
    // Refuses a letter that does not wait; what was written so far is then undone with the rest.
    assign::assign(tx, assignment, LabelSource::Desk).await?;
    if !assignment.send && along.also.iter().any(|copy| copy.send) {
        tx.execute("UPDATE letters SET state = 'routed' WHERE id = $1", std::slice::from_ref(&id))
            .await?;
    }
    let until = assignment.at.plus_ms(grace_ms);
    tx.execute(
        "INSERT INTO desk_decisions (letter, seq, who, at, undo_until, state, mailbox, first_seq,
                                     label)
         SELECT $1, MAX(d.seq), $2, $3, $4, $5, $6, $7,
                (SELECT MAX(n) FROM labels WHERE letter = $1)
         FROM decisions AS d WHERE d.letter = $1",
        &[
            id.clone(),
            assignment.by.as_str().into(),
            assignment.at.0.into(),
            until.0.into(),
            state.as_str().into(),
            mailbox.as_deref().into(),
            first.into(),
        ],
    )
    .await?;
    tx.execute(
        "UPDATE outbox SET due_at = $2 WHERE letter = $1 AND state = 'pending'",
        &[id.clone(), until.0.into()],
    )
    .await?;
    tx.execute("DELETE FROM desk_claims WHERE letter = $1", &[id]).await?;
    Ok(())
}

/// The note, and the copies for other mailboxes. They come in front of the decision, which stays the
/// last one and so the one in force; returns the number of the first.
async fn send_along(tx: &mut Tx, assignment: &Assignment, along: &Along) -> Result<i64, Fault> {
    if let Some(note) = &along.note {
        waiting::add_note(tx, &assignment.letter, note).await?;
    }
    let first = assign::next_decision(tx, &assignment.letter).await?;
    for (copy, seq) in along.also.iter().zip(first..) {
        assign::put(tx, copy, seq).await?;
    }
    Ok(first)
}

/// Who decided last, and for which mailbox.
pub(super) async fn first(
    tx: &mut Tx,
    letter: &LetterId,
) -> Result<Option<(String, String)>, Fault> {
    const LAST: &str = "
        SELECT d.who, COALESCE(t.mailbox, '') FROM decisions AS d JOIN letters AS t ON t.id = d.letter
        WHERE d.letter = $1 ORDER BY d.seq DESC LIMIT 1";
    let rows = tx.query(LAST, &[letter.as_str().into()]).await?;
    rows.first().map(|row| Ok((row.text(0)?, row.text(1)?))).transpose()
}

/// Puts everything back as it was, with the trace that it happened; `false` when it is too late.
/// Looks at the outbox row itself: one that a worker has taken is due later than the grace period
/// ends, and stays.
pub(super) async fn undo(
    tx: &mut Tx,
    letter: &LetterId,
    who: &str,
    now: Timestamp,
) -> Result<bool, Fault> {
    labels::lock(tx, letter).await?;
    let id = Value::from(letter.as_str());
    const OWN: &str = "
        SELECT t.seq, t.state, t.mailbox, t.label, t.undo_until, COALESCE(t.first_seq, t.seq)
        FROM desk_decisions AS t
        WHERE t.letter = $1 AND t.who = $2 AND t.undone_at IS NULL AND t.undo_until > $3
          AND t.seq = (SELECT MAX(seq) FROM decisions WHERE letter = $1)";
    const OUT: &str = "
        SELECT t.state, t.due_at FROM outbox AS t
        WHERE t.letter = $1 AND t.seq >= $2 AND t.seq <= $3 ORDER BY t.seq {lock}";
    let found = tx.query(OWN, &[id.clone(), who.into(), now.0.into()]).await?;
    let Some(row) = found.first() else { return Ok(false) };
    let (seq, label) = (row.int(0)?, row.int(3)?);
    let (state, mailbox) = (row.text(1)?, row.text_or_null(2)?);
    let (until, first) = (row.int(4)?, row.int(5)?);
    for out in tx.query(OUT, &[id.clone(), first.into(), seq.into()]).await? {
        if out.text(0)? != "pending" || out.int(1)? != until {
            return Ok(false);
        }
    }
    // The row stays as a trace; what is not pending is never sent.
    tx.execute(
        "UPDATE outbox SET state = 'failed', last_error = 'taken back at the desk'
         WHERE letter = $1 AND seq >= $2 AND seq <= $3",
        &[id.clone(), first.into(), seq.into()],
    )
    .await?;
    // What was decided before is in force again.
    tx.execute(
        "INSERT INTO decisions (letter, seq, id, at, who, body)
         SELECT letter, $2 + 1, id, $3, $4, body FROM decisions WHERE letter = $1 AND seq = $5 - 1",
        &[id.clone(), seq.into(), now.0.into(), who.into(), first.into()],
    )
    .await?;
    tx.execute(
        "UPDATE letters SET state = $2, mailbox = $3 WHERE id = $1",
        &[id.clone(), state.as_str().into(), mailbox.as_deref().into()],
    )
    .await?;
    tx.execute(
        "UPDATE labels SET withdrawn_at = $3, withdrawn_by = $4, withdrawn_why = 'taken back'
         WHERE letter = $1 AND n = $2 AND withdrawn_at IS NULL",
        &[id.clone(), label.into(), now.0.into(), who.into()],
    )
    .await?;
    tx.execute(
        "UPDATE desk_decisions SET undone_at = $3 WHERE letter = $1 AND seq = $2",
        &[id.clone(), seq.into(), now.0.into()],
    )
    .await?;
    tx.execute(
        "INSERT INTO events (letter, n, at, what, who, detail)
         SELECT $1, COALESCE(MAX(n), 0) + 1, $2, 'undone', $3, '' FROM events WHERE letter = $1",
        &[id, now.0.into(), who.into()],
    )
    .await?;
    Ok(true)
}
