//! Walks a TOML document: every value is asked for by name, every fault is noted, nothing stops.
//!
//! A [`Section`] is one table. Asking it for a key makes the key known; [`Section::finish`]
//! refuses those that nobody asked for.

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml_edit::{Item, TableLike, Value};

use super::nearest::nearest;
use super::report::{Notes, Warning, note};

/// Longer names are cut in reports.
const NAME_CHARS_MAX: usize = 40;

/// A part of the text.
pub(super) type Span = Option<Range<usize>>;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Span,
}

/// The file that is read, and what was noted about it.
pub(super) struct Reader<'d> {
    text: &'d str,
    base: &'d Path,
    notes: RefCell<Notes>,
}

impl<'d> Reader<'d> {
    /// Reads `text`; relative paths in it start at `base`.
    pub(super) fn new(text: &'d str, base: &'d Path) -> Self {
        Self { text, base, notes: RefCell::default() }
    }

    /// Notes something that must be mended.
    pub(super) fn fault(
        &self,
        span: Span,
        key: &str,
        what: impl Into<String>,
        instead: impl Into<String>,
    ) {
        let note = note(self.text, span, key, what, instead);
        self.notes.borrow_mut().faults.push(note);
    }

    /// Notes something that is probably not meant.
    pub(super) fn warn(
        &self,
        span: Span,
        key: &str,
        what: impl Into<String>,
        instead: impl Into<String>,
    ) {
        let note = note(self.text, span, key, what, instead);
        self.notes.borrow_mut().warnings.push(Warning(note));
    }

    /// A path of the file, from where its relative paths start.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        self.base.join(text)
    }

    /// Everything noted.
    pub(super) fn into_notes(self) -> Notes {
        self.notes.into_inner()
    }
}

/// One table of the file; also one that is not there, whose every key is then missing.
pub(super) struct Section<'r, 'd> {
    pub(super) reader: &'r Reader<'d>,
    path: String,
    pub(super) table: Option<&'r dyn TableLike>,
    span: Span,
    known: RefCell<Vec<&'static str>>,
}

impl<'r, 'd> Section<'r, 'd> {
    /// A table at `path`, such as `delivery.smtp`.
    pub(super) fn new(
        reader: &'r Reader<'d>,
        path: String,
        table: Option<&'r dyn TableLike>,
        span: Span,
    ) -> Self {
        Self { reader, path, table, span, known: RefCell::default() }
    }

    /// Is the table in the file?
    pub(super) fn is_present(&self) -> bool {
        self.table.is_some()
    }

    /// No keys at all?
    pub(super) fn is_empty(&self) -> bool {
        self.table.is_none_or(TableLike::is_empty)
    }

    /// Where the table stands.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// What the table is called.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Says which of several tables this is: `mailbox 3` becomes `mailbox 3 (skole)`.
    pub(super) fn add_to_path(&mut self, what: &str) {
        let what: String = what.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
        self.path = format!("{} ({what})", self.path);
    }

    /// Is the key in the table?
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// The full name of a key.
    pub(super) fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Notes a fault of a key; where the key is missing, at the table.
    pub(super) fn fault(&self, key: &str, what: impl Into<String>, instead: impl Into<String>) {
        self.reader.fault(self.span_of(key), &self.name(key), what, instead);
    }

    /// Notes a warning about a key.
    pub(super) fn warn(&self, key: &str, what: impl Into<String>, instead: impl Into<String>) {
        self.reader.warn(self.span_of(key), &self.name(key), what, instead);
    }

    /// Where a key's value stands; for a missing key, where the table does.
    fn span_of(&self, key: &str) -> Span {
        let item = self.table.and_then(|table| table.get(key));
        item.and_then(Item::span).or_else(|| self.span())
    }

    /// The item of a key, which is known from now on.
    pub(super) fn item(&self, key: &'static str) -> Option<&'r Item> {
        self.known.borrow_mut().push(key);
        self.table?.get(key).filter(|item| !item.is_none())
    }

    /// A fault of type: `key` should hold `wanted`, as in `example`.
    pub(super) fn wrong_type(&self, key: &str, found: &Item, wanted: &str, example: &str) {
        let what = format!("{wanted} belongs here, not {}", found.type_name());
        self.reader.fault(found.span(), &self.name(key), what, example);
    }

    /// A table inside this one.
    pub(super) fn section(&self, key: &'static str) -> Section<'r, 'd> {
        let item = self.item(key);
        let table = item.and_then(Item::as_table_like);
        if let (Some(item), None) = (item, table) {
            self.wrong_type(key, item, "a table", &format!("[{}]", self.name(key)));
        }
        Section::new(self.reader, self.name(key), table, item.and_then(Item::span))
    }

    /// A list of tables inside this one: `[[key]]`, or `key = [{ … }, { … }]`.
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'r, 'd>> {
        let Some(item) = self.item(key) else {
            return Vec::new();
        };
        let name = self.name(key);
        let numbered = |number: usize| format!("{name} {}", number + 1);
        if let Some(tables) = item.as_array_of_tables() {
            let section = |(number, table): (usize, &'r toml_edit::Table)| {
                Section::new(self.reader, numbered(number), Some(table), table.span())
            };
            return tables.iter().enumerate().map(section).collect();
        }
        let Some(list) = item.as_array() else {
            let example = if self.path.is_empty() {
                format!("[[{name}]]")
            } else {
                format!("{key} = [{{ … }}, {{ … }}]")
            };
            self.wrong_type(key, item, "a list of tables", &example);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (number, value) in list.iter().enumerate() {
            match value {
                Value::InlineTable(table) => sections.push(Section::new(
                    self.reader,
                    numbered(number),
                    Some(table),
                    table.span(),
                )),
                _ => self.reader.fault(
                    value.span(),
                    &name,
                    "each entry of this list is a table",
                    format!("{key} = [{{ … }}, {{ … }}]"),
                ),
            }
        }
        sections
    }

    /// Refuses the keys that nobody asked for.
    pub(super) fn finish(self) {
        let known = self.known.into_inner();
        let Some(table) = self.table else { return };
        for (key, item) in table.iter() {
            if item.is_none() || known.contains(&key) {
                continue;
            }
            let span = table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
            let place = if self.path.is_empty() {
                "at the top of the file".to_owned()
            } else {
                format!("in {}", self.path)
            };
            let instead = match nearest(key, &known) {
                Some(best) => best.to_owned(),
                None => format!("one of {}", known.join(", ")),
            };
            let what = format!("there is no key \"{key}\" {place}");
            self.reader.fault(span, "", what, instead);
        }
    }
}
