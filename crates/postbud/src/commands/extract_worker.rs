//! `postbud extract-worker`: the process that reads documents for the router, and can do nothing
//! else. People never start it.

use crate::cli::ExtractWorkerArgs;

/// Reads documents until standard input is closed. Runs before there is any other thread.
pub(crate) fn run(args: &ExtractWorkerArgs) -> anyhow::Result<()> {
    Ok(postbud_extract::worker::run(args.memory)?)
}
