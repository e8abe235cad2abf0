//! The largest message that Digital Post hands out, through the real binary: every byte arrives, and how much
//! memory that takes is measured.

use std::fs;
use std::path::Path;

use postbud_testkit::ngdp::NgdpServer;

use crate::intake::{TOKEN, digital_post};
use crate::settings::{STORSKRALD, memo};
use crate::support::{Installation, Running, postbud, wait_until};

const UUID: &str = "9d2ea15d-61fb-4ba9-9366-42f8b194c111";
const LISTED: &str = "aaaaaaaa-0000-4000-8000-0000000000ff";
/// 99.5 MB, as Digital Post counts.
const LARGEST: usize = 99_500_000;
/// What docs/intake.md says of the ways in alone, and of everything in one process; in bytes.
const INTAKE_AT_MOST: u64 = 120_000_000;
const EVERYTHING_AT_MOST: u64 = 400_000_000;

/// A MeMo message of exactly [`LARGEST`] bytes: a short letter with a large document.
fn largest() -> Vec<u8> {
    let small = memo(UUID, "Til kommunen", STORSKRALD);
    let end = "</memo:MessageBody>";
    let (before, after) = small.split_once(end).unwrap();
    let open = "<memo:AdditionalDocument><memo:File>\
        <memo:encodingFormat>application/octet-stream</memo:encodingFormat>\
        <memo:filename>bilag.bin</memo:filename><memo:language>da</memo:language><memo:content>";
    let close = "</memo:content></memo:File></memo:AdditionalDocument>";
    let rest = LARGEST - before.len() - open.len() - close.len() - end.len() - after.len();
    let mut all = Vec::with_capacity(LARGEST);
    all.extend_from_slice(before.as_bytes());
    all.extend_from_slice(open.as_bytes());
    // Bytes of base64, padded with white space where they do not come out even.
    let text = b"c3RvcnNrcmFsZCBlciBpa2tlIGRldCBzYW1tZQ+/";
    all.extend(text.iter().cycle().take(rest / 4 * 4));
    all.extend(std::iter::repeat_n(b'\n', rest % 4));
    for part in [close, end, after] {
        all.extend_from_slice(part.as_bytes());
    }
    assert_eq!(all.len(), LARGEST);
    all
}

/// The most memory that a process has held so far, in bytes.
fn peak(running: &Running) -> u64 {
    let status =
        fs::read_to_string(Path::new("/proc").join(running.id().to_string()).join("status"));
    let status = status.unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1_024
}

#[test]
fn the_largest_message_of_digital_post_arrives_whole_in_bounded_memory() {
    let server = NgdpServer::start(TOKEN).unwrap();
    let sent = largest();
    server.put(LISTED, sent.clone());
    let here = digital_post(&server);
    // The way in alone: durable and acknowledged.
    let taking = here.start(postbud(&here.path(""), &["run", "intake"]));
    let before = peak(&taking);
    wait_until("the message is acknowledged", || server.waiting().is_empty());
    let intake = peak(&taking);
    assert_eq!(taking.terminate(), 0);
    assert_eq!((server.receipts().len(), server.trouble().len()), (1, 0));
    // Everything that comes after: read, decided, delivered.
    let running = here.run(None);
    here.wait_for("delivered", 1);
    let routing = peak(&running);
    assert_eq!(running.terminate(), 0);
    // And all of it in one process.
    let again = Installation::with(&fs::read_to_string(here.path("postbud.toml")).unwrap());
    again.write("token", TOKEN);
    server.put(LISTED, sent.clone());
    let running = again.run(None);
    again.wait_for("delivered", 1);
    let everything = peak(&running);
    assert_eq!(running.terminate(), 0);
    let mb = |bytes: u64| bytes / 1_000_000;
    println!(
        "peak resident memory with a message of {LARGEST} bytes: the way in alone {} MB ({} MB without), \
         routing alone {} MB, everything {} MB",
        mb(intake),
        mb(before),
        mb(routing),
        mb(everything)
    );
    let id = UUID.to_owned();
    let raw = here.say(&["letters", "show", &id, "--json"]).json();
    assert_eq!(raw["letter"]["row"]["state"], "delivered");
    assert_eq!(here.maildir("affald").len(), 1);
    assert!(here.maildir("affald")[0].1.len() > LARGEST, "the message itself is attached");
    assert!(intake < INTAKE_AT_MOST, "{intake}");
    assert!(routing.max(everything) < EVERYTHING_AT_MOST, "{routing} {everything}");
}
