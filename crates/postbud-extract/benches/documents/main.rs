//! What reading documents costs, by kind, and how the bombs end: `cargo bench -p postbud-extract`, or
//! only a part of it with `-- kinds`, `-- letters` or `-- bombs`.
//!
//! Each document is measured in a process of its own, which stands for the router: it starts a reader,
//! has it read the document, and waits for its end. What the reader and the programs that it started
//! cost is then what the kernel says of the children that were waited for: processor time, and the
//! most memory that any of them had at once.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on says nothing")]

mod bombs;
mod kinds;
mod letters;
#[path = "../../tests/made/mod.rs"]
mod made;
mod measured;

use std::ffi::OsString;

use postbud_extract::Launch;

/// Arguments with which this program starts itself.
const WORKER: &str = "--worker";
const LAUNCH: &str = "--launch";
const MEASURE: &str = "--measure";

fn main() -> std::io::Result<()> {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    match args.first().and_then(|first| first.to_str()) {
        Some(WORKER) => return postbud_extract::worker::run(1 << 30),
        Some(LAUNCH) => {
            let launch = Launch::from_args(&args[1..]).unwrap();
            let _ = postbud_extract::launch(&launch);
            std::process::exit(Launch::NOT_STARTED)
        }
        Some(MEASURE) => return measured::here(&args[1..]),
        _ => {}
    }
    let parts: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let wanted = |part: &str| {
        let named = parts.iter().any(|part| !part.starts_with('-'));
        !named || parts.contains(&part)
    };
    if wanted("kinds") {
        kinds::run();
    }
    if wanted("letters") {
        letters::run();
    }
    if wanted("bombs") {
        bombs::run();
    }
    Ok(())
}
