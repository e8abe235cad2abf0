//! What became of outgoing letters, and the events that tell of it.

use std::collections::{HashMap, HashSet};

use postbud_decide::Doubt;
use postbud_pipeline::ports::{OutboxOutcome, Timestamp};

use crate::sql::{Fault, Tx, Value};

/// Errors of targets are cut to this length.
const ERROR_CHARS: usize = 500;

/// An outbox row: a letter's id and the sequence number of the decision that sends it.
pub(crate) type Key = (String, i64);

/// The key as targets see it.
pub(crate) fn key_text(letter: &str, seq: i64) -> String {
    format!("{letter}-{seq}")
}

/// The row that a key names; `None` for what is no key of ours.
pub(crate) fn parse_key(text: &str) -> Option<Key> {
    let (letter, seq) = text.rsplit_once('-')?;
    Some((letter.to_owned(), seq.parse().ok()?))
}

/// An event to be added to a letter.
pub(crate) struct NewEvent {
    pub(crate) letter: String,
    pub(crate) at: Timestamp,
    pub(crate) what: &'static str,
    pub(crate) detail: String,
}

const INSERT_EVENTS: &str = "
    INSERT INTO events (letter, n, at, what, who, detail)
    SELECT v.column1,
           COALESCE((SELECT MAX(e.n) FROM events AS e WHERE e.letter = v.column1), 0) + v.column2,
           v.column3, v.column4, 'postbud', v.column5
    FROM {rows}";

/// Adds events. The caller has the letters' rows locked, so their numbers are free.
pub(crate) async fn add_events(tx: &mut Tx, events: &[NewEvent]) -> Result<(), Fault> {
    let mut count: HashMap<&str, i64> = HashMap::new();
    let rows: Vec<[Value; 5]> = events
        .iter()
        .map(|event| {
            let n = count.entry(&event.letter).and_modify(|n| *n += 1).or_insert(1);
            let letter = event.letter.as_str();
            [letter.into(), (*n).into(), event.at.0.into(), event.what.into(), cut(&event.detail)]
        })
        .collect();
    tx.execute_rows(INSERT_EVENTS, &[], &rows).await?;
    Ok(())
}

fn cut(error: &str) -> Value {
    error.chars().take(ERROR_CHARS).collect::<String>().as_str().into()
}

const LOCK_PENDING: &str = "
    SELECT t.letter, t.seq, t.mailbox, COALESCE(t.owner, '')
    FROM {rows} JOIN outbox AS t ON t.letter = v.column1 AND t.seq = v.column2
    WHERE t.state = 'pending' ORDER BY t.letter, t.seq {lock}";

const DONE: &str = "
    UPDATE outbox AS t SET state = 'done', last_error = NULL FROM {rows}
    WHERE t.letter = v.column1 AND t.seq = v.column2";

const AGAIN: &str = "
    UPDATE outbox AS t
    SET attempts = t.attempts + 1, due_at = v.column3, last_error = v.column4, owner = NULL
    FROM {rows} WHERE t.letter = v.column1 AND t.seq = v.column2";

const RELEASE: &str = "
    UPDATE outbox AS t SET due_at = $1, owner = NULL FROM {rows}
    WHERE t.letter = v.column1 AND t.seq = v.column2";

const FAILED: &str = "
    UPDATE outbox AS t SET attempts = t.attempts + 1, state = 'failed', last_error = v.column3
    FROM {rows} WHERE t.letter = v.column1 AND t.seq = v.column2";

/// A letter is delivered when nothing of it is on its way any more. Asked like this and not as
/// `state = 'pending'`, which would lead to the index of all pending rows instead of the letter's.
const DELIVERED: &str = "
    UPDATE letters AS t SET state = 'delivered' FROM {rows}
    WHERE t.id = v.column1 AND t.state = 'routed' AND NOT EXISTS (
        SELECT 1 FROM outbox AS o WHERE o.letter = t.id AND o.state NOT IN ('done', 'failed'))";

const TO_REVIEW: &str = "
    UPDATE letters AS t SET state = 'review', waits_for = 'delivery-failed' FROM {rows}
    WHERE t.id = v.column1 AND t.state = 'routed'";

/// Outcomes sorted by kind, each for a row that is still pending.
#[derive(Default)]
struct Sorted {
    done: Vec<(Key, String)>,
    again: Vec<(Key, Timestamp, String)>,
    released: Vec<(Key, String)>,
    failed: Vec<(Key, String)>,
}

