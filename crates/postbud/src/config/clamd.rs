//! `[clamd]`: the malware scanner, where there is one.

use std::time::Duration;

use postbud_extract::clamd::{Address, Options};

use super::section::Section;

/// Longer than this, and with its documents the letter would count as one that does not end.
const MOST_SECONDS: u64 = 15;
/// A letter has no more.
const MOST_BYTES: u64 = 1 << 30;
/// What clamd takes when nobody tells it otherwise (its `StreamMaxLength`).
const BYTES: u64 = 25 << 20;
/// A week.
const MOST_MINUTES: u64 = 7 * 24 * 60;

/// The malware scanner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clamd {
    /// How it is asked.
    pub(crate) options: Options,
    /// How long letters wait for one that is away before they go to people unchecked.
    pub(crate) wait: Duration,
}

/// Reads `[clamd]`; `None` when nobody looks for malware.
pub(super) fn clamd(section: Section<'_, '_>) -> Option<Clamd> {
    let address = section.text("address");
    let time = Duration::from_secs(section.whole("seconds", 10, 1..=MOST_SECONDS));
    let max_bytes = section.whole("max_bytes", BYTES, 1..=MOST_BYTES);
    let wait = Duration::from_secs(60 * section.whole("wait_minutes", 60, 0..=MOST_MINUTES));
    let clamd = match address {
        Some(said) => read(&section, &said.value)
            .map(|address| Clamd { options: Options { address, time, max_bytes }, wait }),
        None => {
            // A limit without an address would look like a check that is not there.
            if !section.is_empty() && !section.has("address") {
                let instead = "address = \"unix:/run/clamav/clamd.ctl\"";
                section.fault("address", "this key is missing", instead);
            }
            None
        }
    };
    section.finish();
    clamd
}

fn read(section: &Section<'_, '_>, said: &str) -> Option<Address> {
    let address = match said.split_once(':') {
        Some(("unix", path)) if path.starts_with('/') => Some(Address::Unix(path.into())),
        Some(("tcp", address)) => address.parse().ok().map(Address::Tcp),
        _ => None,
    };
    if address.is_none() {
        section.fault(
            "address",
            "this is no address of clamd",
            "\"unix:/run/clamav/clamd.ctl\", or \"tcp:127.0.0.1:3310\" with the numbers of an address",
        );
    }
    if let Some(Address::Tcp(to)) = &address
        && !to.ip().is_loopback()
    {
        section.warn(
            "address",
            "letters cross the network unencrypted: clamd knows no TLS",
            "clamd on this machine, or a tunnel to where it is",
        );
    }
    address
}
