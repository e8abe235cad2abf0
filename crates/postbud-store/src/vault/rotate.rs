//! Another data key for everything that is there, while letters come and go; and how the keys are used.

use std::time::Duration;

use postbud_pipeline::ports::{StoreError, Timestamp};

use super::{Sealed, Vault};
use crate::raw;
use crate::sql::{Fault, Tx, Value};
use crate::store::{SqlStore, read, write};

/// So many raw letters are looked for at a time.
const PAGE: i64 = 200;

/// How a data key is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKey {
    /// Its number.
    pub id: i64,
    /// The name of the master key under which it lies.
    pub master: String,
    /// Since when it is there.
    pub at: Timestamp,
    /// How many chunks lie under it. A chunk is at most 1 MiB, so a letter is one as a rule.
    pub chunks: u64,
}

/// How the keys of a store are used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyUse {
    /// The name of the master key that seals; `None`: letters are written in plain.
    pub master: Option<String>,
    /// Every data key, oldest first.
    pub keys: Vec<DataKey>,
    /// Chunks that lie in plain.
    pub plain: u64,
}

/// What a rotation did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rotated {
    /// The new data key.
    pub data_key: i64,
    /// Raw letters that were encrypted anew.
    pub letters: u64,
    /// Data keys that lie under the current master key now and lay under another.
    pub taken_over: u64,
}

impl SqlStore {
    /// How the keys are used.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn key_use(&self) -> Result<KeyUse, StoreError> {
        let master =
            self.vault().masters.as_ref().map(|masters| masters.current().name().to_owned());
        read!(self, "counting what lies under which key", tx => key_use(tx, master.clone()))
    }

    /// Makes a new data key, encrypts every raw letter anew under it, one letter a transaction, and puts
    /// all data keys under the current master key. Letters come and go meanwhile. `None`: the store has no
    /// master key.
    ///
    /// # Errors
    /// What [`StoreError`] says of it. What was done until then stays, and is no harm.
    pub async fn rotate_keys(&self) -> Result<Option<Rotated>, StoreError> {
        let now = Timestamp::now();
        let made =
            write!(self, "making a data key", Duration::ZERO, tx => self.vault().renew(tx, now))?;
        let Some(data_key) = made else { return Ok(None) };
        let (mut letters, mut after) = (0, String::new());
        loop {
            let page = read!(self, "looking for letters", tx => others(tx, data_key, &after))?;
            let Some(last) = page.last() else { break };
            after.clone_from(last);
            for raw_id in &page {
                let extra = raw::extra_time(raw::LARGEST);
                write!(self, "encrypting a letter anew", extra, tx => renew(tx, self.vault(), raw_id))?;
                letters += 1;
            }
        }
        let taken_over =
            write!(self, "sealing data keys", Duration::ZERO, tx => take_over(tx, self.vault()))?;
        self.sweep().await?;
        Ok(Some(Rotated { data_key, letters, taken_over }))
    }
}

async fn key_use(tx: &mut Tx, master: Option<String>) -> Result<KeyUse, Fault> {
    const KEYS: &str = "
        SELECT k.id, k.master, k.at, (SELECT COUNT(*) FROM raws AS r WHERE r.data_key = k.id)
        FROM data_keys AS k ORDER BY k.id";
    const PLAIN: &str = "SELECT COUNT(*) FROM raws WHERE data_key IS NULL";
    let keys = tx.query(KEYS, &[]).await?;
    let keys = keys.iter().map(|row| {
        let at = Timestamp(row.int(2)?);
        Ok(DataKey { id: row.int(0)?, master: row.text(1)?, at, chunks: row.count(3)? })
    });
    let keys = keys.collect::<Result<_, Fault>>()?;
    let plain = tx.query(PLAIN, &[]).await?;
    let plain = plain.first().map_or(Ok(0), |row| row.count(0))?;
    Ok(KeyUse { master, keys, plain })
}

/// Raw letters that do not lie under this key, by name.
async fn others(tx: &mut Tx, data_key: i64, after: &str) -> Result<Vec<String>, Fault> {
    const OTHERS: &str = "
        SELECT DISTINCT raw_id FROM raws
        WHERE (data_key IS NULL OR data_key <> $1) AND raw_id > $2 ORDER BY raw_id LIMIT $3";
    let rows = tx.query(OTHERS, &[data_key.into(), after.into(), PAGE.into()]).await?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// Encrypts the chunks of one raw letter under the current key. One that is gone meanwhile is no fault.
async fn renew(tx: &mut Tx, vault: &Vault, raw_id: &str) -> Result<(), Fault> {
    const CHUNK: &str =
        "SELECT t.size, t.data_key, t.bytes FROM raws AS t WHERE t.raw_id = $1 AND t.n = $2 {lock}";
    const PUT: &str = "UPDATE raws SET data_key = $1, bytes = $2 WHERE raw_id = $3 AND n = $4";
    for n in 0_i64.. {
        let rows = tx.query(CHUNK, &[raw_id.into(), n.into()]).await?;
        let Some(row) = rows.first() else { break };
        let (size, data_key, bytes) = (row.int(0)?, row.int_or_null(1)?, row.bytes(2)?);
        vault.ready(tx, data_key).await?;
        let plain = vault.open(Sealed { raw_id, n, size, data_key, bytes })?;
        let (data_key, bytes) = vault.seal(raw_id, n, size, plain)?;
        let args = [Value::Int(data_key), bytes.into(), raw_id.into(), n.into()];
        tx.execute(PUT, &args).await?;
    }
    Ok(())
}

/// Puts data keys of other master keys under the current one.
async fn take_over(tx: &mut Tx, vault: &Vault) -> Result<u64, Fault> {
    const OTHERS: &str = "SELECT id, master, sealed FROM data_keys WHERE master <> $1 ORDER BY id";
    const PUT: &str = "UPDATE data_keys SET master = $1, sealed = $2 WHERE id = $3";
    let Some(masters) = &vault.masters else { return Ok(0) };
    let current = masters.current();
    let mut count = 0;
    for row in tx.query(OTHERS, &[current.name().into()]).await? {
        let (id, master) = (row.int(0)?, row.text(1)?);
        let sealed = match masters.named(&master) {
            Some(from) => current.take_over(from, &row.bytes(2)?)?,
            None => None,
        };
        let Some(sealed) = sealed else {
            return Err(Fault::Incompatible(format!(
                "data key {id} lies under master key {master}, which does not open it"
            )));
        };
        let args = [current.name().into(), Value::Bytes(sealed.into()), id.into()];
        count += tx.execute(PUT, &args).await?;
    }
    Ok(count)
}
