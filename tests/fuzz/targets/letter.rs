//! Mails and MeMo messages: whatever the bytes are, a letter comes of them, within the limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postbud_letter::{Limits, raw_sha256_hex, read};

fuzz_target!(|raw: &[u8]| {
    let limits = Limits { text_bytes: 4 << 10, parts: 50, depth: 16, ..Limits::default() };
    let letter = read(raw, &limits);
    assert_eq!(letter, read(raw, &limits), "the same bytes are the same letter");
    assert!(letter.documents.len() <= limits.parts);
    assert!(letter.text.new.len() + letter.text.quoted.len() <= limits.text_bytes);
    assert!(letter.subject.len() <= limits.field_bytes);
    if letter.memo.is_none() {
        assert!(letter.id.as_str().ends_with(&raw_sha256_hex(raw)[..32]));
    }
});
