//! `postbud.toml`: read, checked as a whole, and turned into what the parts need.
//!
//! Nothing stops at the first fault: [`load`] walks the whole file and reports everything that is
//! wrong with it at once, each with its line and with what to write instead. Relative paths in a
//! file start at the directory that the file is in, not where the command was started.

mod address;
mod checks;
mod clamd;
mod delivery;
mod desk;
mod desk_checks;
mod documents;
mod example;
mod intake;
mod keys;
mod kle;
mod mailboxes;
mod metrics;
mod nearest;
mod oidc;
mod outlets;
mod patterns;
mod plain;
mod privacy;
mod read;
mod report;
mod retrain;
mod rules;
mod secret;
mod section;
mod services;
mod syntax;
mod targets;
mod terms;
#[cfg(test)]
mod tests;
mod traces;
mod types;
mod values;

use std::io::Read as _;
use std::path::Path;

pub(crate) use clamd::Clamd;
pub(crate) use desk::Desk;
pub(crate) use example::{demo, template, template_for};
pub(crate) use intake::{Foreign, Intake};
pub(crate) use keys::KeySource;
pub(crate) use outlets::Certificates;
pub(crate) use privacy::Privacy;
pub(crate) use retrain::{Retrain, Schedule};
pub(crate) use secret::read_password;
pub(crate) use types::{Config, LogFormat, QueueKind, Store, Tls};

use report::{ConfigReport, Note, Warning};

/// A larger file is no configuration.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Reads and checks a configuration file, and the password files it names.
///
/// # Errors
/// A report that names every fault.
pub(crate) fn load(path: &Path) -> Result<(Config, Vec<Warning>), ConfigReport> {
    let file = path.display().to_string();
    match read_limited(path) {
        Ok(text) => {
            let base = path.parent().unwrap_or(Path::new(""));
            read::read(&text, &file, base)
        }
        Err((what, instead)) => {
            let fault = Note { at: None, key: String::new(), what, instead };
            Err(ConfigReport { file, faults: vec![fault], warnings: Vec::new() })
        }
    }
}

/// Checks a configuration that is not in a file; relative paths in it start at `base_dir`.
///
/// # Errors
/// A report that names every fault.
pub(crate) fn from_str(
    text: &str,
    base_dir: &Path,
) -> Result<(Config, Vec<Warning>), ConfigReport> {
    read::read(text, "postbud.toml", base_dir)
}

/// The text of a file, or what is wrong with it and what to do.
fn read_limited(path: &Path) -> Result<String, (String, String)> {
    let unreadable = |error: std::io::Error| {
        let instead = match error.kind() {
            std::io::ErrorKind::NotFound => "`postbud init` writes one with comments",
            std::io::ErrorKind::InvalidData => "save the file as UTF-8",
            _ => "a file that this user may read",
        };
        (format!("the file cannot be read ({error})"), instead.to_owned())
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        let what = format!("the file is larger than {FILE_BYTES_MAX} bytes");
        return Err((what, "a configuration as `postbud init` writes it".to_owned()));
    }
    Ok(text)
}
