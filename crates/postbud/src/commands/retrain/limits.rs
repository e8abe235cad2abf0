//! The limits of a retraining, set by the process on itself before it does anything.

use std::time::Duration;

use anyhow::Context;
use nix::sys::resource::{Resource, setrlimit};

use crate::config::Retrain;

/// Past its processor time the process is told; so much later it is killed.
const GRACE_SECONDS: u64 = 5;

/// Limits writable memory and processor time. Address space is no measure of memory: allocators
/// and threads reserve much of it and use little.
pub(super) fn set(retrain: &Retrain) -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let seconds = retrain.time.max(Duration::from_secs(1)).as_secs().saturating_mul(cores);
    setrlimit(Resource::RLIMIT_CPU, seconds, seconds.saturating_add(GRACE_SECONDS))
        .context("the processor time of the retraining could not be limited")?;
    setrlimit(Resource::RLIMIT_DATA, retrain.memory, retrain.memory)
        .context("the memory of the retraining could not be limited")
}
