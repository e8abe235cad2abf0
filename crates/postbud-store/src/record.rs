//! Letters with their decisions, all or none.

use std::collections::{BTreeMap, HashMap, HashSet};

use postbud_decide::{Decision, Doubt, Outcome, Reason};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{Entry, Recorded, State};

use crate::raw::{self, Raw};
use crate::settle::{self, NewEvent};
use crate::shadow;
use crate::sql::{Fault, Tx, Value};
use crate::vault::Vault;
use crate::waits_for::waits_for;

/// Subjects are for lists.
pub(crate) const SUBJECT_CHARS: usize = 256;

/// How many digits of its raw id a clashing letter gets behind its id: more when those are taken.
const CLASH_DIGITS: [usize; 3] = [8, 16, 32];

/// Longest letter id, so that `~` and the digits still fit.
const ID_CHARS: usize = 80;

/// An entry with its decision as it will be stored.
pub(crate) struct Prepared<'a> {
    entry: &'a Entry,
    decision: String,
}

/// What can be done before a transaction is open. Refuses what could not be read back.
pub(crate) fn prepare(batch: &[Entry]) -> Result<Vec<Prepared<'_>>, Fault> {
    batch
        .iter()
        .map(|entry| Ok(Prepared { entry, decision: decision_text(&entry.decision)? }))
        .collect()
}

/// A decision as JSON. Numbers that JSON does not know (NaN) would come back as something else.
pub(crate) fn decision_text(decision: &Decision) -> Result<String, Fault> {
    let refused = |_| Fault::Data(format!("decision {} is not valid JSON", decision.id));
    let text = serde_json::to_string(decision).map_err(refused)?;
    serde_json::from_str::<Decision>(&text).map_err(refused)?;
    Ok(text)
}

const INSERT_LETTERS: &str = "
    INSERT INTO letters (id, state, channel, subject, received_at, raw_id, size, mailbox, probability,
                         urgent, waits_for, language)
    SELECT v.column1, v.column2, v.column3, v.column4, v.column5, v.column6, v.column7, v.column8,
           v.column9, v.column10, v.column11, v.column12
    FROM {rows} WHERE true
    ON CONFLICT (id) DO NOTHING RETURNING id";

const STORED_RAW_IDS: &str = "
    SELECT t.id, t.raw_id FROM {rows} JOIN letters AS t ON t.id = v.column1";

const INSERT_DECISIONS: &str = "
    INSERT INTO decisions (letter, seq, id, at, who, body)
    SELECT v.column1, v.column2, v.column3, v.column4, v.column5, v.column6 FROM {rows}";

const INSERT_OUTBOX: &str = "
    INSERT INTO outbox (letter, seq, mailbox, state, attempts, due_at)
    SELECT v.column1, v.column2, v.column3, 'pending', 0, v.column4 FROM {rows}";

/// A letter to be inserted, under the id it gets.
struct NewLetter<'a> {
    id: String,
    state: State,
    prepared: &'a Prepared<'a>,
}

