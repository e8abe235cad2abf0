//! Lists and counts: letters, labels, the tally.

use postbud_decide::MailboxId;
use postbud_letter::{Channel, LetterId};
use postbud_pipeline::ports::{Filter, LetterRow, RawId, State, Tally, Timestamp};

use crate::sql::{Fault, Row, Tx, Value};
use crate::training::{label, labels_that_hold};

/// A list holds at most so many rows, whatever is asked for; `offset` gets at the others.
pub(crate) const ROWS_AT_MOST: u32 = 100_000;

/// What a person said about a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The letter.
    pub letter: LetterId,
    /// Its raw bytes.
    pub raw_id: RawId,
    /// Where it belongs.
    pub mailbox: MailboxId,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// How they came to say so: a word of `LabelSource`.
    pub source: String,
}

/// Is the letter `t` a request for access? Its first decision says so; 1 or 0.
macro_rules! asks_for_access {
    () => {
        "(SELECT COUNT(*) FROM decisions AS a WHERE a.letter = t.id AND a.seq = 1
          AND a.body LIKE '%\"access\":{%')"
    };
}
pub(crate) use asks_for_access;

/// The columns of `letters AS t` that [`letter_row`] reads. What a caller wants besides comes behind
/// them, from [`ROW_COLUMNS`] on.
macro_rules! row_columns {
    () => {
        concat!(
            "t.id, t.state, t.channel, t.subject, t.received_at, t.mailbox, t.probability, ",
            crate::list::asks_for_access!()
        )
    };
}
pub(crate) use row_columns;

/// How many columns `row_columns!` has.
pub(crate) const ROW_COLUMNS: usize = 8;

pub(crate) async fn letters(tx: &mut Tx, filter: &Filter) -> Result<Vec<LetterRow>, Fault> {
    let limit = i64::from(filter.limit.min(ROWS_AT_MOST));
    let from = filter.from.map_or(i64::MIN, |at| at.0);
    let until = filter.until.map_or(i64::MAX, |at| at.0);
    let mut args: Vec<Value> =
        vec![limit.into(), i64::from(filter.offset).into(), from.into(), until.into()];
    let which = match (&filter.mailbox, filter.state) {
        (None, None) => "",
        (None, Some(_)) => "t.state = $5 AND",
        (Some(_), None) => "t.mailbox = $5 AND",
        (Some(_), Some(_)) => "t.mailbox = $5 AND t.state = $6 AND",
    };
    let order =
        if filter.newest_first { "t.received_at DESC, t.id DESC" } else { "t.received_at, t.id" };
    let sql = format!(
        "SELECT {} FROM letters AS t WHERE {which} t.received_at >= $3 AND t.received_at < $4
         ORDER BY {order} LIMIT $1 OFFSET $2",
        row_columns!()
    );
    args.extend(filter.mailbox.iter().map(|mailbox| Value::from(mailbox.as_str())));
    args.extend(filter.state.iter().map(|state| Value::from(state.as_str())));
    tx.query(&sql, &args).await?.iter().map(letter_row).collect()
}

/// A letter as `row_columns!` selects it.
pub(crate) fn letter_row(row: &Row) -> Result<LetterRow, Fault> {
    let received_at = row.int(4)?;
    let due_at = (row.int(7)? > 0).then(|| postbud_decide::due_at(received_at)).flatten();
    Ok(LetterRow {
        letter: letter_id(row.text(0)?)?,
        state: state_of(&row.text(1)?)?,
        channel: channel_of(&row.text(2)?)?,
        subject: row.text(3)?,
        received_at: Timestamp(received_at),
        mailbox: row.text_or_null(5)?.map(mailbox_id).transpose()?,
        probability: row.real_or_null(6)?,
        due_at: due_at.map(Timestamp),
    })
}

pub(crate) fn letter_id(text: String) -> Result<LetterId, Fault> {
    LetterId::try_from(text).map_err(|_| Fault::Incompatible("a letter id".to_owned()))
}

pub(crate) fn mailbox_id(text: String) -> Result<MailboxId, Fault> {
    MailboxId::try_from(text).map_err(|_| Fault::Incompatible("a mailbox id".to_owned()))
}

pub(crate) fn state_of(text: &str) -> Result<State, Fault> {
    State::parse(text).ok_or_else(|| Fault::Incompatible(format!("a letter in the state {text}")))
}

fn channel_of(text: &str) -> Result<Channel, Fault> {
    [Channel::DigitalPost, Channel::Email, Channel::Unknown]
        .into_iter()
        .find(|channel| channel.as_str() == text)
        .ok_or_else(|| Fault::Incompatible(format!("a letter that came by {text}")))
}

const LABELS: &str = concat!(labels_that_hold!(), "ORDER BY t.at, t.letter LIMIT $1 OFFSET $2");

pub(crate) async fn labels(tx: &mut Tx, limit: u32, offset: u32) -> Result<Vec<Label>, Fault> {
    let limit = i64::from(limit.min(ROWS_AT_MOST));
    let rows = tx.query(LABELS, &[limit.into(), i64::from(offset).into()]).await?;
    rows.iter().map(label).collect()
}

pub(crate) async fn tally(tx: &mut Tx) -> Result<Tally, Fault> {
    let mut tally = Tally::default();
    for row in tx.query("SELECT state, COUNT(*) FROM letters GROUP BY state", &[]).await? {
        let count = row.count(1)?;
        tally.received += count;
        match state_of(&row.text(0)?)? {
            State::Routed => tally.routed = count,
            State::Delivered => tally.delivered = count,
            State::Review => tally.review = count,
            State::Quarantined => tally.quarantined = count,
        }
    }
    Ok(tally)
}
