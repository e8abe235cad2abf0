//! Raw bytes encrypted at rest.
//!
//! Envelope encryption: each chunk is sealed with AES-256-GCM under a *data key*; data keys lie in the
//! database, each sealed in turn under a *master key* that does not. So another master key costs one row
//! and not every letter. A sealed chunk is a random nonce (12 bytes), the cipher text and the tag (16
//! bytes); raw id, number and size are authenticated with it, so that no chunk passes for another.
//!
//! A store without a master key writes in plain. What lies in plain can always be read, so encryption can
//! be switched on while letters are there.

mod master;
mod rotate;
mod seal;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use postbud_pipeline::ports::Timestamp;

use crate::sql::{Fault, Tx, Value};

pub use master::{MasterKey, MasterKeyError, StoreKeys};
pub use rotate::{DataKey, KeyUse, Rotated};
use seal::Sealer;

/// What the keys of a store seal and open.
#[derive(Default)]
pub(crate) struct Vault {
    masters: Option<StoreKeys>,
    keys: RwLock<Keys>,
}

#[derive(Default)]
struct Keys {
    known: HashMap<i64, Arc<Sealer>>,
    /// Under which key chunks are written. `None`: in plain.
    current: Option<i64>,
}

/// A chunk as it lies in the database.
pub(crate) struct Sealed<'a> {
    pub(crate) raw_id: &'a str,
    pub(crate) n: i64,
    pub(crate) size: i64,
    pub(crate) data_key: Option<i64>,
    pub(crate) bytes: Bytes,
}

/// What is authenticated beside the bytes.
fn place(raw_id: &str, n: i64, size: i64) -> String {
    format!("{raw_id} {n} {size}")
}

const ALL: &str = "SELECT id, master, sealed FROM data_keys ORDER BY id";
const ONE: &str = "SELECT id, master, sealed FROM data_keys WHERE id = $1";
const ADD: &str = "INSERT INTO data_keys (master, sealed, at) VALUES ($1, $2, $3) RETURNING id";

impl Vault {
    /// Opens every data key there is, and makes the first one under a new master key.
    pub(crate) async fn start(masters: Option<StoreKeys>, tx: &mut Tx) -> Result<Self, Fault> {
        let vault = Self { masters, keys: RwLock::default() };
        let rows = tx.query(ALL, &[]).await?;
        let Some(masters) = &vault.masters else {
            if rows.is_empty() {
                return Ok(vault);
            }
            let what =
                "its letters are encrypted; name their key with key_file or key_command in [store]";
            return Err(Fault::Incompatible(what.to_owned()));
        };
        let mut current = None;
        for row in &rows {
            let (id, master) = (row.int(0)?, row.text(1)?);
            vault.learn(id, masters.open(id, &master, &row.bytes(2)?)?);
            if masters.current().name() == master {
                current = Some(id);
            }
        }
        match current {
            Some(id) => vault.lock().current = Some(id),
            None => drop(vault.renew(tx, Timestamp::now()).await?),
        }
        Ok(vault)
    }

    /// Makes a data key, under which chunks are written from now on.
    async fn renew(&self, tx: &mut Tx, now: Timestamp) -> Result<Option<i64>, Fault> {
        let Some(masters) = &self.masters else { return Ok(None) };
        let (sealer, sealed) = masters.current().new_data_key()?;
        let master = masters.current().name();
        let args = [master.into(), Value::Bytes(sealed.into()), now.0.into()];
        let rows = tx.query(ADD, &args).await?;
        let id = rows.first().map(|row| row.int(0)).transpose()?;
        let id = id.ok_or_else(|| Fault::Incompatible("a data key was not stored".to_owned()))?;
        self.learn(id, sealer);
        self.lock().current = Some(id);
        Ok(Some(id))
    }

    /// The chunk as it is to be written, and under which key.
    pub(crate) fn seal(
        &self,
        raw_id: &str,
        n: i64,
        size: i64,
        chunk: Bytes,
    ) -> Result<(Option<i64>, Bytes), Fault> {
        let sealer = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            keys.current.and_then(|id| Some((id, Arc::clone(keys.known.get(&id)?))))
        };
        let Some((id, sealer)) = sealer else { return Ok((None, chunk)) };
        Ok((Some(id), sealer.seal(place(raw_id, n, size).as_bytes(), &chunk)?.into()))
    }

    /// Makes sure that chunks under this key can be opened: another process may have made it.
    pub(crate) async fn ready(&self, tx: &mut Tx, data_key: Option<i64>) -> Result<(), Fault> {
        let Some(id) = data_key.filter(|id| self.known(*id).is_none()) else { return Ok(()) };
        let rows = tx.query(ONE, &[id.into()]).await?;
        let (Some(row), Some(masters)) = (rows.first(), &self.masters) else {
            return Err(unknown(id));
        };
        self.learn(id, masters.open(id, &row.text(1)?, &row.bytes(2)?)?);
        Ok(())
    }

    /// The bytes of a chunk whose key is [`ready`](Self::ready).
    pub(crate) fn open(&self, sealed: Sealed<'_>) -> Result<Bytes, Fault> {
        let Some(id) = sealed.data_key else { return Ok(sealed.bytes) };
        let sealer = self.known(id).ok_or_else(|| unknown(id))?;
        let place = place(sealed.raw_id, sealed.n, sealed.size);
        let opened = sealer.open(place.as_bytes(), sealed.bytes.to_vec());
        let failed = || {
            let (raw_id, n) = (sealed.raw_id, sealed.n);
            Fault::Incompatible(format!(
                "chunk {n} of the raw bytes {raw_id} does not open: it was changed"
            ))
        };
        Ok(opened.ok_or_else(failed)?.into())
    }

    fn learn(&self, id: i64, sealer: Sealer) {
        self.lock().known.insert(id, Arc::new(sealer));
    }

    fn known(&self, id: i64) -> Option<Arc<Sealer>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.known.get(&id).map(Arc::clone)
    }

    fn lock(&self) -> std::sync::RwLockWriteGuard<'_, Keys> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unknown(id: i64) -> Fault {
    Fault::Incompatible(format!("data key {id} is not known here"))
}
