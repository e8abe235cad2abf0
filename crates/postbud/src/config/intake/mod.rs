//! `[intake]`: the ways in which letters come beside the queue.

mod digital_post;
mod imap;
mod listeners;
mod queue;

use std::path::PathBuf;
use std::time::Duration;

use postbud_intake::{BulkLimits, FolderOptions, Identity, IntakeOptions};

use super::section::Section;

/// The longest pause between two looks: an hour.
const EVERY_SECONDS_MAX: u64 = 3_600;

pub(crate) use queue::Foreign;

/// `[intake]`.
#[derive(Debug, Clone)]
pub(crate) struct Intake {
    /// What the adapters of the intake are.
    pub(crate) options: IntakeOptions,
    /// Queues of somebody else's.
    pub(crate) queues: Vec<Foreign>,
}

/// Reads `[intake]`; without the section letters come by queue only.
pub(super) fn intake(section: Section<'_, '_>) -> Option<Intake> {
    if !section.is_present() {
        return None;
    }
    let memory = section.whole("memory_mb", 256, 16..=65_536);
    let digital_post = section.section("digital_post");
    let push = section.section("push");
    let options = IntakeOptions {
        memory_bytes: usize::try_from(memory << 20).unwrap_or(usize::MAX),
        folders: section.sections("folder").into_iter().filter_map(folder).collect(),
        digital_post: digital_post
            .is_present()
            .then(|| digital_post::digital_post(digital_post))
            .flatten(),
        smtp: section.sections("smtp").into_iter().filter_map(listeners::smtp).collect(),
        imap: section.sections("imap").into_iter().filter_map(imap::imap).collect(),
        push: push.is_present().then(|| listeners::push(push)).flatten(),
    };
    let queues = section.sections("queue").into_iter().filter_map(queue::queue).collect();
    section.finish();
    Some(Intake { options, queues })
}

fn folder(section: Section<'_, '_>) -> Option<FolderOptions> {
    let path = section.required_text("path", "drop");
    let every = section.whole("every_seconds", 5, 1..=EVERY_SECONDS_MAX);
    let keep = section.whole("keep_days", 7, 0..=3_650);
    let keep_failed = section.whole("keep_failed_days", 90, 1..=3_650);
    let path = path.map(|path| section.reader.path(&path.value));
    section.finish();
    Some(FolderOptions {
        path: path?,
        every: Duration::from_secs(every),
        keep: Duration::from_secs(keep * 86_400),
        keep_failed: Duration::from_secs(keep_failed * 86_400),
        bulk: BulkLimits::default(),
    })
}

/// `certificate_file` and `key_file`: both or neither.
pub(super) fn identity(section: &Section<'_, '_>) -> Option<Identity> {
    let (certificate, key) = (path(section, "certificate_file"), path(section, "key_file"));
    match (certificate, key) {
        (Some(certificate), Some(key)) => Some(Identity { certificate, key }),
        (Some(_), None) => {
            let instead = "key_file = \"/etc/postbud/oces3.key\"";
            section.fault("certificate_file", "a certificate needs its key", instead);
            None
        }
        (None, Some(_)) => {
            let instead = "certificate_file = \"/etc/postbud/oces3.pem\"";
            section.fault("key_file", "a key needs its certificate", instead);
            None
        }
        (None, None) => None,
    }
}

/// A path, relative to the file.
pub(super) fn path(section: &Section<'_, '_>, key: &'static str) -> Option<PathBuf> {
    section.text(key).map(|found| section.reader.path(&found.value))
}

fn seconds(section: &Section<'_, '_>, key: &'static str, default: u64, most: u64) -> Duration {
    Duration::from_secs(section.whole(key, default, 1..=most))
}
