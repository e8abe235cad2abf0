//! Documents: PDF, Office, HTML, RTF, mail, ZIP. What is found stays within its budget.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postbud_extract::Budget;
use postbud_extract::read::{Task, document};

fuzz_target!(|bytes: &[u8]| {
    let budget = Budget {
        unpacked_bytes: 1 << 20,
        text_bytes: 16 << 10,
        pages: 20,
        entries: 50,
        ..Budget::default()
    };
    let found = document(bytes, &Task::from(&budget));
    assert!(found.text.len() as u64 <= budget.text_bytes);
});
