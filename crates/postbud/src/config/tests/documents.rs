//! `[documents]`, `[privacy]` and `[retention]`.

use std::path::Path;
use std::time::Duration;

use postbud_extract::Budget;
use postbud_store::Purpose;

use super::{loaded, refused};

#[test]
fn nothing_said_is_read_within_the_default_budget() {
    let (config, _) = loaded("");
    assert_eq!(config.documents, Some(Budget::default()));
    assert_eq!(config.privacy.key_file, Path::new("/srv/postbud/postbud-data/privacy.key"));
    assert!(config.privacy.retention);
    let days = Purpose::ALL.map(|purpose| config.privacy.days(purpose));
    assert_eq!(days, [30, 730, 1_825, 730, 365, 1_825, 90]);
}

#[test]
fn everything_can_be_said() {
    let (config, warnings) = loaded(
        "[documents]\ndocument_bytes = 1\nunpacked_bytes = 2\ntext_bytes = 3\npages = 4\nentries = 5\n\
         depth = 6\ndocument_seconds = 7\nletter_documents = 8\nletter_bytes = 9\nletter_seconds = 10\n\
         ocr_pages = 0\nocr_pixels = 13\nocr_language = \"dan+deu\"\nmemory_bytes = 2147483648\nworkers = 11\ndocuments_per_worker = 12\n\
         [privacy]\nkey_file = \"/etc/postbud/key\"\n\
         [retention]\nenforce = false\nletters_days = 1\ntraining_days = 2\ndecisions_days = 3\n\
         access_days = 4\nquarantined_days = 5\nstatistics_days = 6\nleftovers_days = 7",
    );
    assert!(warnings.is_empty(), "{warnings:?}");
    let budget = config.documents.unwrap();
    assert_eq!((budget.document_bytes, budget.unpacked_bytes, budget.text_bytes), (1, 2, 3));
    assert_eq!((budget.pages, budget.entries, budget.depth), (4, 5, 6));
    assert_eq!(budget.document_time, Duration::from_secs(7));
    assert_eq!((budget.letter_documents, budget.letter_bytes), (8, 9));
    assert_eq!(budget.letter_time, Duration::from_secs(10));
    assert_eq!((budget.memory_bytes, budget.workers), (2 << 30, 11));
    assert_eq!((budget.ocr_pages, budget.ocr_pixels), (0, 13));
    assert_eq!((budget.ocr_language.as_str(), budget.documents_per_worker), ("dan+deu", 12));
    assert_eq!(config.privacy.key_file, Path::new("/etc/postbud/key"));
    assert!(!config.privacy.retention);
    let days = Purpose::ALL.map(|purpose| config.privacy.days(purpose));
    assert_eq!(days, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(loaded("[documents]\nread = false").0.documents, None);
}

#[test]
fn what_cannot_be_is_named() {
    for (text, part) in [
        ("[documents]\ndocument_seconds = 60", "from 1 to 25"),
        ("[documents]\nmemory_bytes = 1000", "memory_bytes"),
        ("[documents]\nworkers = 0", "from 1 to 64"),
        ("[documents]\nread = \"yes\"", "true or false"),
        ("[documents]\nocr_language = \"../dan\"", "no language"),
        ("[documents]\nocr_pages = 51", "from 0 to 50"),
        ("[documents]\ntessdata = \"x\"", "there is no key"),
        ("[retention]\nletters_days = 0", "from 1 to"),
        ("[privacy]\nkey = \"x\"", "key_file"),
    ] {
        let said = refused(text).to_string();
        assert!(said.contains(part), "{text}: {said}");
    }
}

#[test]
fn a_rule_about_documents_that_nobody_reads_is_refused() {
    let rule = "[[rule]]\nname = \"Attest\"\nto = \"person\"\nwhen = { not = { document_words = \"a\" } }\n";
    loaded(rule);
    let refused = refused(&format!("[documents]\nread = false\n{rule}"));
    insta::assert_snapshot!(refused.to_string());
}
