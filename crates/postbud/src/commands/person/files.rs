//! Files with a person's letters beside the store: what drop folders keep of letters that were taken
//! or refused, and the documents that lie ready for SF2900.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use postbud_intake::{BulkLimits, is_bulk, kept_in, read_kept, reason_beside};
use postbud_letter::{LetterId, Limits};
use postbud_pipeline::ports::{Documents, Store as _};
use postbud_store::SqlStore;
use tokio::runtime::Handle;
use tracing::warn;

use super::dead::named;
use crate::config::Config;
use crate::documents;

/// What became of the files.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// So many named the person and went.
    pub(super) gone: u64,
    /// So many stay, and nobody knows that they do not name the person.
    pub(super) unread: u64,
}

/// What lies in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Letters that Postbud has.
    Taken,
    /// Letters that Postbud has not, with reasons beside them.
    Refused,
    /// Documents that somebody else fetches.
    Ready,
}

struct Folder {
    path: PathBuf,
    kind: Kind,
    bulk: BulkLimits,
}

/// Who is looked for, and how letters are read.
#[derive(Clone)]
struct Looking {
    store: SqlStore,
    cpr: String,
    on_their_way: Arc<[LetterId]>,
    limits: Limits,
    reader: Option<Arc<dyn Documents>>,
}

/// The letters of a file that name the person.
struct Seen {
    ids: Vec<LetterId>,
    /// Could all of it be read?
    whole: bool,
}

/// Removes the files that name a person. The document of a letter that is on its way stays: whoever
/// takes it over has not fetched it yet.
///
/// The letters of the store have been looked through before this.
pub(super) async fn erase(
    config: &Config,
    store: &SqlStore,
    cpr: &str,
    on_their_way: &[LetterId],
) -> Files {
    let looking = Looking {
        store: store.clone(),
        cpr: cpr.to_owned(),
        on_their_way: on_their_way.into(),
        limits: config.limits.clone(),
        reader: documents::reader_when_asked(config),
    };
    let mut files = Files::default();
    for folder in folders(config) {
        let found = match listed(&folder.path) {
            Ok(found) => found,
            Err(error) => {
                let folder = folder.path.display();
                warn!(%folder, %error, "a folder with letters cannot be read");
                files.unread += 1;
                continue;
            }
        };
        for file in found {
            match settle(&folder, &file, looking.clone()).await {
                Outcome::Gone => files.gone += 1,
                Outcome::Unread => files.unread += 1,
                Outcome::Stays => {}
            }
        }
    }
    files
}

enum Outcome {
    Gone,
    Stays,
    Unread,
}

async fn settle(folder: &Folder, file: &Path, looking: Looking) -> Outcome {
    let on_their_way = Arc::clone(&looking.on_their_way);
    let Some(seen) = look(file, &folder.bulk, looking).await else { return Outcome::Unread };
    if seen.ids.is_empty() {
        return if seen.whole { Outcome::Stays } else { Outcome::Unread };
    }
    if folder.kind == Kind::Ready && seen.ids.iter().any(|id| on_their_way.contains(id)) {
        return Outcome::Stays;
    }
    // A refused bulk file may be all that there is of the letters of others.
    if folder.kind == Kind::Refused && is_bulk(file) {
        return Outcome::Unread;
    }
    match remove(file, folder.kind) {
        Ok(true) => Outcome::Gone,
        Ok(false) => Outcome::Stays,
        Err(error) => {
            let folder = folder.path.display();
            warn!(%folder, %error, "a file with a letter cannot be removed");
            Outcome::Unread
        }
    }
}

fn folders(config: &Config) -> Vec<Folder> {
    let mut folders = Vec::new();
    let drops = config.intake.iter().flat_map(|intake| &intake.options.folders);
    for drop in drops {
        let (taken, refused) = kept_in(&drop.path);
        folders.push(Folder { path: taken, kind: Kind::Taken, bulk: drop.bulk.clone() });
        folders.push(Folder { path: refused, kind: Kind::Refused, bulk: drop.bulk.clone() });
    }
    if let Some(sf2900) = &config.delivery.sf2900 {
        let (path, bulk) = (sf2900.documents.clone(), BulkLimits::default());
        folders.push(Folder { path, kind: Kind::Ready, bulk });
    }
    folders
}

/// The files of a folder, no links and no folders among them; none when the folder is not there yet.
fn listed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

impl Looking {
    /// The letter's id, when it names the person. Blocks.
    fn about(&self, raw: &[u8]) -> Option<LetterId> {
        let quickly = named(raw, &self.limits, None);
        if quickly.cprs.contains(&self.cpr) {
            return Some(quickly.id);
        }
        // A week of letters may lie there, and reading documents takes seconds: not once more.
        if Handle::current().block_on(self.is_stored(&quickly.id, raw)) {
            return self.on_their_way.contains(&quickly.id).then_some(quickly.id);
        }
        let named = named(raw, &self.limits, self.reader.clone());
        named.cprs.contains(&self.cpr).then_some(named.id)
    }

    /// Is it a letter of the store, byte for byte? Where not, it is read.
    async fn is_stored(&self, id: &LetterId, raw: &[u8]) -> bool {
        let Ok(Some(detail)) = self.store.letter(id).await else { return false };
        let held = self.store.raw(&detail.raw_id).await;
        held.is_ok_and(|held| held.is_some_and(|held| held[..] == *raw))
    }
}

/// Reads a file; `None` when that cannot be done.
async fn look(file: &Path, bulk: &BulkLimits, looking: Looking) -> Option<Seen> {
    let (file, bulk) = (file.to_owned(), bulk.clone());
    let work = move || {
        let mut ids = Vec::new();
        let read = read_kept(&file, &bulk, looking.limits.letter_bytes, &mut |raw| {
            ids.extend(looking.about(raw));
        });
        match read {
            Ok(whole) => Some(Seen { ids, whole }),
            // Gone since it was listed: fetched, or too old.
            Err(error) if error.kind() == ErrorKind::NotFound => Some(Seen { ids, whole: true }),
            Err(_) => None,
        }
    };
    // A refused letter may be one that panics whoever reads it.
    tokio::task::spawn_blocking(work).await.ok().flatten()
}

/// Removes a file, and with a refused one the reason beside it. `false` when it was gone already.
fn remove(file: &Path, kind: Kind) -> io::Result<bool> {
    let removed = gone(fs::remove_file(file))?;
    if kind == Kind::Refused {
        gone(fs::remove_file(reason_beside(file)))?;
    }
    Ok(removed)
}

fn gone(removed: io::Result<()>) -> io::Result<bool> {
    match removed {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
