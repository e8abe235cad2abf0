//! `postbud trial`: the process in which `postbud run` reads letters that may do harm.
//!
//! It says one byte when it is ready. Then, for each letter: eight bytes of length, little end
//! first, and the letter come in on standard input; it reads the letter, decides about it, throws
//! the decision away, and answers one byte. A letter that does harm ends it instead.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};
use postbud_pipeline::ports::Timestamp;
use postbud_pipeline::{Steps, time_for};

use crate::classifier::configured;
use crate::cli::TrialArgs;
use crate::{documents, telemetry, wiring};

/// A letter of 100 MB with its copies, and the model.
const MEMORY: u64 = 1 << 30;
/// As the threads have on which the worker reads.
const STACK: usize = 2 << 20;
/// No message is larger; what claims to be is not one of ours.
const LARGEST: u64 = 256 << 20;
/// Nice: one thirtieth of what others get who want the same processor.
const LOW: i32 = 15;
/// What counts as harmless, a panic included: that one is caught where it matters.
const ALIVE: &[u8] = b".";

/// Reads letters until there are no more.
pub(crate) fn run(args: &TrialArgs) -> anyhow::Result<()> {
    let config = wiring::load(&args.config)?;
    telemetry::start(config.log.format, "warn");
    if args.low {
        rustix::process::nice(LOW)?;
    }
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    setrlimit(Resource::RLIMIT_DATA, MEMORY, MEMORY)
        .context("the memory of the trial could not be limited")?;
    let steps = wiring::steps(&config, configured(&config)?, documents::reader(&config));
    let base = Duration::from_millis(args.milliseconds);
    // What does not fit on the stack in the worker must not fit here either.
    let reader = std::thread::Builder::new().stack_size(STACK).spawn(move || read(&steps, base))?;
    reader.join().map_err(|_| anyhow::anyhow!("the trial ended by a fault of its own"))?
}

fn read(steps: &Steps, base: Duration) -> anyhow::Result<()> {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    output.write_all(ALIVE)?;
    output.flush()?;
    while let Some(raw) = next(&mut input)? {
        limit_processor_time(time_for(base, raw.len()))?;
        let _ = steps.entry_caught(raw, Timestamp::now());
        output.write_all(ALIVE)?;
        output.flush()?;
    }
    Ok(())
}

fn next(input: &mut impl Read) -> anyhow::Result<Option<Bytes>> {
    let mut length = [0; 8];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        answer => answer?,
    }
    let length = u64::from_le_bytes(length);
    anyhow::ensure!(length <= LARGEST, "a letter on trial claims {length} bytes");
    let mut raw = Vec::new();
    input.take(length).read_to_end(&mut raw)?;
    anyhow::ensure!(raw.len() as u64 == length, "a letter on trial was cut off");
    Ok(Some(raw.into()))
}

/// Whoever started this process may be gone: an endless loop must end nevertheless.
fn limit_processor_time(more: Duration) -> anyhow::Result<()> {
    let used = getrusage(UsageWho::RUSAGE_SELF)?;
    let seconds = |time: nix::sys::time::TimeVal| u64::try_from(time.tv_sec()).unwrap_or(0);
    let used = seconds(used.user_time()) + seconds(used.system_time());
    let soft = used.saturating_add(more.as_secs()).saturating_add(1);
    // The hard limit cannot be raised again: it stays where it is.
    setrlimit(Resource::RLIMIT_CPU, soft, nix::sys::resource::RLIM_INFINITY)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_come_one_after_the_other_and_a_cut_one_is_an_error() {
        let mut wire = Vec::new();
        for letter in [&b"first"[..], b"", b"third"] {
            wire.extend((letter.len() as u64).to_le_bytes());
            wire.extend(letter);
        }
        let mut input = wire.as_slice();
        for letter in [&b"first"[..], b"", b"third"] {
            assert_eq!(next(&mut input).unwrap().unwrap(), letter);
        }
        assert!(next(&mut input).unwrap().is_none());
        assert!(next(&mut &wire[..10]).is_err());
        assert!(next(&mut &u64::MAX.to_le_bytes()[..]).is_err());
    }
}
