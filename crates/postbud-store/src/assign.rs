//! A person decides about a letter.

use postbud_letter::LetterId;
use postbud_pipeline::ports::{
    Assignment, LabelError, LabelSource, NewLabel, State, StoreError, is_person,
};

use crate::labels;
use crate::list::state_of;
use crate::record::decision_text;
use crate::sql::{Fault, Tx};

/// Records the label, the decision and the outbox row. Of two people at the same moment the
/// second waits for the first and then finds the letter gone.
pub(crate) async fn assign(
    tx: &mut Tx,
    assignment: &Assignment,
    source: LabelSource,
) -> Result<(), Fault> {
    if !is_person(&assignment.by) {
        return Err(StoreError::BadEntry { what: LabelError::NotAPerson.to_string() }.into());
    }
    let letter = assignment.letter.as_str();
    let found = tx
        .query("SELECT t.state FROM letters AS t WHERE t.id = $1 {lock}", &[letter.into()])
        .await?;
    let Some(row) = found.first() else {
        return Err(StoreError::UnknownLetter(letter.to_owned()).into());
    };
    let state = state_of(&row.text(0)?)?;
    if !matches!(state, State::Review | State::Quarantined) {
        return Err(StoreError::WrongState { letter: assignment.letter.clone(), state }.into());
    }
    send(tx, assignment).await?;
    add_label(tx, assignment, source).await
}

/// Decides about a letter whose row is locked, without a label.
pub(crate) async fn send(tx: &mut Tx, assignment: &Assignment) -> Result<(), Fault> {
    let letter = assignment.letter.as_str();
    let seq = next_decision(tx, &assignment.letter).await?;
    put(tx, assignment, seq).await?;
    let state = if assignment.send { State::Routed } else { State::Delivered };
    tx.execute(
        "UPDATE letters SET state = $1, mailbox = $2 WHERE id = $3",
        &[state.as_str().into(), assignment.mailbox.as_str().into(), letter.into()],
    )
    .await?;
    Ok(())
}

/// Writes the decision under this number, and the outbox row when it sends.
pub(crate) async fn put(tx: &mut Tx, assignment: &Assignment, seq: i64) -> Result<(), Fault> {
    let letter = assignment.letter.as_str();
    let body = decision_text(&assignment.decision)?;
    tx.execute(
        "INSERT INTO decisions (letter, seq, id, at, who, body) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            letter.into(),
            seq.into(),
            assignment.decision.id.as_str().into(),
            assignment.at.0.into(),
            assignment.by.as_str().into(),
            body.as_str().into(),
        ],
    )
    .await?;
    if assignment.send {
        tx.execute(
            "INSERT INTO outbox (letter, seq, mailbox, state, attempts, due_at)
             VALUES ($1, $2, $3, 'pending', 0, $4)",
            &[
                letter.into(),
                seq.into(),
                assignment.mailbox.as_str().into(),
                assignment.at.0.into(),
            ],
        )
        .await?;
    }
    Ok(())
}

/// A letter that came back has a label from before: this one is newer and holds.
async fn add_label(tx: &mut Tx, assignment: &Assignment, source: LabelSource) -> Result<(), Fault> {
    let label = NewLabel {
        letter: assignment.letter.clone(),
        mailbox: assignment.mailbox.clone(),
        by: assignment.by.clone(),
        at: assignment.at,
        source,
    };
    labels::insert(tx, &label).await.map(|_| ())
}

/// The number of the next decision about a letter whose row is locked.
pub(crate) async fn next_decision(tx: &mut Tx, letter: &LetterId) -> Result<i64, Fault> {
    const HIGHEST: &str = "SELECT MAX(seq) FROM decisions WHERE letter = $1";
    let found = tx.query(HIGHEST, &[letter.as_str().into()]).await?;
    let highest = found.first().map(|row| row.int_or_null(0)).transpose()?.flatten();
    Ok(highest.unwrap_or_default() + 1)
}
