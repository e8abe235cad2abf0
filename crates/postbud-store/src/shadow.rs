//! Champion and challenger side by side: written with the letters, read back in counts.

use async_trait::async_trait;
use postbud_decide::{Decision, ModelId, Reason};
use postbud_pipeline::ports::{
    Entry, ShadowCounts, ShadowDifference, ShadowLabelled, ShadowRun, Shadows, StoreError,
    Timestamp,
};

use crate::list::{ROWS_AT_MOST, mailbox_id};
use crate::sql::{Fault, Row, Tx, Value};
use crate::store::{SqlStore, read};

/// A longer name is none of a model.
const MODEL_CHARS: usize = 256;

const INSERT: &str = "
    INSERT INTO shadow_decisions (letter, model, at, mailbox, probability, routed,
                                  champion, champion_mailbox, champion_probability, champion_routed)
    SELECT v.column1, v.column2, v.column3, v.column4, v.column5, v.column6,
           v.column7, v.column8, v.column9, v.column10
    FROM {rows} WHERE true ON CONFLICT (letter, model) DO NOTHING";

/// Writes down what the challenger said of letters that have just been inserted, each under the id
/// it got. What it said that no table could hold is left out: the letter goes its way.
pub(crate) async fn put<'a>(
    tx: &mut Tx,
    letters: impl Iterator<Item = (&'a str, &'a Entry)>,
) -> Result<(), Fault> {
    let rows: Vec<[Value; 10]> = letters.filter_map(|(id, entry)| row(id, entry)).collect();
    tx.execute_rows(INSERT, &[], &rows).await?;
    Ok(())
}

fn row(id: &str, entry: &Entry) -> Option<[Value; 10]> {
    let shadow = entry.shadow.as_ref()?;
    let sound = shadow.probability.is_finite() && shadow.model.0.chars().count() <= MODEL_CHARS;
    let decision = &entry.decision;
    let suggested = decision.suggestions.first();
    let champion = asked(decision);
    sound.then(|| {
        [
            id.into(),
            shadow.model.0.as_str().into(),
            entry.received_at.0.into(),
            shadow.mailbox.as_str().into(),
            Some(shadow.probability).into(),
            usize::from(shadow.routed).into(),
            champion.map(|model| model.0.as_str()).into(),
            suggested.map(|suggestion| suggestion.mailbox.as_str()).into(),
            suggested.map(|suggestion| suggestion.probability).into(),
            usize::from(matches!(decision.reason, Reason::Model { .. })).into(),
        ]
    })
}

/// The model that was asked for a decision.
fn asked(decision: &Decision) -> Option<&ModelId> {
    match &decision.reason {
        Reason::Model { model, .. } => Some(model),
        Reason::Person { model, .. } => model.as_ref(),
        Reason::Rule { .. }
        | Reason::Reply { .. }
        | Reason::Kle { .. }
        | Reason::Assigned { .. } => None,
    }
}

const RUNS: &str = "
    SELECT model, champion, COUNT(*), MIN(at), MAX(at) FROM shadow_decisions
    GROUP BY model, champion ORDER BY MAX(at) DESC, COUNT(*) DESC, model LIMIT $1";

async fn runs(tx: &mut Tx, limit: u32) -> Result<Vec<ShadowRun>, Fault> {
    let rows = tx.query(RUNS, &[i64::from(limit.min(ROWS_AT_MOST)).into()]).await?;
    let run = |row: &Row| {
        Ok(ShadowRun {
            challenger: ModelId(row.text(0)?),
            champion: row.text_or_null(1)?.map(ModelId),
            letters: row.count(2)?,
            first: Timestamp(row.int(3)?),
            last: Timestamp(row.int(4)?),
        })
    };
    rows.iter().map(run).collect()
}

/// The letters of a run, `t`, with the label that holds, `l`: the newest that nobody withdrew.
macro_rules! run_with_labels {
    () => {
        "FROM shadow_decisions AS t LEFT JOIN labels AS l
             ON l.letter = t.letter AND l.withdrawn_at IS NULL AND NOT EXISTS (
                 SELECT 1 FROM labels AS newer WHERE newer.letter = l.letter
                     AND newer.n > l.n AND newer.withdrawn_at IS NULL)
         WHERE t.model = $1 AND t.champion = $2 AND t.champion_mailbox IS NOT NULL "
    };
}

