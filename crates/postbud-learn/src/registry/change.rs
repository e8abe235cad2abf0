//! Changing the roles. Each change takes the lock, looks again, verifies, and puts a new record in
//! place of the old one: readers see the one or the other, and of two commands at once the second
//! begins where the first ended.

use postbud_model::Model;

use super::lock::Lock;
use super::record::{Action, Appointed, Record, Signature};
use super::{RECORD_FILE, Registry, RegistryError};

/// What the caller asks of a model beyond a file that verifies: `Err` says why it cannot be used,
/// and what to do.
pub type Check<'a> = &'a dyn Fn(&Model) -> Result<(), String>;

impl Registry {
    /// Makes a version the champion; the one before becomes the first to roll back to. A version
    /// that was the challenger is none any more. Promoting the champion again changes nothing,
    /// unless its file was replaced: then it is the new file that counts.
    ///
    /// Returns the model, verified and loaded. Reads and writes files: not for an async thread.
    ///
    /// # Errors
    /// [`RegistryError`] when there is no such version, it does not verify, `check` refuses it or
    /// the record cannot be written; the old champion then stays.
    pub fn promote(
        &mut self,
        version: u32,
        signature: &Signature,
        check: Check<'_>,
    ) -> Result<Model, RegistryError> {
        let _lock = self.locked()?;
        let (model, new) = self.verified(version, check)?;
        if self.record.champion.as_ref() == Some(&new) {
            return Ok(model);
        }
        let mut record = self.record.clone();
        let old = self.present_champion(version);
        let instead_of = old.as_ref().map(|old| old.version);
        record.previous.retain(|before| before.version != version);
        record.previous.splice(..0, old);
        record.challenger = record.challenger.filter(|old| old.version != version);
        record.champion = Some(new);
        self.put(record, signature, Action::Promote, version, instead_of)?;
        Ok(model)
    }

    /// Makes the champion before this one the champion again. Rolling back once more goes back one
    /// further; a version that was rolled back comes again only by [`Registry::promote`].
    ///
    /// Returns the version that now serves, and its model.
    ///
    /// # Errors
    /// [`RegistryError`] when none served before, or it does not verify any more.
    pub fn rollback(
        &mut self,
        signature: &Signature,
        check: Check<'_>,
    ) -> Result<(u32, Model), RegistryError> {
        let _lock = self.locked()?;
        // The champion's folder may be gone: all the more reason to go back.
        let promoted = self.record.champion.as_ref().map(|champion| champion.version);
        let champion = promoted.map_or_else(|| self.champion(), Ok)?;
        let mut record = self.record.clone();
        if record.previous.is_empty() {
            return Err(RegistryError::NoPrevious { path: self.dir.clone(), champion });
        }
        let back = record.previous.remove(0);
        let version = back.version;
        let model = self.find(version)?.load()?;
        self.suits(version, &model, check)?;
        record.challenger = record.challenger.filter(|old| old.version != version);
        record.champion = Some(back);
        self.put(record, signature, Action::Rollback, version, Some(champion))?;
        Ok((version, model))
    }

    /// Makes a version the challenger: a running router lets it score every letter and notes what
    /// it would have done; it never acts.
    ///
    /// # Errors
    /// [`RegistryError`] when it is the champion, does not verify or is refused by `check`.
    pub fn challenge(
        &mut self,
        version: u32,
        signature: &Signature,
        check: Check<'_>,
    ) -> Result<Model, RegistryError> {
        let _lock = self.locked()?;
        self.known(version)?;
        if self.champion()? == version {
            return Err(RegistryError::IsChampion { path: self.dir.clone(), version });
        }
        let (model, new) = self.verified(version, check)?;
        if self.record.challenger.as_ref() == Some(&new) {
            return Ok(model);
        }
        let mut record = self.record.clone();
        let instead_of = record.challenger.replace(new).map(|old| old.version);
        self.put(record, signature, Action::Challenge, version, instead_of)?;
        Ok(model)
    }

    /// Ends the challenge. Returns the version that challenged, `None` when there was none.
    ///
    /// # Errors
    /// [`RegistryError`] when the record cannot be read or written.
    pub fn end_challenge(&mut self, signature: &Signature) -> Result<Option<u32>, RegistryError> {
        let _lock = self.locked()?;
        let mut record = self.record.clone();
        let Some(old) = record.challenger.take() else {
            return Ok(None);
        };
        self.put(record, signature, Action::EndChallenge, old.version, None)?;
        Ok(Some(old.version))
    }

    /// Takes the lock and looks at the folder again.
    fn locked(&mut self) -> Result<Lock, RegistryError> {
        if self.versions.is_empty() {
            return Err(RegistryError::NoVersion { path: self.dir.clone() });
        }
        let lock = Lock::take(&self.dir)?;
        *self = Self::open(&self.dir)?;
        Ok(lock)
    }

    /// Loads a version whatever its file was before, and puts it to the check.
    fn verified(
        &self,
        version: u32,
        check: Check<'_>,
    ) -> Result<(Model, Appointed), RegistryError> {
        let mut found = self.find(version)?;
        found.checksum = None;
        let model = found.load()?;
        self.suits(version, &model, check)?;
        let checksum = model.checksum_hex();
        Ok((model, Appointed { version, checksum }))
    }

    fn suits(&self, version: u32, model: &Model, check: Check<'_>) -> Result<(), RegistryError> {
        let path = self.version_dir(version);
        check(model).map_err(|what| RegistryError::Unsuitable { path, what })
    }

    /// The champion that `version` takes over from, if that is another one. One that serves
    /// without having been promoted gets its checksum now; one that does not verify is nothing to
    /// roll back to.
    fn present_champion(&self, version: u32) -> Option<Appointed> {
        let old = self.record.champion.clone().or_else(|| {
            let version = self.champion().ok()?;
            let checksum = self.find(version).ok()?.load().ok()?.checksum_hex();
            Some(Appointed { version, checksum })
        });
        old.filter(|old| old.version != version)
    }

    fn put(
        &mut self,
        record: Record,
        signature: &Signature,
        action: Action,
        version: u32,
        instead_of: Option<u32>,
    ) -> Result<(), RegistryError> {
        let change = signature.under(action, version, instead_of);
        self.record = record.write(&self.dir.join(RECORD_FILE), change)?;
        Ok(())
    }
}
