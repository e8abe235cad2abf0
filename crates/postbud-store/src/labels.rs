//! What people say about letters: written, withdrawn, listed.

use std::time::Duration;

use async_trait::async_trait;
use postbud_letter::LetterId;
use postbud_pipeline::ports::{
    Assignment, LabelError, LabelFilter, LabelRow, LabelSource, Labels, NewLabel, StoreError,
    Timestamp, WHY_CHARS, Withdrawal, is_person,
};

use crate::assign;
use crate::list::{ROWS_AT_MOST, letter_id, mailbox_id};
use crate::sql::{Fault, Row, Tx, Value};
use crate::store::{SqlStore, read, write};

#[async_trait]
impl Labels for SqlStore {
    async fn assign_from(
        &self,
        assignment: &Assignment,
        source: LabelSource,
    ) -> Result<(), LabelError> {
        person(&assignment.by)?;
        write!(self, "assigning a letter", Duration::ZERO,
            tx => assign::assign(tx, assignment, source))?;
        Ok(())
    }

    async fn add_label(&self, label: &NewLabel) -> Result<u32, LabelError> {
        person(&label.by)?;
        let number = write!(self, "writing a label", Duration::ZERO, tx => async {
            lock(tx, &label.letter).await?;
            insert(tx, label).await
        })?;
        Ok(number)
    }

    async fn withdraw_label(
        &self,
        letter: &LetterId,
        number: Option<u32>,
        withdrawal: &Withdrawal,
    ) -> Result<u32, LabelError> {
        person(&withdrawal.by)?;
        let why = withdrawal.why.trim();
        if why.is_empty() || why.chars().count() > WHY_CHARS || why.chars().any(char::is_control) {
            return Err(LabelError::NoReason);
        }
        let withdrawn = write!(self, "withdrawing a label", Duration::ZERO, tx => async {
            lock(tx, letter).await?;
            withdraw(tx, letter, number, withdrawal).await
        })?;
        withdrawn.ok_or_else(|| LabelError::NoLabel { letter: letter.clone() })
    }

    async fn label_rows(&self, filter: &LabelFilter) -> Result<Vec<LabelRow>, LabelError> {
        Ok(read!(self, "listing labels", tx => rows(tx, filter))?)
    }
}

fn person(name: &str) -> Result<(), LabelError> {
    is_person(name).then_some(()).ok_or(LabelError::NotAPerson)
}

/// Locks a letter's row, so that the numbers of its labels are free; refuses one that is not there.
pub(crate) async fn lock(tx: &mut Tx, letter: &LetterId) -> Result<(), Fault> {
    const LOCK: &str = "SELECT t.id FROM letters AS t WHERE t.id = $1 {lock}";
    let found = tx.query(LOCK, &[letter.as_str().into()]).await?;
    if found.is_empty() {
        return Err(StoreError::UnknownLetter(letter.to_string()).into());
    }
    Ok(())
}

/// Adds a label to a letter whose row is locked.
pub(crate) async fn insert(tx: &mut Tx, label: &NewLabel) -> Result<u32, Fault> {
    let letter = label.letter.as_str();
    let found = tx.query("SELECT MAX(n) FROM labels WHERE letter = $1", &[letter.into()]).await?;
    let highest = found.first().map(|row| row.int_or_null(0)).transpose()?.flatten();
    let n = highest.unwrap_or_default() + 1;
    tx.execute(
        "INSERT INTO labels (letter, n, mailbox, who, at, source)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            letter.into(),
            n.into(),
            label.mailbox.as_str().into(),
            label.by.trim().into(),
            label.at.0.into(),
            label.source.as_str().into(),
        ],
    )
    .await?;
    number_of(n)
}

