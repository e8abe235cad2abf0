//! Arguments of `labels`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use postbud_pipeline::ports::LabelSource;

use super::{ConfigArgs, OutputArgs};

/// Arguments of `labels`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct LabelsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<LabelsCommand>,
    #[command(flatten)]
    pub(crate) list: ListLabelsArgs,
}

/// What to do with labels.
#[derive(Debug, Subcommand)]
pub(crate) enum LabelsCommand {
    /// List labels, oldest first
    List(ListLabelsArgs),
    /// Take a label back: it stays for whoever asks later, and no model learns from it
    Withdraw(WithdrawArgs),
    /// Store sorted mail from before Postbud as labelled letters, without sending any of it
    Import(ImportArgs),
}

/// Arguments of `labels list`.
#[derive(Debug, Args)]
pub(crate) struct ListLabelsArgs {
    /// Only those of this letter
    #[arg(long, value_name = "ID")]
    pub(crate) letter: Option<String>,
    /// Only those for this mailbox
    #[arg(long, value_name = "ID")]
    pub(crate) mailbox: Option<String>,
    /// Only those that came about like this
    #[arg(long, value_enum)]
    pub(crate) source: Option<SourceArg>,
    /// Only those of letters about which people disagree
    #[arg(long)]
    pub(crate) disputed: bool,
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

/// How labels come about, as arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SourceArg {
    /// Decided at the desk
    Desk,
    /// Decided in the terminal
    Terminal,
    /// Asked without being told where the letter had gone
    BlindSample,
    /// Sent back by a mailbox
    Returned,
    /// Sorted mail from before Postbud
    Imported,
}

impl From<SourceArg> for LabelSource {
    fn from(source: SourceArg) -> Self {
        match source {
            SourceArg::Desk => Self::Desk,
            SourceArg::Terminal => Self::Terminal,
            SourceArg::BlindSample => Self::BlindSample,
            SourceArg::Returned => Self::Returned,
            SourceArg::Imported => Self::Imported,
        }
    }
}

/// Arguments of `labels withdraw`.
#[derive(Debug, Args)]
pub(crate) struct WithdrawArgs {
    /// The letter's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Which of its labels; without it the one that holds
    #[arg(long, value_name = "N")]
    pub(crate) number: Option<u32>,
    /// Why, without any text of the letter
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: String,
    /// Who withdraws it
    #[arg(long, value_name = "NAME", env = "USER", default_value = "terminal")]
    pub(crate) by: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `labels import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Folders with one sub-folder per mailbox holding mails or MeMo, or letters.jsonl
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Who imports them; stored with every label
    #[arg(long, value_name = "NAME", env = "USER", default_value = "terminal")]
    pub(crate) by: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
