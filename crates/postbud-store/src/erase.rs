//! A letter goes, with everything that the store holds about it.

use std::time::Duration;

use postbud_letter::LetterId;
use postbud_pipeline::ports::{LabelError, RawId, State, StoreError, Timestamp, is_person};

use crate::list::state_of;
use crate::privacy::unused;
use crate::sql::{Fault, Tx};
use crate::store::{SqlStore, write};

impl SqlStore {
    /// Erases a letter: raw bytes, decisions, labels, outgoing rows, events, whatever hangs on it,
    /// and messages of the embedded queue that hold the same bytes. What stays is a mark with its
    /// id, when and by whom. A letter that is already gone is marked all the same; `false` then.
    ///
    /// # Errors
    /// [`LabelError::InFlight`] while the letter is on its way to a mailbox: it would be lost.
    pub async fn erase(
        &self,
        letter: &LetterId,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, LabelError> {
        if !is_person(by) {
            return Err(LabelError::NotAPerson);
        }
        let erased = write!(self, "erasing a letter", Duration::ZERO,
            tx => erase(tx, letter, by.trim(), at))?;
        match erased {
            Erased::Gone => {
                self.sweep().await?;
                Ok(true)
            }
            Erased::NotThere => Ok(false),
            Erased::InFlight => Err(LabelError::InFlight { letter: letter.clone() }),
        }
    }

    /// Removes raw bytes that no letter and no message of the embedded queue names: those to which a
    /// message of a broker referred.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn erase_unused(&self, raw_id: &RawId) -> Result<(), StoreError> {
        write!(self, "erasing unused bytes", Duration::ZERO, tx => unused(tx, &raw_id.0))?;
        self.sweep().await
    }

    /// Was this letter erased?
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn is_erased(&self, letter: &LetterId) -> Result<bool, StoreError> {
        crate::store::read!(self, "looking for an erased letter", tx => was_erased(tx, letter))
    }
}

enum Erased {
    Gone,
    NotThere,
    InFlight,
}

async fn erase(tx: &mut Tx, letter: &LetterId, by: &str, at: Timestamp) -> Result<Erased, Fault> {
    const LOCK: &str = "SELECT t.state, t.raw_id FROM letters AS t WHERE t.id = $1 {lock}";
    let found = tx.query(LOCK, &[letter.as_str().into()]).await?;
    let row = found.first();
    if let Some(row) = row {
        if state_of(&row.text(0)?)? == State::Routed {
            return Ok(Erased::InFlight);
        }
        let raw_id = row.text(1)?;
        // Everything else about a letter refers to its row and goes with it.
        tx.execute("DELETE FROM letters WHERE id = $1", &[letter.as_str().into()]).await?;
        let others = "SELECT 1 FROM letters WHERE raw_id = $1";
        for table in ["queue", "raws"] {
            let sql = format!("DELETE FROM {table} WHERE raw_id = $1 AND NOT EXISTS ({others})");
            tx.execute(&sql, &[raw_id.as_str().into()]).await?;
        }
    }
    tx.execute(
        "INSERT INTO erasures (letter, at, who) VALUES ($1, $2, $3)
         ON CONFLICT (letter) DO NOTHING",
        &[letter.as_str().into(), at.0.into(), by.into()],
    )
    .await?;
    Ok(if row.is_some() { Erased::Gone } else { Erased::NotThere })
}

pub(crate) async fn was_erased(tx: &mut Tx, letter: &LetterId) -> Result<bool, Fault> {
    const MARK: &str = "SELECT letter FROM erasures WHERE letter = $1";
    Ok(!tx.query(MARK, &[letter.as_str().into()]).await?.is_empty())
}