/// Records the outcomes. What names no pending row is left out: a worker whose lease had expired
/// may tell the same again. A delivery has happened, whoever tells of it; any other outcome of a
/// worker whose row is somebody else's by now would take the row out of that one's hands.
pub(crate) async fn settle(
    tx: &mut Tx,
    owner: &str,
    outcomes: &[(String, OutboxOutcome)],
    now: Timestamp,
) -> Result<(), Fault> {
    let keys: Vec<[Value; 2]> = outcomes
        .iter()
        .filter_map(|(key, _)| parse_key(key))
        .map(|(letter, seq)| [letter.as_str().into(), seq.into()])
        .collect();
    let mut pending: HashMap<Key, (String, bool)> = HashMap::new();
    for row in tx.query_rows(LOCK_PENDING, &[], &keys).await? {
        let holder = row.text(3)?;
        let ours = holder.is_empty() || holder == owner;
        pending.insert((row.text(0)?, row.int(1)?), (row.text(2)?, ours));
    }
    let mut sorted = Sorted::default();
    for (text, outcome) in outcomes {
        let Some((key, (mailbox, ours))) =
            parse_key(text).and_then(|key| pending.remove_entry(&key))
        else {
            continue;
        };
        match outcome {
            _ if !ours && !matches!(outcome, OutboxOutcome::Delivered) => {}
            OutboxOutcome::Delivered => sorted.done.push((key, mailbox)),
            OutboxOutcome::Again { at, error } => sorted.again.push((key, *at, error.clone())),
            OutboxOutcome::Release => sorted.released.push((key, mailbox)),
            OutboxOutcome::GivenUp { doubt } => sorted.failed.push((key, doubt_text(doubt))),
        }
    }
    delivered(tx, &sorted.done, now).await?;
    let again: Vec<[Value; 4]> = sorted
        .again
        .iter()
        .map(|((letter, seq), at, error)| {
            [letter.as_str().into(), (*seq).into(), at.0.into(), cut(error)]
        })
        .collect();
    tx.execute_rows(AGAIN, &[], &again).await?;
    tx.execute_rows(RELEASE, &[now.0.into()], &keys_of(&sorted.released)).await?;
    give_up(tx, &sorted.failed, now).await
}

/// What a person sees of why a letter could not be delivered.
fn doubt_text(doubt: &Doubt) -> String {
    match doubt {
        Doubt::DeliveryFailed { error } => error.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

async fn delivered(tx: &mut Tx, done: &[(Key, String)], now: Timestamp) -> Result<(), Fault> {
    tx.execute_rows(DONE, &[], &keys_of(done)).await?;
    tx.execute_rows(DELIVERED, &[], &letters(done)).await?;
    let events: Vec<NewEvent> = done
        .iter()
        .map(|((letter, _), mailbox)| NewEvent {
            letter: letter.clone(),
            at: now,
            what: "delivered",
            detail: mailbox.clone(),
        })
        .collect();
    add_events(tx, &events).await
}

/// Takes rows out of the outbox for good; their letters wait for a person, who sees the error.
pub(crate) async fn give_up(
    tx: &mut Tx,
    failed: &[(Key, String)],
    now: Timestamp,
) -> Result<(), Fault> {
    let rows: Vec<[Value; 3]> = failed
        .iter()
        .map(|((letter, seq), error)| [letter.as_str().into(), (*seq).into(), cut(error)])
        .collect();
    tx.execute_rows(FAILED, &[], &rows).await?;
    tx.execute_rows(TO_REVIEW, &[], &letters(failed)).await?;
    let events: Vec<NewEvent> = failed
        .iter()
        .map(|((letter, _), error)| NewEvent {
            letter: letter.clone(),
            at: now,
            what: "delivery-failed",
            detail: error.clone(),
        })
        .collect();
    add_events(tx, &events).await
}

fn keys_of(rows: &[(Key, String)]) -> Vec<[Value; 2]> {
    rows.iter().map(|((letter, seq), _)| [letter.as_str().into(), (*seq).into()]).collect()
}

/// The letters of outbox rows, each once.
fn letters(rows: &[(Key, String)]) -> Vec<[Value; 1]> {
    let mut seen = HashSet::new();
    rows.iter()
        .filter(|((letter, _), _)| seen.insert(letter.as_str()))
        .map(|((letter, _), _)| [letter.as_str().into()])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_row_whatever_the_letter_is_called() {
        for letter in ["a", "a-1", "sha-0123~89abcdef", "-"] {
            assert_eq!(parse_key(&key_text(letter, 12)), Some((letter.to_owned(), 12)));
        }
        assert_eq!(parse_key("no key"), None);
        assert_eq!(parse_key("a-b"), None);
    }
}
