//! Arguments of `retrain`.

use std::path::PathBuf;

use clap::Args;

use super::{ConfigArgs, OutputArgs};

/// Arguments of `retrain`.
#[derive(Debug, Args)]
pub(crate) struct RetrainArgs {
    /// Labelled letters to learn from beside those of the store, and beside `retrain.letters` of
    /// the configuration
    #[arg(long, num_args = 1.., value_name = "PATH")]
    pub(crate) letters: Vec<PathBuf>,
    /// Mailboxes renamed, merged or closed since letters got their labels, instead of
    /// `retrain.mapping` of the configuration: lines of `old = new` or `old = -`
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// Let the new version take over if nothing speaks against it
    #[arg(long)]
    pub(crate) promote: bool,
    /// Make a version even if the letters are those of the last one
    #[arg(long)]
    pub(crate) force: bool,
    /// Who asks for it; stored with the result
    #[arg(long, value_name = "NAME", env = "USER", default_value = "terminal")]
    pub(crate) by: String,
    /// Threads; 0 stands for all cores. The result is the same
    #[arg(long, default_value_t = 0)]
    pub(crate) threads: usize,
    /// The name of a retraining whose work this process does
    #[arg(long, hide = true, value_name = "ID")]
    pub(crate) worker: Option<String>,
    /// Say on standard error how far it has come
    #[arg(long, hide = true, requires = "worker")]
    pub(crate) progress: bool,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
