//! Everything that is wrong with a configuration, at once, for the person who mends it.

use std::fmt;
use std::ops::Range;

/// A place in the file, counted from 1; columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// Which line.
    pub(crate) line: usize,
    /// Which character of the line.
    pub(crate) column: usize,
}

impl Position {
    /// The place of a byte of `text`.
    pub(super) fn of(text: &str, byte: usize) -> Self {
        // The nearest start of a character at or before: a span never splits one, but a fault
        // report must not be the thing that fails.
        let end = (0..=byte.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
        let before = text.get(..end.unwrap_or(0)).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    /// Where; `None` when it is about the file as a whole.
    pub(crate) at: Option<Position>,
    /// The key or table, such as `delivery.smtp.port`; may be empty.
    pub(crate) key: String,
    /// What is wrong.
    pub(crate) what: String,
    /// What to write instead.
    pub(crate) instead: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Position { line, column }) = self.at {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}\n    instead: {}", self.what, self.instead)
    }
}

/// Something that works and is probably not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning(pub(crate) Note);

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a configuration cannot be used: every fault, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigReport {
    /// The file's name, as given.
    pub(crate) file: String,
    /// What must be mended.
    pub(crate) faults: Vec<Note>,
    /// What should be looked at.
    pub(crate) warnings: Vec<Warning>,
}

impl fmt::Display for ConfigReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = count(self.faults.len(), "fault");
        write!(f, "{} cannot be used: {faults}", self.file)?;
        if !self.warnings.is_empty() {
            write!(f, " and {}", count(self.warnings.len(), "warning"))?;
        }
        writeln!(f)?;
        for fault in &self.faults {
            write!(f, "\n  {}\n", indented(fault))?;
        }
        for Warning(note) in &self.warnings {
            write!(f, "\n  warning, {}\n", indented(note))?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigReport {}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn indented(note: &Note) -> String {
    note.to_string().replace('\n', "\n  ")
}

/// Collects notes while a file is read.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) faults: Vec<Note>,
    pub(super) warnings: Vec<Warning>,
}

impl Notes {
    /// In the order of the file; what is about the file as a whole comes first.
    pub(super) fn sort(&mut self) {
        self.faults.sort_by_key(|note| note.at);
        self.warnings.sort_by_key(|warning| warning.0.at);
    }
}

/// A note about `span` of `text`.
pub(super) fn note(
    text: &str,
    span: Option<Range<usize>>,
    key: &str,
    what: impl Into<String>,
    instead: impl Into<String>,
) -> Note {
    Note {
        at: span.map(|span| Position::of(text, span.start)),
        key: key.to_owned(),
        what: what.into(),
        instead: instead.into(),
    }
}