/// Records the batch; with `shadows`, also what the challenger said of its letters.
pub(crate) async fn record(
    tx: &mut Tx,
    vault: &Vault,
    batch: &[Prepared<'_>],
    shadows: bool,
) -> Result<Vec<Recorded>, Fault> {
    // The first entry of each id, in the order of the ids: whoever else inserts some of them waits
    // for us or we for them, never both.
    let mut first: BTreeMap<&LetterId, usize> = BTreeMap::new();
    for (index, prepared) in batch.iter().enumerate() {
        first.entry(&prepared.entry.letter).or_insert(index);
    }
    let candidates: Vec<NewLetter<'_>> = first
        .values()
        .filter_map(|index| batch.get(*index))
        .map(|prepared| NewLetter {
            id: prepared.entry.letter.as_str().to_owned(),
            state: state_of(&prepared.entry.decision),
            prepared,
        })
        .collect();
    let inserted = insert_letters(tx, &candidates).await?;
    let stored = stored_raw_ids(tx, &candidates, &inserted).await?;
    let mut answers = Vec::with_capacity(batch.len());
    let mut clashes = Vec::new();
    for (index, prepared) in batch.iter().enumerate() {
        let entry = prepared.entry;
        let id = entry.letter.as_str();
        answers.push(if inserted.contains(id) && first.get(&entry.letter) == Some(&index) {
            Recorded::New
        } else if stored.get(id).is_some_and(|raw_id| *raw_id == entry.raw_id.0) {
            Recorded::Known
        } else {
            clashes.push(index);
            Recorded::Clash
        });
    }
    let mut new: Vec<NewLetter<'_>> =
        candidates.into_iter().filter(|letter| inserted.contains(&letter.id)).collect();
    let quarantined = record_clashes(tx, batch, &clashes, &mut answers).await?;
    let mut events = quarantine_events(&quarantined);
    events.extend(infected_events(&new));
    new.extend(quarantined);
    write_rest(tx, vault, &new).await?;
    if shadows {
        let judged = new.iter().filter(|letter| letter.state != State::Quarantined);
        shadow::put(tx, judged.map(|new| (new.id.as_str(), new.prepared.entry))).await?;
    }
    settle::add_events(tx, &events).await?;
    Ok(answers)
}

/// Inserts the letters whose id is free; returns the ids of those.
async fn insert_letters(tx: &mut Tx, letters: &[NewLetter<'_>]) -> Result<HashSet<String>, Fault> {
    let rows: Vec<[Value; 12]> = letters.iter().map(letter_row).collect();
    let inserted = tx.query_rows(INSERT_LETTERS, &[], &rows).await?;
    inserted.iter().map(|row| row.text(0)).collect()
}

fn letter_row(letter: &NewLetter<'_>) -> [Value; 12] {
    let entry = letter.prepared.entry;
    let suggested = entry.decision.suggestions.first();
    let mailbox = match &entry.decision.outcome {
        Outcome::Route { mailbox } => Some(mailbox.as_str()),
        Outcome::Review => suggested.map(|suggestion| suggestion.mailbox.as_str()),
    };
    let subject: String = entry.subject.chars().take(SUBJECT_CHARS).collect();
    let (why, language) = waits_for(&entry.decision);
    [
        letter.id.as_str().into(),
        letter.state.as_str().into(),
        entry.channel.as_str().into(),
        subject.as_str().into(),
        entry.received_at.0.into(),
        entry.raw_id.0.as_str().into(),
        entry.raw.len().into(),
        mailbox.into(),
        suggested.map(|suggestion| suggestion.probability).into(),
        i64::from(entry.decision.urgent).into(),
        why.into(),
        language.into(),
    ]
}

/// The state in which a letter begins.
fn state_of(decision: &Decision) -> State {
    match decision.outcome {
        Outcome::Route { .. } => State::Routed,
        Outcome::Review if signature(decision).is_some() => State::Quarantined,
        Outcome::Review => State::Review,
    }
}

/// What the malware scanner found.
fn signature(decision: &Decision) -> Option<&str> {
    let Reason::Person { doubts, .. } = &decision.reason else { return None };
    doubts.iter().find_map(|doubt| match doubt {
        Doubt::Infected { signature } => Some(signature.as_str()),
        _ => None,
    })
}

/// The raw ids under which the letters' ids are stored: those just inserted and those before.
async fn stored_raw_ids(
    tx: &mut Tx,
    letters: &[NewLetter<'_>],
    inserted: &HashSet<String>,
) -> Result<HashMap<String, String>, Fault> {
    let mut stored = HashMap::with_capacity(letters.len());
    let mut known: Vec<[Value; 1]> = Vec::new();
    for letter in letters {
        if inserted.contains(&letter.id) {
            stored.insert(letter.id.clone(), letter.prepared.entry.raw_id.0.clone());
        } else {
            known.push([letter.id.as_str().into()]);
        }
    }
    for row in tx.query_rows(STORED_RAW_IDS, &[], &known).await? {
        stored.insert(row.text(0)?, row.text(1)?);
    }
    Ok(stored)
}

/// Quarantines the entries of `batch` at `clashes`, each under an id of its own, and corrects
/// their answers where the same clash was there already.
async fn record_clashes<'a>(
    tx: &mut Tx,
    batch: &'a [Prepared<'a>],
    clashes: &[usize],
    answers: &mut [Recorded],
) -> Result<Vec<NewLetter<'a>>, Fault> {
    let mut quarantined = Vec::new();
    let mut open: Vec<usize> = clashes.to_vec();
    for digits in CLASH_DIGITS {
        let mut first: BTreeMap<String, usize> = BTreeMap::new();
        for index in &open {
            if let Some(prepared) = batch.get(*index) {
                first.entry(clash_id(prepared.entry, digits)).or_insert(*index);
            }
        }
        let candidates: Vec<NewLetter<'a>> = first
            .iter()
            .filter_map(|(id, index)| {
                let prepared = batch.get(*index)?;
                Some(NewLetter { id: id.clone(), state: State::Quarantined, prepared })
            })
            .collect();
        let inserted = insert_letters(tx, &candidates).await?;
        let stored = stored_raw_ids(tx, &candidates, &inserted).await?;
        open.retain(|index| {
            let Some(prepared) = batch.get(*index) else {
                return false;
            };
            let id = clash_id(prepared.entry, digits);
            if inserted.contains(&id) && first.get(&id) == Some(index) {
                return false;
            }
            let same = stored.get(&id) == Some(&prepared.entry.raw_id.0);
            if let Some(answer) = answers.get_mut(*index).filter(|_| same) {
                *answer = Recorded::Known;
            }
            !same
        });
        quarantined.extend(candidates.into_iter().filter(|letter| inserted.contains(&letter.id)));
    }
    match open.first().and_then(|index| batch.get(*index)) {
        None => Ok(quarantined),
        Some(prepared) => Err(Fault::Data(format!(
            "no id is left for another letter called {}",
            prepared.entry.letter
        ))),
    }
}

