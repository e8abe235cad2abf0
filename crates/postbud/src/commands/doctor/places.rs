//! Room on the disks that Postbud writes to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;
use postbud_decide::Target;

use super::finding::{Finding, fault, good, note};
use crate::config::{Config, Store};

/// Below this letters will soon stop.
const LEAST_BYTES: u64 = 1 << 30;
/// Below this somebody should know.
const FEW_BYTES: u64 = 5 << 30;

/// Looks at each file system once.
pub(super) fn disk(config: &Config) -> Vec<Finding> {
    let mut places = vec![config.model.clone()];
    if let Store::Sqlite { path } = &config.store {
        places.push(path.clone());
    }
    places.extend(config.settings.mailboxes.iter().filter_map(|mailbox| match &mailbox.target {
        Some(Target::Maildir { path }) => Some(PathBuf::from(path)),
        _ => None,
    }));
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for place in places.iter().filter_map(|place| existing(place)) {
        match statvfs(&place) {
            Ok(found) => {
                if seen.insert(found.filesystem_id()) {
                    let free = found.blocks_available().saturating_mul(found.fragment_size());
                    findings.push(room(&place, free));
                }
            }
            Err(error) => {
                let what = format!("{}: {error}", place.display());
                findings.push(note("disk", what.clone(), what));
            }
        }
    }
    findings
}

fn room(place: &Path, free: u64) -> Finding {
    let (place, gigabytes) = (place.display(), free as f64 / f64::from(1 << 30));
    let english = format!("{gigabytes:.1} GiB free at {place}");
    let danish = format!("{gigabytes:.1} GiB ledig ved {place}");
    let advice = (
        "make room: a full disk stops letters (none is lost, they wait on the queue)",
        "skaf plads: en fuld disk standser breve (ingen går tabt, de venter i køen)",
    );
    if free < LEAST_BYTES {
        fault("disk", english, danish).advise(advice.0, advice.1)
    } else if free < FEW_BYTES {
        note("disk", english, danish).advise(advice.0, advice.1)
    } else {
        good("disk", english, danish)
    }
}

/// The path itself or the first folder above it that is there.
pub(super) fn existing(path: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(path).ok()?;
    whole.ancestors().find(|above| above.exists()).map(Path::to_owned)
}

/// A fault, if a part of this path is there and cannot be written, or is no folder. `says` tells in both
/// languages what that part means, by its name. What is not there yet is made by Postbud.
pub(super) fn unwritable(
    part: &'static str,
    path: &Path,
    says: impl Fn(&str) -> (String, String),
) -> Option<Finding> {
    let there = existing(path)?;
    let writable = nix::unistd::access(&there, nix::unistd::AccessFlags::W_OK).is_ok();
    if writable && there.is_dir() {
        return None;
    }
    let (english, danish) = says(&there.display().to_string());
    Some(fault(part, english, danish).advise(
        "give the user of Postbud the right to write there; under systemd also ReadWritePaths=",
        "giv Postbuds bruger ret til at skrive der; under systemd også ReadWritePaths=",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn little_room_is_said_before_there_is_none() {
        let levels =
            [u64::MAX, FEW_BYTES - 1, LEAST_BYTES - 1].map(|n| room(Path::new("/"), n).level);
        assert_eq!(levels, [Level::Good, Level::Note, Level::Fault]);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_judged_by_the_one_above() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(existing(&dir.path().join("a/b/c")).as_deref(), Some(dir.path()));
    }
}
