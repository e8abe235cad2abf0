//! Configurations that load, and reports about those that do not.

mod clamd;
mod defaults;
mod desk;
mod documents;
mod example;
mod files;
mod intake;
mod keys;
mod kle;
mod metrics;
mod properties;
mod reports;
mod retrain;
mod terms;
mod traces;

use std::path::Path;

use super::report::{ConfigReport, Warning};
use super::{Config, from_str};

/// Enough for a configuration: one mailbox.
const MAILBOX: &str = "[[mailbox]]\nid = \"skole\"\nname = \"Skole\"\n";

/// Loads `text` and a mailbox behind it.
fn loaded(text: &str) -> (Config, Vec<Warning>) {
    let text = format!("{text}\n{MAILBOX}");
    from_str(&text, Path::new("/srv/postbud")).unwrap_or_else(|report| panic!("{report}"))
}

/// The report about `text` and a mailbox behind it.
fn refused(text: &str) -> ConfigReport {
    let text = format!("{text}\n{MAILBOX}");
    match from_str(&text, Path::new("/srv/postbud")) {
        Ok(_) => panic!("this should be refused:\n{text}"),
        Err(report) => report,
    }
}
