//! From the bytes to the decision, with the rules and mailboxes of the template: it never panics,
//! and the same letter is decided the same way, to the byte.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use postbud_decide::{Decision, Settings, decide};
use postbud_letter::{Limits, read};

#[allow(dead_code, unused_imports, reason = "only the reading of a text is used")]
#[path = "../../../crates/postbud/src/config/mod.rs"]
mod config;

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    let (config, _) = config::from_str(&config::template(), Path::new("/nowhere"))
        .unwrap_or_else(|_| panic!("the template is no configuration"));
    config.settings
});

fuzz_target!(|raw: &[u8]| {
    let letter = read(raw, &Limits::default());
    let decision: Decision = decide(&letter, &SETTINGS, || None);
    let text = serde_json::to_string(&decision).expect("a decision can be stored");
    let back: Decision = serde_json::from_str(&text).expect("and read again");
    assert_eq!(back, decision);
    assert_eq!(decide(&letter, &SETTINGS, || None), decision);
});
