//! `postbud.toml`: any text is a configuration or a report of its faults.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, unused_imports, reason = "only the reading of a text is used")]
#[path = "../../../crates/postbud/src/config/mod.rs"]
mod config;

fuzz_target!(|text: &str| {
    match config::from_str(text, Path::new("/nowhere")) {
        Ok(_) => {}
        Err(report) => assert!(report.to_string().contains("postbud.toml")),
    }
});
