//! Master keys: they seal data keys and nothing else, and come from outside the database.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretBox};
use sha2::{Digest as _, Sha256};

use super::seal::{KEY_BYTES, Sealer, random};
use crate::hex;
use crate::sql::Fault;

/// A master key: 32 random bytes. Never printed.
#[derive(Clone)]
pub struct MasterKey {
    bytes: Arc<SecretBox<[u8; KEY_BYTES]>>,
    name: String,
}

/// The text is no master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is 64 hexadecimal digits (32 random bytes); `postbud key new FILE` makes one")]
pub struct MasterKeyError;

impl MasterKey {
    /// Reads the 64 hexadecimal digits of a key; white space around them does not count.
    ///
    /// # Errors
    /// [`MasterKeyError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        hex::key(text).map(Self::new).ok_or(MasterKeyError)
    }

    /// The text of a new key, to be kept where nobody else reads it.
    ///
    /// # Errors
    /// [`MasterKeyError`] when the system gives no random bytes.
    pub fn generate() -> Result<String, MasterKeyError> {
        let bytes: [u8; KEY_BYTES] = random().map_err(|_| MasterKeyError)?;
        Ok(hex::hex(&bytes))
    }

    fn new(bytes: [u8; KEY_BYTES]) -> Self {
        let hash = Sha256::new().chain_update("postbud master key ").chain_update(bytes).finalize();
        let name = hex::hex(&hash[..8]);
        Self { bytes: Arc::new(SecretBox::new(Box::new(bytes))), name }
    }

    /// What the key is called where it must not be shown: 16 digits of a hash.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn sealer(&self) -> Result<Sealer, Fault> {
        Sealer::new(self.bytes.expose_secret())
    }

    /// A new data key, and the same sealed.
    pub(super) fn new_data_key(&self) -> Result<(Sealer, Vec<u8>), Fault> {
        let key: [u8; KEY_BYTES] = random()?;
        Ok((Sealer::new(&key)?, self.sealer()?.seal(PURPOSE, &key)?))
    }

    /// The bytes of a data key that was sealed under this one.
    fn unseal(&self, sealed: &[u8]) -> Result<Option<[u8; KEY_BYTES]>, Fault> {
        let opened = self.sealer()?.open(PURPOSE, sealed.to_vec());
        Ok(opened.and_then(|bytes| bytes.try_into().ok()))
    }

    /// A data key that lies under `from`, sealed under this key instead.
    pub(super) fn take_over(&self, from: &Self, sealed: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match from.unseal(sealed)? {
            Some(key) => Ok(Some(self.sealer()?.seal(PURPOSE, &key)?)),
            None => Ok(None),
        }
    }
}

/// Authenticated with every data key, so that nothing else that was sealed passes for one.
const PURPOSE: &[u8] = b"postbud data key";

impl fmt::Debug for MasterKey {
    /// Only the name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MasterKey").field(&self.name).finish()
    }
}

/// The master keys of a store.
#[derive(Debug, Clone)]
pub struct StoreKeys {
    current: MasterKey,
    more: Vec<MasterKey>,
}

impl StoreKeys {
    /// `current` seals; those in `more` only open: the one before, or the one to come.
    #[must_use]
    pub fn new(current: MasterKey, more: Vec<MasterKey>) -> Self {
        Self { current, more }
    }

    pub(super) fn current(&self) -> &MasterKey {
        &self.current
    }

    pub(super) fn named(&self, name: &str) -> Option<&MasterKey> {
        std::iter::once(&self.current).chain(&self.more).find(|master| master.name == name)
    }

    /// Opens data key `id`, which was sealed under `master`.
    pub(super) fn open(&self, id: i64, master: &str, sealed: &[u8]) -> Result<Sealer, Fault> {
        let Some(found) = self.named(master) else {
            return Err(Fault::Incompatible(format!(
                "letters in it are encrypted under master key {master}, which is not among the configured \
                 ones; add its file to more_key_files in [store]"
            )));
        };
        let key = found.unseal(sealed)?.ok_or_else(|| {
            Fault::Incompatible(format!("data key {id} does not open: it was changed"))
        })?;
        Sealer::new(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written_and_never_shown() {
        let text = MasterKey::generate().unwrap();
        let key = MasterKey::parse(&format!(" {}\n", text.to_uppercase())).unwrap();
        assert_eq!(key.name(), MasterKey::parse(&text).unwrap().name());
        assert_eq!(key.name().len(), 16);
        let shown = format!("{key:?} {:?}", StoreKeys::new(key.clone(), vec![]));
        assert!(
            !shown.to_lowercase().contains(&text[..12]) && shown.contains(key.name()),
            "{shown}"
        );
        for bad in ["", "abc", &text[1..], &format!("{}g", &text[1..]), &format!("{text}0")] {
            assert_eq!(MasterKey::parse(bad).unwrap_err(), MasterKeyError);
        }
    }
}
