//! Arguments of `key`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ConfigArgs, OutputArgs};

/// Arguments of `key`.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

/// What to do with the keys under which letters lie.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Write a new master key to a file that nobody else can read
    New(NewKeyArgs),
    /// How many letters lie under which key, and how many in plain
    Show(KeyShowArgs),
    /// Encrypt everything anew, under the master key in use; letters come and go meanwhile
    Rotate(KeyRotateArgs),
}

/// Arguments of `key new`.
#[derive(Debug, Args)]
pub(crate) struct NewKeyArgs {
    /// The file to write; it must not be there yet
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Arguments of `key show`.
#[derive(Debug, Args)]
pub(crate) struct KeyShowArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `key rotate`.
#[derive(Debug, Args)]
pub(crate) struct KeyRotateArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
