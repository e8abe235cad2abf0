//! `postbud extract-worker`: the process that reads documents for the router, and can do nothing
//! else. `postbud extract-program`: the process that limits itself and becomes another program, such
//! as tesseract. People never start them.

use anyhow::Context;
use postbud_extract::Launch;

use crate::cli::{ExtractProgramArgs, ExtractWorkerArgs};

/// Reads documents until standard input is closed. Runs before there is any other thread.
pub(crate) fn run(args: &ExtractWorkerArgs) -> anyhow::Result<()> {
    Ok(postbud_extract::worker::run(args.memory)?)
}

/// Returns only when the other program could not be started. Runs before there is any other thread.
pub(crate) fn become_program(args: &ExtractProgramArgs) -> anyhow::Result<()> {
    let launch = Launch::from_args(&args.launch).context("a program and its limits are missing")?;
    let _ = postbud_extract::launch(&launch);
    // Whoever started this knows the code; there is nobody to read a sentence.
    std::process::exit(Launch::NOT_STARTED)
}
