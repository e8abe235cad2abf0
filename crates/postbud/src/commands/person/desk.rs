//! What a person can ask for, as the desk asks for it.

use std::io::{Cursor, Seek, SeekFrom, Write};

use async_trait::async_trait;
use postbud_pipeline::ports::{Erasure, HandedOut, People, PeopleError, Timestamp};
use postbud_store::{PersonKey, SqlStore};

use super::{begin, erase, export, restricting};
use crate::config::Config;
use crate::wiring;

/// An archive that a browser gets is never larger; the command line has no such limit.
const ARCHIVE_BYTES: u64 = 256 << 20;
/// The people whose letters are in a store.
pub(crate) struct PeopleAtDesk {
    config: Config,
    store: SqlStore,
}

impl PeopleAtDesk {
    pub(crate) fn new(config: &Config, store: &SqlStore) -> Self {
        Self { config: config.clone(), store: store.clone() }
    }

    async fn begin(&self, cpr: &str, by: &str, why: &str) -> anyhow::Result<PersonKey> {
        begin(&self.config, &self.store, cpr, by, why).await
    }

    async fn handed_out(&self, cpr: &str, by: &str) -> anyhow::Result<HandedOut> {
        let key = self.begin(cpr, by, "person-export").await?;
        let holding = export::Holding::of(&self.config, &self.store, (&key, cpr)).await?;
        let archive = Limited(Cursor::new(Vec::new()));
        let archive = export::write(&self.config, &self.store, &holding, by, archive).await?;
        Ok(HandedOut {
            letters: holding.letters.len() + holding.dead.letters.len(),
            archive: archive.0.into_inner(),
        })
    }

    async fn erased(&self, cpr: &str, by: &str) -> anyhow::Result<Erasure> {
        let key = self.begin(cpr, by, "person-erase").await?;
        let queue = wiring::queue(&self.config, &self.store).await?;
        let erased = erase::erase(&self.config, &self.store, &*queue, (&key, cpr), by).await;
        queue.shutdown().await?;
        erased
    }

    async fn restricted(&self, cpr: &str, by: &str, on: bool) -> anyhow::Result<()> {
        let key = self.begin(cpr, by, restricting(on)).await?;
        Ok(self.store.restrict(&key, cpr, on, by, Timestamp::now()).await?)
    }
}

#[async_trait]
impl People for PeopleAtDesk {
    async fn export(&self, cpr: &str, by: &str) -> Result<HandedOut, PeopleError> {
        self.handed_out(cpr, by).await.map_err(|error| failed(&error))
    }

    async fn erase(&self, cpr: &str, by: &str) -> Result<Erasure, PeopleError> {
        self.erased(cpr, by).await.map_err(|error| failed(&error))
    }

    async fn restrict(&self, cpr: &str, by: &str, restricted: bool) -> Result<(), PeopleError> {
        self.restricted(cpr, by, restricted).await.map_err(|error| failed(&error))
    }
}

fn failed(error: &anyhow::Error) -> PeopleError {
    PeopleError { what: format!("{error:#}") }
}

/// Memory that takes no more than a limit.
struct Limited(Cursor<Vec<u8>>);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.position() + bytes.len() as u64 > ARCHIVE_BYTES {
            let what = "too much for a browser; use `postbud person export`";
            return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, what));
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Seek for Limited {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_in_memory_has_a_limit() {
        let mut archive = Limited(Cursor::new(Vec::new()));
        archive.write_all(b"brev").unwrap();
        archive.seek(SeekFrom::Start(ARCHIVE_BYTES)).unwrap();
        assert!(archive.write_all(b"x").is_err());
    }
}
