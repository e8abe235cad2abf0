//! Files that are no TOML: what is wrong with them, line by line.

use std::borrow::Cow;

use toml_edit::TomlError;
use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};
use toml_parser::{ParseError, Source};

use super::report::{Note, note};

/// Faults beyond these are consequences of the first ones.
const FAULTS_MAX: usize = 10;
/// Tables and lists inside each other.
const DEPTH_MAX: u32 = 80;

/// Faults of syntax, one a line. `first` is what stopped the parser that builds the document; this
/// one goes on behind a fault and finds the others.
pub(super) fn faults(text: &str, first: &TomlError) -> Vec<Note> {
    let fault = |span: Option<std::ops::Range<usize>>, what: &str| {
        // What the parser says is about TOML and never repeats the text, which may be a password.
        note(text, span, "", what, instead(what))
    };
    let line = |note: &Note| note.at.map(|at| at.line);
    let mut faults: Vec<Note> = errors(text)
        .iter()
        .map(|error| {
            let span = error.unexpected().or(error.context());
            fault(span.map(|span| span.start()..span.end()), error.description())
        })
        .collect();
    let first = fault(first.span(), first.message());
    if !faults.iter().any(|fault| line(fault) == line(&first)) {
        faults.push(first);
    }
    faults.sort_by_key(|fault| fault.at);
    faults.dedup_by_key(|fault| line(fault));
    faults.truncate(FAULTS_MAX);
    faults
}

fn errors(text: &str) -> Vec<ParseError> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut errors = Vec::new();
    let mut events: Vec<Event> = Vec::new();
    // The guard keeps a file of brackets from exhausting the stack.
    let mut guarded = RecursionGuard::new(&mut events, DEPTH_MAX);
    parse_document(&tokens, &mut guarded, &mut errors);
    // Values are not looked into by the parser itself.
    for event in events.iter().filter(|event| event.kind() == EventKind::Scalar) {
        if let Some(raw) = source.get(event) {
            let _kind = raw.decode_scalar(&mut Cow::Borrowed(""), &mut errors);
        }
    }
    errors
}

fn instead(what: &str) -> &'static str {
    if what.contains("string") || what.contains("quote") {
        "a text stands in quotes: key = \"text\""
    } else if what.contains("duplicate") {
        "each key and each [table] once; several of a kind are written [[mailbox]]"
    } else {
        "key = \"text\", key = 5, [table] or [[list]]; the rest is checked once this can be read"
    }
}
