//! Arguments of `train` and `evaluate`.

use std::path::PathBuf;

use clap::Args;

use super::OutputArgs;

/// Arguments of `train`.
#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// Labelled letters: letters.jsonl, one or several
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub(crate) letters: Vec<PathBuf>,
    /// The model's folder; the new version gets the next number in it
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The same letters, seed and version of Postbud give the same file
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Keep a fifth of the letters out of training, chosen by their ids, and judge with them
    #[arg(long)]
    pub(crate) hold_out: bool,
    /// Words that people use for what belongs in each mailbox: lines of `mailbox: word, word`
    #[arg(long, value_name = "FILE")]
    pub(crate) words: Option<PathBuf>,
    /// A configuration, for the promise and for which mailboxes are switched on
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Threads; 0 stands for all cores. The result is the same
    #[arg(long, default_value_t = 0)]
    pub(crate) threads: usize,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `evaluate`.
#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// The model: a file, a version's folder, or a folder of versions
    #[arg(long, value_name = "PATH")]
    pub(crate) model: PathBuf,
    /// Labelled letters: letters.jsonl, one or several
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub(crate) letters: Vec<PathBuf>,
    /// Only the letters that `train --hold-out` keeps out of training
    #[arg(long)]
    pub(crate) held_out: bool,
    /// A configuration, for the promise and for which mailboxes are switched on
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
