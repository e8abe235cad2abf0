//! `key_file`, `key_command` and `more_key_files` in `[store]`: where its master keys come from.

use std::path::PathBuf;

use super::section::Section;

/// The longest command, in words.
const WORDS: usize = 32;

/// Where the master keys of the store come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keys {
    /// The one under which letters are encrypted.
    pub(crate) current: KeySource,
    /// Files of others that only open: the one before, or the one to come.
    pub(crate) more: Vec<PathBuf>,
}

/// Where one key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// A file that holds it.
    File(PathBuf),
    /// A program and its arguments, which prints it: the client of a key management system.
    Command(Vec<String>),
}

/// Reads the keys' part of `[store]`.
pub(super) fn keys(section: &Section<'_, '_>) -> Option<Keys> {
    let file = section.text("key_file").map(|found| section.reader.path(&found.value));
    let command: Vec<String> =
        section.texts("key_command").into_iter().map(|word| word.value).collect();
    let more = section.texts("more_key_files").into_iter();
    let more: Vec<PathBuf> = more.map(|found| section.reader.path(&found.value)).collect();
    if command.len() > WORDS {
        let example = "key_command = [\"/usr/local/bin/kms\", \"decrypt\", \"postbud\"]";
        section.fault("key_command", "a command is a program and its arguments", example);
    }
    let current = match (file, command.is_empty()) {
        (Some(_), false) => {
            section.fault("key_command", "the key already comes from key_file", "one of the two");
            None
        }
        (Some(file), true) => Some(KeySource::File(file)),
        (None, false) => Some(KeySource::Command(command)),
        (None, true) => None,
    };
    if current.is_none() && !more.is_empty() {
        let what = "there is no key under which letters are encrypted";
        section.fault("more_key_files", what, "key_file = \"/etc/postbud/store.key\" beside it");
    }
    Some(Keys { current: current?, more })
}
