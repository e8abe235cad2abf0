//! Arguments of `extract-worker` and `extract-program`.

use std::ffi::OsString;

use clap::Args;

/// Arguments of `extract-worker`.
#[derive(Debug, Args)]
pub(crate) struct ExtractWorkerArgs {
    /// The most memory that the process may use, in bytes
    #[arg(long)]
    pub(crate) memory: u64,
}

/// Arguments of `extract-program`.
#[derive(Debug, Args)]
pub(crate) struct ExtractProgramArgs {
    /// Bytes of memory, seconds of processor time, the program, and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) launch: Vec<OsString>,
}
