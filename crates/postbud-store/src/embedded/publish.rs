//! Puts messages on the queue: their bytes among the raw bytes, and a row for each.

use bytes::Bytes;
use postbud_pipeline::ports::{Body, Message, RawId, Timestamp};

use crate::raw::{self, Raw};
use crate::sql::{Fault, Tx, Value};
use crate::vault::Vault;

/// Names of messages are cut to this length.
const ID_CHARS: usize = 256;

/// A message whose bytes have their name.
pub(super) struct Named {
    id: String,
    raw_id: RawId,
    bytes: Option<Bytes>,
}

impl Named {
    /// Bytes to be written.
    pub(super) fn size(&self) -> usize {
        self.bytes.as_ref().map_or(0, Bytes::len)
    }
}

pub(super) async fn name_all(messages: Vec<Message>) -> Vec<Named> {
    let mut named = Vec::with_capacity(messages.len());
    for Message { body, id } in messages {
        let id = id.chars().take(ID_CHARS).collect();
        named.push(match body {
            Body::Inline(bytes) => {
                Named { id, raw_id: raw::name(bytes.clone()).await, bytes: Some(bytes) }
            }
            Body::Stored(raw_id) => Named { id, raw_id, bytes: None },
        });
    }
    named
}

const PUBLISH: &str = "
    INSERT INTO queue (id, raw_id, by_reference, attempts, returned, visible_at)
    SELECT v.column1, v.column2, v.column3, 0, 0, $1 FROM {rows}";

pub(super) async fn publish(
    tx: &mut Tx,
    vault: &Vault,
    messages: &[Named],
    now: Timestamp,
) -> Result<(), Fault> {
    let raws: Vec<Raw<'_>> = messages
        .iter()
        .filter_map(|message| {
            let bytes = message.bytes.as_ref()?;
            Some(Raw { id: &message.raw_id, bytes, at: now })
        })
        .collect();
    raw::put(tx, vault, &raws).await?;
    let rows: Vec<[Value; 3]> = messages
        .iter()
        .map(|message| {
            let by_reference = i64::from(message.bytes.is_none());
            [message.id.as_str().into(), message.raw_id.0.as_str().into(), by_reference.into()]
        })
        .collect();
    tx.execute_rows(PUBLISH, &[now.0.into()], &rows).await?;
    Ok(())
}
