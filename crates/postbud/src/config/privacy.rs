//! `[privacy]` and `[retention]`: whose data is kept, and how long.

use std::path::PathBuf;

use postbud_store::Purpose;

use super::section::Section;

/// The key of the index of people when nothing is configured, beside the store.
const KEY_FILE: &str = "postbud-data/privacy.key";
/// A hundred years: for ever.
const MOST_DAYS: u64 = 36_500;

/// `[privacy]` and `[retention]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Privacy {
    /// Holds the key with which CPR numbers become names in the index of people.
    pub(crate) key_file: PathBuf,
    /// Does `postbud run` remove what is too old?
    pub(crate) retention: bool,
    /// Folders in which `postbud backup` puts what it makes: an erasure says which still hold the person.
    pub(crate) backups: Vec<PathBuf>,
    /// How many days the operator keeps a backup.
    pub(crate) backups_days: u32,
    days: [u32; Purpose::ALL.len()],
}

impl Privacy {
    /// How many days something is kept for a purpose.
    pub(crate) fn days(&self, purpose: Purpose) -> u32 {
        let place = Purpose::ALL.iter().position(|found| *found == purpose);
        place.and_then(|place| self.days.get(place)).copied().unwrap_or(u32::MAX)
    }
}

/// Reads both sections.
pub(super) fn privacy(privacy: Section<'_, '_>, retention: Section<'_, '_>) -> Privacy {
    let key_file =
        privacy.text("key_file").map_or_else(|| KEY_FILE.to_owned(), |found| found.value);
    let key_file = privacy.reader.path(&key_file);
    let backups = privacy.texts("backups").into_iter();
    let backups = backups.map(|found| privacy.reader.path(&found.value)).collect();
    privacy.finish();
    let days = |key, default| {
        u32::try_from(retention.whole(key, default, 1..=MOST_DAYS)).unwrap_or(u32::MAX)
    };
    let days = [
        days("letters_days", 30),
        days("training_days", 730),
        days("decisions_days", 1_825),
        days("access_days", 730),
        days("quarantined_days", 365),
        days("statistics_days", 1_825),
        days("leftovers_days", 90),
    ];
    let backups_days = u32::try_from(retention.whole("backups_days", 30, 1..=MOST_DAYS));
    let enforced = retention.flag("enforce").unwrap_or(true);
    retention.finish();
    let backups_days = backups_days.unwrap_or(u32::MAX);
    Privacy { key_file, retention: enforced, backups, backups_days, days }
}
