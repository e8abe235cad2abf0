//! The largest message that Digital Post carries is read within three times its size of memory.
#![allow(clippy::unwrap_used)]

use std::process::Command;

use postbud_letter::{Limits, read};

/// 99.5 MB, as Digital Post counts.
const MESSAGE_BYTES: usize = 99_500_000;
/// Tells the test that it is the process to be measured.
const CHILD: &str = "POSTBUD_LETTER_MEMORY_CHILD";

/// A message of this size: one text, and one document that fills the rest.
fn large(folded: bool) -> Vec<u8> {
    let head = "<m:Message xmlns:m=\"https://DigitalPost.dk/MeMo-1\" memoVersion=\"1.2\"><m:MessageHeader>\
        <m:messageType>DIGITALPOST</m:messageType><m:messageUUID>8c2ea15d-61fb-4ba9-9366-42f8b194c114</m:messageUUID>\
        <m:label>Stor</m:label><m:Sender><m:senderID>1</m:senderID></m:Sender><m:Recipient/></m:MessageHeader>\
        <m:MessageBody><m:MainDocument><m:File><m:encodingFormat>text/plain</m:encodingFormat><m:filename>a.txt</m:filename>\
        <m:content>SGVq</m:content></m:File></m:MainDocument><m:AdditionalDocument><m:File>\
        <m:encodingFormat>application/pdf</m:encodingFormat><m:filename>b.pdf</m:filename><m:content>";
    let tail = "</m:content></m:File></m:AdditionalDocument></m:MessageBody></m:Message>";
    let mut raw = Vec::with_capacity(MESSAGE_BYTES + 100);
    raw.extend(head.as_bytes());
    let line: &[u8] = if folded { b"QUJDREVGR0hJSktM\r\n" } else { b"QUJDREVGR0hJSktM" };
    while raw.len() + line.len() + tail.len() <= MESSAGE_BYTES {
        raw.extend(line);
    }
    raw.extend(tail.as_bytes());
    raw
}

/// The most memory that this process has held, in bytes.
fn peak_bytes() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<usize>().ok().map(|kib| kib * 1024)
}

#[test]
fn the_largest_message_fits_into_three_times_its_size() {
    if peak_bytes().is_none() {
        println!("skipped: this system does not say how much memory a process has held");
        return;
    }
    // A process of its own, so that no other test's memory is counted.
    for form in ["folded", "one line"] {
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "measured_in_a_process_of_its_own", "--nocapture"])
            .env(CHILD, form)
            .status()
            .unwrap();
        assert!(status.success(), "{form}");
    }
}

#[test]
fn measured_in_a_process_of_its_own() {
    let Ok(form) = std::env::var(CHILD) else {
        return;
    };
    let raw = large(form == "folded");
    let letter = read(&raw, &Limits::default());
    assert_eq!(letter.defects, []);
    assert_eq!(letter.text.new, "Hej");
    let document = &letter.documents[0].bytes;
    assert!(document.len() > raw.len() / 2 && document.starts_with(b"ABCDEFGHIJKLABC"));
    let peak = peak_bytes().unwrap();
    println!("{form}: {} bytes read with {peak} bytes of memory", raw.len());
    assert!(peak < 3 * raw.len(), "{peak}");
}
