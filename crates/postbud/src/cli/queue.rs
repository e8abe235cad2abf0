//! Arguments of `queue`.

use clap::{Args, Subcommand};

use super::{ConfigArgs, OutputArgs};

/// Arguments of `queue`.
#[derive(Debug, Args)]
pub(crate) struct QueueArgs {
    #[command(subcommand)]
    pub(crate) command: QueueCommand,
}

/// What to do with the queue.
#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// How many messages wait where
    Depth(QueueDepthArgs),
    /// The dead letters with their reasons
    Dead(QueueDeadArgs),
    /// Put dead letters back on the queue
    Replay(QueueReplayArgs),
}

/// Arguments of `queue depth`.
#[derive(Debug, Args)]
pub(crate) struct QueueDepthArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `queue dead`.
#[derive(Debug, Args)]
pub(crate) struct QueueDeadArgs {
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `queue replay`.
#[derive(Debug, Args)]
pub(crate) struct QueueReplayArgs {
    /// Only the dead letter of this id
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub(crate) id: Option<String>,
    /// All of them
    #[arg(long, conflicts_with = "id")]
    pub(crate) all: bool,
    /// With --all: at most so many in a second
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(5..=10_000))]
    pub(crate) per_second: u32,
    /// Who does this; stored with the time and the letter
    #[arg(long, value_name = "NAME", env = "USER", default_value = "terminal")]
    pub(crate) by: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
