//! Claims letters that are due to be sent, and keeps them claimed.

use std::collections::HashMap;

use bytes::Bytes;
use postbud_decide::{Decision, MailboxId};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{Body, OutboxItem, RawId, Timestamp};

use crate::raw::CHUNK;
use crate::settle::{self, key_text, parse_key};
use crate::sql::{Fault, Row, Tx, Value};
use crate::vault::{Sealed, Vault};

/// What is due is cut to the limit before anything is joined, so that a backlog costs nothing.
const DUE: &str = "
    SELECT o.letter, o.seq, o.mailbox, o.attempts, d.body, l.raw_id, l.size
    FROM (SELECT t.* FROM outbox AS t
          WHERE t.state = 'pending' AND t.due_at <= $1 {except}
          ORDER BY t.due_at, t.letter LIMIT $2 {take}) AS o
    JOIN letters AS l ON l.id = o.letter
    JOIN decisions AS d ON d.letter = o.letter AND d.seq = o.seq
    ORDER BY o.due_at, o.letter";

const LEASE: &str = "
    UPDATE outbox AS t SET due_at = $1, owner = $2 FROM {rows}
    WHERE t.letter = v.column1 AND t.seq = v.column2";

/// Nobody else has taken them meanwhile: that would have changed the owner.
const PROLONG: &str = "
    UPDATE outbox AS t SET due_at = $1 FROM {rows}
    WHERE t.letter = v.column1 AND t.seq = v.column2 AND t.state = 'pending' AND t.owner = $2
    RETURNING letter, seq";

const SMALL_RAWS: &str = "
    SELECT t.raw_id, t.bytes, t.size, t.data_key FROM {rows} JOIN raws AS t ON t.raw_id = v.column1 AND t.n = 0";

/// A row that is due.
struct Due {
    letter: String,
    seq: i64,
    mailbox: String,
    attempts: u64,
    body: String,
    raw_id: String,
    size: u64,
}

impl Due {
    fn read(row: &Row) -> Result<Self, Fault> {
        Ok(Self {
            letter: row.text(0)?,
            seq: row.int(1)?,
            mailbox: row.text(2)?,
            attempts: row.count(3)?,
            body: row.text(4)?,
            raw_id: row.text(5)?,
            size: row.count(6)?,
        })
    }

    fn is_large(&self) -> bool {
        self.size > CHUNK as u64
    }

    fn item(&self, raw: Body) -> Option<OutboxItem> {
        Some(OutboxItem {
            key: key_text(&self.letter, self.seq),
            letter: LetterId::parse(&self.letter).ok()?,
            raw,
            size: self.size,
            decision: serde_json::from_str::<Decision>(&self.body).ok()?,
            mailbox: MailboxId::parse(&self.mailbox).ok()?,
            attempts: u32::try_from(self.attempts).unwrap_or(u32::MAX),
        })
    }
}

/// For whom and until when rows are claimed.
pub(crate) struct Lease<'a> {
    pub(crate) owner: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
}

/// Claims up to `max` rows that are due, oldest first, but none of the mailboxes `except`. A row that cannot
/// be read would be in the way of all others for ever: its letter goes to a person.
pub(crate) async fn claim(
    tx: &mut Tx,
    vault: &Vault,
    max: u32,
    max_bytes: u64,
    lease: &Lease<'_>,
    except: &[MailboxId],
) -> Result<Vec<OutboxItem>, Fault> {
    let mut args: Vec<Value> = vec![lease.now.0.into(), i64::from(max).into()];
    args.extend(except.iter().map(|mailbox| Value::from(mailbox.as_str())));
    let found = tx.query(&due_text(except.len()), &args).await?;
    let mut due = Vec::with_capacity(found.len());
    let mut bytes = 0_u64;
    for row in &found {
        let next = Due::read(row)?;
        bytes = bytes.saturating_add(next.size);
        if bytes > max_bytes && !due.is_empty() {
            break;
        }
        due.push(next);
    }
    let rows: Vec<[Value; 2]> =
        due.iter().map(|due| [due.letter.as_str().into(), due.seq.into()]).collect();
    tx.execute_rows(LEASE, &[lease.until.0.into(), lease.owner.into()], &rows).await?;
    let raws = read_raws(tx, vault, &due).await?;
    let mut items = Vec::with_capacity(due.len());
    let mut unreadable = Vec::new();
    for due in &due {
        let named = || Body::Stored(RawId(due.raw_id.clone()));
        let small = || raws.get(&due.raw_id).cloned().map(Body::Inline);
        let raw = if due.is_large() { Some(named()) } else { small() };
        match raw.and_then(|raw| due.item(raw)) {
            Some(item) => items.push(item),
            None => unreadable.push((
                (due.letter.clone(), due.seq),
                "what the store has of it cannot be read by this version".to_owned(),
            )),
        }
    }
    settle::give_up(tx, &unreadable, lease.now).await?;
    Ok(items)
}

/// The statement that finds what is due, with room for so many mailboxes to leave out.
fn due_text(except: usize) -> String {
    if except == 0 {
        return DUE.replace("{except}", "");
    }
    let places: Vec<String> = (3..3 + except).map(|n| format!("${n}")).collect();
    DUE.replace("{except}", &format!("AND t.mailbox NOT IN ({})", places.join(", ")))
}

/// Prolongs the leases that are still `owner`'s and returns their keys.
pub(crate) async fn prolong(
    tx: &mut Tx,
    owner: &str,
    keys: &[String],
    until: Timestamp,
) -> Result<Vec<String>, Fault> {
    let mut rows: Vec<settle::Key> = keys.iter().filter_map(|key| parse_key(key)).collect();
    // Always in the same order, so that two workers never wait for each other.
    rows.sort();
    let rows: Vec<[Value; 2]> =
        rows.iter().map(|(letter, seq)| [letter.as_str().into(), (*seq).into()]).collect();
    let held = tx.query_rows(PROLONG, &[until.0.into(), owner.into()], &rows).await?;
    held.iter().map(|row| Ok(key_text(&row.text(0)?, row.int(1)?))).collect()
}

/// The raw bytes of what is due and small. Large ones are read by whoever sends them, one by one.
async fn read_raws(
    tx: &mut Tx,
    vault: &Vault,
    due: &[Due],
) -> Result<HashMap<String, Bytes>, Fault> {
    let small = due.iter().filter(|due| !due.is_large());
    let rows: Vec<[Value; 1]> = small.map(|due| [due.raw_id.as_str().into()]).collect();
    let mut raws = HashMap::with_capacity(due.len());
    for row in tx.query_rows(SMALL_RAWS, &[], &rows).await? {
        let (raw_id, bytes, data_key) = (row.text(0)?, row.bytes(1)?, row.int_or_null(3)?);
        vault.ready(tx, data_key).await?;
        let sealed = Sealed { raw_id: &raw_id, n: 0, size: row.int(2)?, data_key, bytes };
        if let Ok(bytes) = vault.open(sealed) {
            raws.insert(raw_id, bytes);
        }
    }
    Ok(raws)
}
