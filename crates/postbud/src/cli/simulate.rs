//! Arguments of `simulate`.

use std::path::PathBuf;

use clap::Args;

use super::OutputArgs;

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Labelled letters, as `train` reads them
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    pub(crate) letters: Vec<PathBuf>,
    /// How often to draw letters and certify on them
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) resamplings: u32,
    /// The largest share of routed letters that may be wrong
    #[arg(long, default_value_t = 0.02)]
    pub(crate) target: f64,
    /// How sure to be of that
    #[arg(long, default_value_t = 0.95)]
    pub(crate) confidence: f64,
    /// Mailboxes that nothing is routed to
    #[arg(long, value_name = "MAILBOX", default_value = "andet")]
    pub(crate) never: Vec<String>,
    /// The same letters and seed give the same figures
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
