//! Figures for metrics and alarms.

use async_trait::async_trait;
use postbud_decide::{Decision, ModelId, Reason};
use postbud_pipeline::ports::{
    BlindSample, Guess, LabelSource, Measured, Measures, OutboxFigures, StoreError, Timestamp,
    WaitingGroup,
};

use crate::desk::figures;
use crate::list::{asks_for_access, mailbox_id, tally};
use crate::sql::{Fault, Row, Tx};
use crate::store::{SqlStore, read};

/// Guesses are read in one go; more than this are none's business.
const GUESSES_AT_MOST: u32 = 10_000;

#[async_trait]
impl Measures for SqlStore {
    async fn ping(&self) -> Result<(), StoreError> {
        read!(self, "asking for a sign of life", tx => ping(tx))
    }

    async fn measure(&self, blind_since: Timestamp) -> Result<Measured, StoreError> {
        read!(self, "counting for metrics", tx => measure(tx, blind_since))
    }

    async fn blind(&self, model: &ModelId, since: Timestamp) -> Result<BlindSample, StoreError> {
        read!(self, "counting the blind sample", tx => blind(tx, Some(model), since))
    }

    async fn guesses(&self, model: &ModelId, limit: u32) -> Result<Vec<Guess>, StoreError> {
        read!(self, "reading the model's guesses", tx => guesses(tx, model, limit))
    }
}

async fn ping(tx: &mut Tx) -> Result<(), Fault> {
    tx.query("SELECT value FROM meta LIMIT 1", &[]).await.map(drop)
}

async fn measure(tx: &mut Tx, blind_since: Timestamp) -> Result<Measured, Fault> {
    Ok(Measured {
        tally: tally(tx).await?,
        waiting: waiting(tx).await?,
        outbox: outbox(tx).await?,
        figures: figures(tx).await?,
        labels: labels(tx).await?,
        blind: blind(tx, None, blind_since).await?,
        access_requests: access_requests(tx).await?,
    })
}

async fn waiting(tx: &mut Tx) -> Result<Vec<WaitingGroup>, Fault> {
    const WAITING: &str = "
        SELECT urgent, mailbox, COUNT(*), MIN(received_at) FROM letters
        WHERE state = 'review' GROUP BY urgent, mailbox ORDER BY urgent, mailbox";
    let group = |row: &Row| {
        Ok(WaitingGroup {
            urgent: row.int(0)? == 1,
            mailbox: row.text_or_null(1)?.map(mailbox_id).transpose()?,
            letters: row.count(2)?,
            oldest: Timestamp(row.int(3)?),
        })
    };
    tx.query(WAITING, &[]).await?.iter().map(group).collect()
}

/// When the requests for access that wait for a person were received.
async fn access_requests(tx: &mut Tx) -> Result<Vec<Timestamp>, Fault> {
    const WAITING: &str = concat!(
        "SELECT t.received_at FROM letters AS t WHERE t.state IN ('review', 'quarantined') AND ",
        asks_for_access!(),
        " > 0 ORDER BY t.received_at LIMIT $1"
    );
    let rows = tx.query(WAITING, &[i64::from(GUESSES_AT_MOST).into()]).await?;
    rows.iter().map(|row| row.int(0).map(Timestamp)).collect()
}

async fn outbox(tx: &mut Tx) -> Result<OutboxFigures, Fault> {
    const PENDING: &str = "
        SELECT COUNT(*), COUNT(CASE WHEN t.attempts > 0 THEN 1 END), MIN(d.at)
        FROM outbox AS t JOIN decisions AS d ON d.letter = t.letter AND d.seq = t.seq
        WHERE t.state = 'pending'";
    let rows = tx.query(PENDING, &[]).await?;
    let Some(row) = rows.first() else {
        return Ok(OutboxFigures::default());
    };
    Ok(OutboxFigures {
        pending: row.count(0)?,
        retrying: row.count(1)?,
        oldest: row.int_or_null(2)?.map(Timestamp),
    })
}

async fn labels(tx: &mut Tx) -> Result<Vec<(LabelSource, u64)>, Fault> {
    const LABELS: &str = "
        SELECT t.source, COUNT(*) FROM labels AS t
        WHERE t.withdrawn_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM labels AS u
            WHERE u.letter = t.letter AND u.n > t.n AND u.withdrawn_at IS NULL)
        GROUP BY t.source ORDER BY t.source";
    let mut labels = Vec::new();
    for row in tx.query(LABELS, &[]).await? {
        // What a newer version adds to the words is not an error of the figures.
        if let Some(source) = LabelSource::parse(&row.text(0)?) {
            labels.push((source, row.count(1)?));
        }
    }
    Ok(labels)
}

/// A letter counts when a person answered blind; what it is compared with is the label that holds,
/// since a blind answer can be corrected too. Only what the model alone sent on is part of it: the
/// promise is about those letters.
async fn blind(
    tx: &mut Tx,
    model: Option<&ModelId>,
    since: Timestamp,
) -> Result<BlindSample, Fault> {
    const BLIND: &str = r#"
        SELECT COUNT(*), COUNT(CASE WHEN t.mailbox <> o.mailbox THEN 1 END)
        FROM labels AS t
        JOIN outbox AS o ON o.letter = t.letter AND o.seq = 1
        JOIN decisions AS d ON d.letter = t.letter AND d.seq = 1
        WHERE t.withdrawn_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM labels AS u
              WHERE u.letter = t.letter AND u.n > t.n AND u.withdrawn_at IS NULL)
          AND EXISTS (SELECT 1 FROM labels AS b
              WHERE b.letter = t.letter AND b.source = 'blind-sample'
                AND b.withdrawn_at IS NULL AND b.at >= $1)
          AND d.body LIKE '%"step":"model"%'
          AND d.body LIKE $2 ESCAPE '!'"#;
    // The model as it stands in the decision; without one, every decision fits.
    let named = model.map_or_else(
        || "%".to_owned(),
        |model| {
            let id = model.0.replace('!', "!!").replace('%', "!%").replace('_', "!_");
            format!("%\"model\":\"{id}\"%")
        },
    );
    let rows = tx.query(BLIND, &[since.0.into(), named.as_str().into()]).await?;
    let Some(row) = rows.first() else {
        return Ok(BlindSample::default());
    };
    Ok(BlindSample { letters: row.count(0)?, errors: row.count(1)? })
}

async fn guesses(tx: &mut Tx, model: &ModelId, limit: u32) -> Result<Vec<Guess>, Fault> {
    const GUESSES: &str = "
        SELECT d.body FROM letters AS t JOIN decisions AS d ON d.letter = t.id AND d.seq = 1
        WHERE t.probability IS NOT NULL ORDER BY t.received_at DESC, t.id LIMIT $1";
    let limit = i64::from(limit.min(GUESSES_AT_MOST));
    let mut guesses = Vec::new();
    for row in tx.query(GUESSES, &[limit.into()]).await? {
        let decision: Decision = serde_json::from_str(&row.text(0)?)
            .map_err(|_| Fault::Incompatible("a decision in another form".to_owned()))?;
        let asked = match &decision.reason {
            Reason::Model { model, .. } => Some(model),
            Reason::Person { model, .. } => model.as_ref(),
            _ => None,
        };
        if let Some(first) = decision.suggestions.first().filter(|_| asked == Some(model)) {
            let (mailbox, probability) = (first.mailbox.clone(), first.probability);
            guesses.push(Guess { mailbox, probability, text: decision.text });
        }
    }
    Ok(guesses)
}
