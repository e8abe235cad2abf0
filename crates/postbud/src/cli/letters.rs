//! Arguments of `letters` and `assign`.

use clap::{Args, Subcommand, ValueEnum};

use super::{ConfigArgs, OutputArgs};

/// Arguments of `letters`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct LettersArgs {
    #[command(subcommand)]
    pub(crate) command: Option<LettersCommand>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// What to do with letters.
#[derive(Debug, Subcommand)]
pub(crate) enum LettersCommand {
    /// List letters, oldest first
    List(ListArgs),
    /// One letter: its text, its decision with the reason, what happened to it
    Show(ShowArgs),
}

/// Arguments of `letters list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only letters in this state
    #[arg(long, value_enum)]
    pub(crate) state: Option<StateArg>,
    /// Only letters for this mailbox (in review: suggested first)
    #[arg(long, value_name = "ID")]
    pub(crate) mailbox: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,
    /// Leave out so many of the oldest
    #[arg(long, default_value_t = 0)]
    pub(crate) offset: u32,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// The states of a letter, as arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateArg {
    /// On its way to a mailbox
    Routed,
    /// In its mailbox
    Delivered,
    /// Waiting for a person
    Review,
    /// Set aside, since another letter has the same id
    Quarantined,
}

/// Arguments of `letters show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The letter's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Who looks; stands in the access log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "terminal")]
    pub(crate) by: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `assign`.
#[derive(Debug, Args)]
pub(crate) struct AssignArgs {
    /// The letter's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The mailbox it belongs to
    #[arg(value_name = "MAILBOX")]
    pub(crate) mailbox: String,
    /// Who decides; stored with the label
    #[arg(long, value_name = "NAME", env = "USER", default_value = "terminal")]
    pub(crate) by: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
