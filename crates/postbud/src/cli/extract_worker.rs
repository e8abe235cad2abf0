//! Arguments of `extract-worker`.

use clap::Args;

/// Arguments of `extract-worker`.
#[derive(Debug, Args)]
pub(crate) struct ExtractWorkerArgs {
    /// The most memory that the process may use, in bytes
    #[arg(long)]
    pub(crate) memory: u64,
}
