//! Sorted mail from before Postbud: stored as delivered, with the label that people had given it.

use postbud_decide::Outcome;
use postbud_pipeline::ports::{
    ImportOutcome, Imported, LabelError, LabelSource, NewLabel, State, StoreError, is_person,
};

use crate::erase::was_erased;
use crate::record::{SUBJECT_CHARS, decision_text};
use crate::sql::{Fault, Tx, Value};
use crate::store::{SqlStore, write};
use crate::vault::Vault;
use crate::{labels, raw};

impl SqlStore {
    /// Stores a letter from before Postbud with its label; nothing is sent. A letter that is
    /// there already is left as it is, and so is one that was erased.
    ///
    /// # Errors
    /// [`LabelError::NotAPerson`]; `BadEntry` when the decision is not a person's for the
    /// same mailbox.
    pub async fn import(&self, letter: &Imported) -> Result<ImportOutcome, LabelError> {
        if !is_person(&letter.by) {
            return Err(LabelError::NotAPerson);
        }
        let decided = match &letter.decision.outcome {
            Outcome::Route { mailbox } => *mailbox == letter.mailbox,
            Outcome::Review => false,
        };
        if !decided {
            let what = "an imported letter is decided for the mailbox of its label".to_owned();
            return Err(StoreError::BadEntry { what }.into());
        }
        let body = decision_text(&letter.decision)
            .map_err(|fault| fault.into_store_error(self.place(), "importing a letter"))?;
        let extra = raw::extra_time(letter.raw.len());
        Ok(
            write!(self, "importing a letter", extra, tx => import(tx, self.vault(), letter, &body))?,
        )
    }
}

const INSERT: &str = "
    INSERT INTO letters (id, state, channel, subject, received_at, raw_id, size, mailbox, probability)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL) ON CONFLICT (id) DO NOTHING";

async fn import(
    tx: &mut Tx,
    vault: &Vault,
    letter: &Imported,
    body: &str,
) -> Result<ImportOutcome, Fault> {
    if was_erased(tx, &letter.letter).await? {
        return Ok(ImportOutcome::Erased);
    }
    let id = Value::from(letter.letter.as_str());
    let subject: String = letter.subject.chars().take(SUBJECT_CHARS).collect();
    let row = [
        id.clone(),
        State::Delivered.as_str().into(),
        letter.channel.as_str().into(),
        subject.as_str().into(),
        letter.received_at.0.into(),
        letter.raw_id.0.as_str().into(),
        letter.raw.len().into(),
        letter.mailbox.as_str().into(),
    ];
    if tx.execute(INSERT, &row).await? == 0 {
        return Ok(ImportOutcome::Known);
    }
    let bytes = raw::Raw { id: &letter.raw_id, bytes: &letter.raw, at: letter.at };
    raw::put(tx, vault, &[bytes]).await?;
    let by = Value::from(letter.by.trim());
    tx.execute(
        "INSERT INTO decisions (letter, seq, id, at, who, body) VALUES ($1, 1, $2, $3, $4, $5)",
        &[
            id.clone(),
            letter.decision.id.as_str().into(),
            letter.at.0.into(),
            by.clone(),
            body.into(),
        ],
    )
    .await?;
    tx.execute(
        "INSERT INTO events (letter, n, at, what, who, detail)
         VALUES ($1, 1, $2, 'imported', $3, $4)",
        &[id, letter.at.0.into(), by, letter.mailbox.as_str().into()],
    )
    .await?;
    let label = NewLabel {
        letter: letter.letter.clone(),
        mailbox: letter.mailbox.clone(),
        by: letter.by.clone(),
        at: letter.at,
        source: LabelSource::Imported,
    };
    labels::insert(tx, &label).await?;
    Ok(ImportOutcome::Stored)
}