/// `COUNT` leaves nulls out, and is a whole number in both databases.
const COUNTS: &str = concat!(
    "SELECT COUNT(*),
        COUNT(CASE WHEN t.mailbox = t.champion_mailbox THEN 1 END),
        COUNT(CASE WHEN t.champion_routed = 1 THEN 1 END),
        COUNT(CASE WHEN t.routed = 1 THEN 1 END),
        COUNT(CASE WHEN t.routed = 1 AND t.champion_routed = 1 THEN 1 END),
        COUNT(CASE WHEN t.routed = 1 AND t.champion_routed = 1
                        AND t.mailbox <> t.champion_mailbox THEN 1 END),
        COUNT(CASE WHEN l.mailbox = t.champion_mailbox AND l.mailbox = t.mailbox THEN 1 END),
        COUNT(CASE WHEN l.mailbox = t.champion_mailbox AND l.mailbox <> t.mailbox THEN 1 END),
        COUNT(CASE WHEN l.mailbox <> t.champion_mailbox AND l.mailbox = t.mailbox THEN 1 END),
        COUNT(CASE WHEN l.mailbox <> t.champion_mailbox AND l.mailbox <> t.mailbox THEN 1 END),
        COUNT(CASE WHEN t.champion_routed = 1 THEN l.mailbox END),
        COUNT(CASE WHEN t.champion_routed = 1 AND l.mailbox <> t.champion_mailbox THEN 1 END),
        COUNT(CASE WHEN t.routed = 1 THEN l.mailbox END),
        COUNT(CASE WHEN t.routed = 1 AND l.mailbox <> t.mailbox THEN 1 END) ",
    run_with_labels!()
);

const DIFFERENCES: &str = concat!(
    "SELECT t.champion_mailbox, t.mailbox, COUNT(*),
        COUNT(CASE WHEN l.mailbox = t.champion_mailbox THEN 1 END),
        COUNT(CASE WHEN l.mailbox = t.mailbox THEN 1 END) ",
    run_with_labels!(),
    "AND t.mailbox <> t.champion_mailbox GROUP BY t.champion_mailbox, t.mailbox
     ORDER BY COUNT(*) DESC, t.champion_mailbox, t.mailbox LIMIT $3"
);

async fn counts(
    tx: &mut Tx,
    champion: &ModelId,
    challenger: &ModelId,
) -> Result<ShadowCounts, Fault> {
    let models = [Value::from(challenger.0.as_str()), champion.0.as_str().into()];
    let found = tx.query(COUNTS, &models).await?;
    let Some(row) = found.first() else {
        return Ok(ShadowCounts::default());
    };
    let [challenger, champion] = models;
    let most = i64::from(ShadowCounts::DIFFERENCES).into();
    let differences = tx.query(DIFFERENCES, &[challenger, champion, most]).await?;
    Ok(ShadowCounts {
        letters: row.count(0)?,
        agree: row.count(1)?,
        champion_routed: row.count(2)?,
        challenger_routed: row.count(3)?,
        both_routed: row.count(4)?,
        both_routed_apart: row.count(5)?,
        labelled: ShadowLabelled {
            both: row.count(6)?,
            only_champion: row.count(7)?,
            only_challenger: row.count(8)?,
            neither: row.count(9)?,
            champion_routed: row.count(10)?,
            champion_routed_wrong: row.count(11)?,
            challenger_routed: row.count(12)?,
            challenger_routed_wrong: row.count(13)?,
        },
        differences: differences.iter().map(difference).collect::<Result<_, _>>()?,
    })
}

fn difference(row: &Row) -> Result<ShadowDifference, Fault> {
    Ok(ShadowDifference {
        champion: mailbox_id(row.text(0)?)?,
        challenger: mailbox_id(row.text(1)?)?,
        letters: row.count(2)?,
        champion_right: row.count(3)?,
        challenger_right: row.count(4)?,
    })
}

#[async_trait]
impl Shadows for SqlStore {
    async fn shadow_runs(&self, limit: u32) -> Result<Vec<ShadowRun>, StoreError> {
        read!(self, "listing shadow runs", tx => runs(tx, limit))
    }

    async fn shadow_counts(
        &self,
        champion: &ModelId,
        challenger: &ModelId,
    ) -> Result<ShadowCounts, StoreError> {
        read!(self, "comparing champion and challenger", tx => counts(tx, champion, challenger))
    }
}
