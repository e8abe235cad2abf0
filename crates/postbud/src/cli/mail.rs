//! Arguments of the commands that take letters as files.

use std::path::PathBuf;

use clap::Args;

use super::{ConfigArgs, OutputArgs};

/// Arguments of `send`.
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// Letters: MeMo XML, mails, folders of them, letters.jsonl
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `classify`.
#[derive(Debug, Args)]
pub(crate) struct ClassifyArgs {
    /// Letters: MeMo XML, mails, folders of them, letters.jsonl
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Use this model (a file, or a folder of versions) instead of the configured one
    #[arg(long, value_name = "PATH")]
    pub(crate) model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A letter: MeMo XML, a mail, or a letters.jsonl
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The model: a file, a version's folder, or a folder of versions
    #[arg(long, value_name = "PATH")]
    pub(crate) model: PathBuf,
    /// Explain the score of this mailbox instead of the most probable one
    #[arg(long, value_name = "ID")]
    pub(crate) mailbox: Option<String>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
