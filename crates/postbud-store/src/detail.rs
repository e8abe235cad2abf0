//! Everything the store has of one letter.

use postbud_decide::{Decision, Outcome, Reason};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{Event, LetterDetail, RawId, Timestamp};

use crate::list::{ROW_COLUMNS, letter_row, row_columns};
use crate::sql::{Fault, Row, Tx};

const LETTER: &str =
    concat!("SELECT ", row_columns!(), ", t.raw_id FROM letters AS t WHERE t.id = $1");
const DECISIONS: &str = "SELECT at, who, body FROM decisions WHERE letter = $1 ORDER BY seq";
const EVENTS: &str = "SELECT at, what, who, detail FROM events WHERE letter = $1 ORDER BY n";

/// Reads a letter with its decisions and events.
///
/// That it was received and what was decided stands in its own rows already; those events are
/// told from there.
pub(crate) async fn letter(tx: &mut Tx, id: &LetterId) -> Result<Option<LetterDetail>, Fault> {
    let key = [id.as_str().into()];
    let found = tx.query(LETTER, &key).await?;
    let Some(found) = found.first() else {
        return Ok(None);
    };
    let row = letter_row(found)?;
    let mut decisions = Vec::new();
    let mut events = vec![Event {
        at: row.received_at,
        what: "received".to_owned(),
        by: "postbud".to_owned(),
        detail: row.channel.as_str().to_owned(),
    }];
    for found in tx.query(DECISIONS, &key).await? {
        let (decision, event) = decided(&found)?;
        decisions.push(decision);
        events.push(event);
    }
    for found in tx.query(EVENTS, &key).await? {
        events.push(Event {
            at: Timestamp(found.int(0)?),
            what: found.text(1)?,
            by: found.text(2)?,
            detail: found.text(3)?,
        });
    }
    // Stable: what has the same moment stays in the order in which it must have happened.
    events.sort_by_key(|event| (event.at, rank(&event.what)));
    Ok(Some(LetterDetail { row, raw_id: RawId(found.text(ROW_COLUMNS)?), decisions, events }))
}

fn decided(row: &Row) -> Result<(Decision, Event), Fault> {
    let decision: Decision = serde_json::from_str(&row.text(2)?).map_err(|error| {
        // The error says where and what kind, and could repeat a word of the reason.
        Fault::Incompatible(format!("a decision (column {})", error.column()))
    })?;
    let what = match decision.reason {
        Reason::Assigned { .. } => "assigned",
        _ => "decided",
    };
    let detail = match &decision.outcome {
        Outcome::Route { mailbox } => mailbox.as_str(),
        Outcome::Review => "review",
    };
    let event = Event {
        at: Timestamp(row.int(0)?),
        what: what.to_owned(),
        by: row.text(1)?,
        detail: detail.to_owned(),
    };
    Ok((decision, event))
}

/// The order of events of the same millisecond.
fn rank(what: &str) -> u8 {
    match what {
        "received" => 0,
        "quarantined" => 1,
        "decided" => 2,
        "assigned" => 3,
        _ => 4,
    }
}
