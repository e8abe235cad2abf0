//! What is kept beside a version that was made by retraining.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::RetrainError;
use super::compare::Judged;
use super::objection::{Objection, objections};
use crate::disk;
use crate::letter::LabelledLetter;
use crate::registry::Registry;
use crate::version::Version;

/// The file beside a version that says how it compares.
pub const RETRAIN_FILE: &str = "retrain.json";
/// The file beside a version that names the letters it has learned from, one id a line.
pub const LETTERS_FILE: &str = "letters.txt";
/// A larger record is none.
const RECORD_BYTES: u64 = 1 << 20;
/// A larger list of ids is none: two million letters with the longest ids.
const LETTERS_BYTES: u64 = 200 << 20;

/// How a version came about and how it compares with the champion of that time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetrainRecord {
    /// The version: `klitkobing/8`.
    pub version: String,
    /// SHA-256 over letters, labels and the version of Postbud: the same again is not trained.
    pub letters_hash: String,
    /// Letters it has learned from.
    pub letters: usize,
    /// What the trial and the champion made of the newest letters; `None` when there were too few
    /// letters to keep any out.
    pub judged: Option<Judged>,
    /// Share of letters that the version may route by itself, on its own out-of-fold evidence.
    pub coverage: f64,
    /// The upper bound of the error among those; `None` when nothing is certified.
    pub bound: Option<f64>,
    /// What speaks against letting it take over: with nothing here it is not worse.
    pub objections: Vec<Objection>,
}

impl RetrainRecord {
    pub(super) fn new(
        letters_hash: String,
        version: &Version,
        judged: Option<Judged>,
        forgotten: Vec<String>,
    ) -> Self {
        let certificate = &version.evaluation.certificate;
        Self {
            version: version.name.clone(),
            letters_hash,
            letters: version.evaluation.training_letters,
            coverage: certificate.coverage,
            bound: certificate.bound,
            objections: objections(judged.as_ref(), forgotten),
            judged,
        }
    }

    /// Is there nothing that speaks against it?
    #[must_use]
    pub fn not_worse(&self) -> bool {
        self.objections.is_empty()
    }

    pub(super) fn write(&self, version: &Path) -> Result<(), RetrainError> {
        let path = version.join(RETRAIN_FILE);
        let written = serde_json::to_vec_pretty(self).map_err(std::io::Error::from);
        let written = written.and_then(|mut bytes| {
            bytes.push(b'\n');
            disk::replace(&path, &bytes)
        });
        written.map_err(|source| RetrainError::Write { path, source })
    }

    /// The record beside a version; `None` when there is none that can be read.
    #[must_use]
    pub fn read(version: &Path) -> Option<Self> {
        serde_json::from_str(&limited(&version.join(RETRAIN_FILE), RECORD_BYTES)?).ok()
    }
}

fn limited(path: &Path, most: u64) -> Option<String> {
    let mut text = String::new();
    let read = File::open(path).ok()?.take(most + 1).read_to_string(&mut text).ok()?;
    (read as u64 <= most).then_some(text)
}

/// SHA-256 over the letters, their labels and the version of Postbud; the order of the letters
/// does not matter.
#[must_use]
pub fn letters_hash(letters: &[LabelledLetter]) -> String {
    let key = |letter: &&LabelledLetter| {
        (letter.id.clone(), letter.label.clone(), letter.subject.clone())
    };
    let mut sorted: Vec<&LabelledLetter> = letters.iter().collect();
    sorted.sort_by_cached_key(key);
    let mut hasher = Sha256::new();
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    for letter in sorted {
        for text in [&letter.id, &letter.label, &letter.subject, &letter.body] {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        for date in [letter.sent_at, letter.labelled_at] {
            hasher.update(date.unwrap_or(i64::MIN).to_le_bytes());
        }
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The last version, if it was made from the letters of this hash.
pub(super) fn made_from(registry: &Registry, hash: &str) -> Option<u32> {
    let last = registry.versions().last().copied()?;
    let record = RetrainRecord::read(&registry.version_dir(last))?;
    (record.letters_hash == hash).then_some(last)
}

/// The ids of letters, one a line.
pub(super) fn ids(letters: &[LabelledLetter]) -> String {
    let mut ids: Vec<&str> = letters
        .iter()
        .map(|letter| letter.id.as_str())
        .filter(|id| !id.contains(char::is_control))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().flat_map(|id| [id, "\n"]).collect()
}

/// The ids of the letters that a version has learned from, where they were written down.
pub(super) fn seen_by(version: &Path) -> Option<HashSet<String>> {
    let path = version.join(LETTERS_FILE);
    // A version without the list is from `train`; an unreadable list is no list.
    fs::metadata(&path).ok()?;
    Some(limited(&path, LETTERS_BYTES)?.lines().map(str::to_owned).collect())
}
