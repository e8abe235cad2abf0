//! The keys in `[store]`.

use std::path::{Path, PathBuf};

use super::{loaded, refused};
use crate::config::keys::{KeySource, Keys};

#[test]
fn where_keys_come_from() {
    assert_eq!(loaded("").0.store_keys, None);
    let (config, warnings) = loaded("[store]\nkey_file = \"a.key\"\nmore_key_files = [\"/b\"]");
    assert!(warnings.is_empty(), "{warnings:?}");
    let current = KeySource::File(Path::new("/srv/postbud/a.key").to_owned());
    assert_eq!(config.store_keys, Some(Keys { current, more: vec![PathBuf::from("/b")] }));
    let (config, _) = loaded("[store]\nkey_command = [\"kms\", \"-x\"]");
    let current = KeySource::Command(vec!["kms".to_owned(), "-x".to_owned()]);
    assert_eq!(config.store_keys, Some(Keys { current, more: Vec::new() }));
}

#[test]
fn what_makes_no_sense_is_refused() {
    insta::assert_snapshot!(
        [
            "[store]\nkey_file = \"a\"\nkey_command = [\"kms\"]",
            "[store]\nkey_command = []",
            "[store]\nmore_key_files = [\"b\"]",
            "[store]\nkey_file = 7",
        ]
        .map(|text| refused(text).to_string())
        .join("\n")
    );
}
