//! Arguments of `bench`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::OutputArgs;

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) command: BenchCommand,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Letters per second from the queue to the mailboxes with everything durable, beside a bare
    /// relay of the same messages on the same broker
    Pipeline(BenchPipelineArgs),
    /// Seconds and memory to train a model, and letters per second on one core
    Model(BenchModelArgs),
    /// Milliseconds until the desk has answered with its waiting list, while many letters wait
    Desk(BenchDeskArgs),
}

/// Arguments of `bench desk`.
#[derive(Debug, Args)]
pub(crate) struct BenchDeskArgs {
    /// How many letters wait
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub(crate) letters: u32,
    /// How often each page is asked for
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(20..=100_000))]
    pub(crate) requests: u32,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `bench model`.
#[derive(Debug, Args)]
pub(crate) struct BenchModelArgs {
    /// Labelled letters to train on: files or folders, as for `train`
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    pub(crate) letters: Vec<PathBuf>,
    /// Labelled letters to classify; without, those trained on
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(crate) test: Vec<PathBuf>,
    /// Also train on 10,000, 20,000 and 50,000 letters made of those given, to show how the cost
    /// grows
    #[arg(long)]
    pub(crate) scale: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `bench pipeline`.
#[derive(Debug, Args)]
pub(crate) struct BenchPipelineArgs {
    /// The configuration whose queue and store are used. Queues get a prefix of their own; the
    /// store is written to, so name an empty one
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// How many letters
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) letters: u32,
    /// About how large each is, in bytes
    #[arg(long, default_value_t = 8_192, value_parser = clap::value_parser!(u32).range(512..=1_048_576))]
    pub(crate) bytes: u32,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
