//! The letters that a model may be trained on: those that a person has labelled.

use postbud_letter::LetterId;
use postbud_pipeline::ports::{RawId, StoreError, Timestamp};

use crate::list::{Label, ROWS_AT_MOST, letter_id, mailbox_id};
use crate::sql::{Fault, Row, Tx};
use crate::store::{SqlStore, read};

/// A letter with the label that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainingLabel {
    /// The label.
    pub label: Label,
    /// When the letter was received.
    pub received_at: Timestamp,
}

impl SqlStore {
    /// Labels that hold, by letter id: of each letter the newest that is not withdrawn. At most
    /// `limit` of them, of letters whose id is greater than `after`; a page shorter than that is
    /// the last. Bytes are read apart, one letter at a time, so that memory stays bounded.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn training_labels(
        &self,
        after: Option<&LetterId>,
        limit: u32,
    ) -> Result<Vec<TrainingLabel>, StoreError> {
        let after = after.map_or("", LetterId::as_str);
        read!(self, "listing training labels", tx => page(tx, after, limit))
    }

    /// The ids of letters that were erased, by id, `limit` of those greater than `after`.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn erased(
        &self,
        after: Option<&LetterId>,
        limit: u32,
    ) -> Result<Vec<LetterId>, StoreError> {
        let after = after.map_or("", LetterId::as_str);
        let limit = i64::from(limit.min(ROWS_AT_MOST));
        const ERASED: &str =
            "SELECT letter FROM erasures WHERE letter > $1 ORDER BY letter LIMIT $2";
        read!(self, "listing erased letters", tx => async {
            let rows = tx.query(ERASED, &[after.into(), limit.into()]).await?;
            rows.iter().map(|row| letter_id(row.text(0)?)).collect::<Result<Vec<_>, Fault>>()
        })
    }
}

/// The columns that [`label`] reads, of labels that hold.
macro_rules! labels_that_hold {
    () => {
        "SELECT t.letter, l.raw_id, t.mailbox, t.who, t.at, t.source, l.received_at
         FROM labels AS t JOIN letters AS l ON l.id = t.letter
         WHERE t.withdrawn_at IS NULL AND NOT EXISTS (
             SELECT 1 FROM labels AS u
             WHERE u.letter = t.letter AND u.n > t.n AND u.withdrawn_at IS NULL) "
    };
}
pub(crate) use labels_that_hold;

const PAGE: &str = concat!(labels_that_hold!(), "AND t.letter > $1 ORDER BY t.letter LIMIT $2");

async fn page(tx: &mut Tx, after: &str, limit: u32) -> Result<Vec<TrainingLabel>, Fault> {
    let limit = i64::from(limit.min(ROWS_AT_MOST));
    let rows = tx.query(PAGE, &[after.into(), limit.into()]).await?;
    let one =
        |row: &Row| Ok(TrainingLabel { label: label(row)?, received_at: Timestamp(row.int(6)?) });
    rows.iter().map(one).collect()
}

/// A label as [`labels_that_hold`] selects it.
pub(crate) fn label(row: &Row) -> Result<Label, Fault> {
    Ok(Label {
        letter: letter_id(row.text(0)?)?,
        raw_id: RawId(row.text(1)?),
        mailbox: mailbox_id(row.text(2)?)?,
        by: row.text(3)?,
        at: Timestamp(row.int(4)?),
        source: row.text(5)?,
    })
}