async fn withdraw(
    tx: &mut Tx,
    letter: &LetterId,
    number: Option<u32>,
    withdrawal: &Withdrawal,
) -> Result<Option<u32>, Fault> {
    const HOLDING: &str = "
        SELECT n FROM labels WHERE letter = $1 AND withdrawn_at IS NULL ORDER BY n DESC LIMIT 1";
    const GIVEN: &str = "
        SELECT n FROM labels WHERE letter = $1 AND withdrawn_at IS NULL AND n = $2";
    let id = Value::from(letter.as_str());
    let found = match number {
        None => tx.query(HOLDING, std::slice::from_ref(&id)).await?,
        Some(number) => tx.query(GIVEN, &[id.clone(), i64::from(number).into()]).await?,
    };
    let Some(row) = found.first() else {
        return Ok(None);
    };
    let n = row.int(0)?;
    tx.execute(
        "UPDATE labels SET withdrawn_at = $1, withdrawn_by = $2, withdrawn_why = $3
         WHERE letter = $4 AND n = $5",
        &[
            withdrawal.at.0.into(),
            withdrawal.by.trim().into(),
            withdrawal.why.trim().into(),
            id,
            n.into(),
        ],
    )
    .await?;
    number_of(n).map(Some)
}

pub(crate) const ROWS: &str = "
    SELECT t.letter, t.n, t.mailbox, t.who, t.at, t.source, t.withdrawn_at, t.withdrawn_by,
           t.withdrawn_why,
           CASE WHEN t.withdrawn_at IS NULL AND NOT EXISTS (
               SELECT 1 FROM labels AS u
               WHERE u.letter = t.letter AND u.n > t.n AND u.withdrawn_at IS NULL)
           THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END
    FROM labels AS t";

/// Two labels for different mailboxes, by different people, and neither is withdrawn.
pub(crate) const DISPUTED: &str = "EXISTS (
    SELECT 1 FROM labels AS a JOIN labels AS b ON b.letter = a.letter
    WHERE a.letter = t.letter AND a.mailbox <> b.mailbox AND a.who <> b.who
      AND a.withdrawn_at IS NULL AND b.withdrawn_at IS NULL)";

async fn rows(tx: &mut Tx, filter: &LabelFilter) -> Result<Vec<LabelRow>, Fault> {
    let limit = i64::from(filter.limit.min(ROWS_AT_MOST));
    let mut args: Vec<Value> = vec![limit.into(), i64::from(filter.offset).into()];
    let mut conditions = Vec::new();
    let texts = [
        ("t.letter", filter.letter.as_ref().map(LetterId::as_str)),
        ("t.mailbox", filter.mailbox.as_ref().map(postbud_decide::MailboxId::as_str)),
        ("t.source", filter.source.map(LabelSource::as_str)),
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
    let condition = if conditions.is_empty() {
        String::new()
    } else {
        format!(" WHERE {}", conditions.join(" AND "))
    };
    let sql = format!("{ROWS}{condition} ORDER BY t.at, t.letter, t.n LIMIT $1 OFFSET $2");
    tx.query(&sql, &args).await?.iter().map(label_row).collect()
}

pub(crate) fn label_row(row: &Row) -> Result<LabelRow, Fault> {
    let withdrawn = match row.int_or_null(6)? {
        None => None,
        Some(at) => Some(Withdrawal { at: Timestamp(at), by: row.text(7)?, why: row.text(8)? }),
    };
    Ok(LabelRow {
        letter: letter_id(row.text(0)?)?,
        number: number_of(row.int(1)?)?,
        mailbox: mailbox_id(row.text(2)?)?,
        by: row.text(3)?,
        at: Timestamp(row.int(4)?),
        source: source_of(&row.text(5)?)?,
        withdrawn,
        holds: row.int(9)? == 1,
    })
}

pub(crate) fn source_of(text: &str) -> Result<LabelSource, Fault> {
    LabelSource::parse(text)
        .ok_or_else(|| Fault::Incompatible(format!("a label that came about by {text}")))
}

fn number_of(n: i64) -> Result<u32, Fault> {
    u32::try_from(n).map_err(|_| Fault::Incompatible(format!("a label with the number {n}")))
}
