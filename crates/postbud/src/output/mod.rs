//! What people and programs read: tables, JSON, progress bars, and their words in two languages.

mod plain;
mod progress;
mod table;
mod words;

pub(crate) use plain::{cut, decide_lang, moment, plain};
pub(crate) use progress::bar;
pub(crate) use table::{figures, percent, table};
pub(crate) use words::{Words, lang, words};

use anyhow::Context;
use serde::Serialize;

/// Prints one JSON document on standard output.
pub(crate) fn json(document: &impl Serialize) -> anyhow::Result<()> {
    let text =
        serde_json::to_string_pretty(document).context("the result cannot be written as JSON")?;
    line(&text)
}

/// Prints text and a line end on standard output. A reader that has gone away (`| head`) is no
/// error.
pub(crate) fn line(text: &str) -> anyhow::Result<()> {
    use std::io::{ErrorKind, Write, stdout};
    match writeln!(stdout().lock(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("standard output cannot be written"),
    }
}