fn clash_id(entry: &Entry, digits: usize) -> String {
    let id: String = entry.letter.as_str().chars().take(ID_CHARS - 1 - digits).collect();
    let own: String = entry.raw_id.0.chars().take(digits).collect();
    format!("{id}~{own}")
}

fn quarantine_events(quarantined: &[NewLetter<'_>]) -> Vec<NewEvent> {
    quarantined
        .iter()
        .map(|letter| NewEvent {
            letter: letter.id.clone(),
            at: letter.prepared.entry.received_at,
            what: "quarantined",
            detail: format!("another letter is called {}", letter.prepared.entry.letter),
        })
        .collect()
}

fn infected_events(new: &[NewLetter<'_>]) -> Vec<NewEvent> {
    let event = |letter: &NewLetter<'_>| {
        let entry = letter.prepared.entry;
        let signature = signature(&entry.decision)?;
        Some(NewEvent {
            letter: letter.id.clone(),
            at: entry.received_at,
            what: "quarantined",
            detail: format!("malware: {signature}"),
        })
    };
    new.iter().filter_map(event).collect()
}

/// Raw bytes, decisions and outbox rows of letters that have just been inserted.
async fn write_rest(tx: &mut Tx, vault: &Vault, letters: &[NewLetter<'_>]) -> Result<(), Fault> {
    let raws: Vec<Raw<'_>> = letters
        .iter()
        .map(|letter| letter.prepared.entry)
        .map(|Entry { raw_id, raw, received_at, .. }| Raw {
            id: raw_id,
            bytes: raw,
            at: *received_at,
        })
        .collect();
    raw::put(tx, vault, &raws).await?;
    let decisions: Vec<[Value; 6]> = letters
        .iter()
        .map(|letter| {
            let entry = letter.prepared.entry;
            [
                letter.id.as_str().into(),
                1_i64.into(),
                entry.decision.id.as_str().into(),
                entry.received_at.0.into(),
                "postbud".into(),
                letter.prepared.decision.as_str().into(),
            ]
        })
        .collect();
    tx.execute_rows(INSERT_DECISIONS, &[], &decisions).await?;
    let outbox: Vec<[Value; 4]> = letters
        .iter()
        .filter_map(|letter| match &letter.prepared.entry.decision.outcome {
            Outcome::Route { mailbox } if letter.state == State::Routed => {
                let due = letter.prepared.entry.received_at.0.into();
                Some([letter.id.as_str().into(), 1_i64.into(), mailbox.as_str().into(), due])
            }
            _ => None,
        })
        .collect();
    tx.execute_rows(INSERT_OUTBOX, &[], &outbox).await?;
    Ok(())
}
