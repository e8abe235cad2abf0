//! Arguments of `demo`, `run` and `init`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::OutputArgs;

/// Arguments of `demo`.
#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArgs {
    /// Where the demo keeps its store, mailboxes and model
    #[arg(long, value_name = "DIR", default_value = "postbud-data")]
    pub(crate) data: PathBuf,
    /// Delete what an earlier demo left there and begin anew
    #[arg(long)]
    pub(crate) fresh: bool,
    /// End after the table, as a pipe does; otherwise the demo goes on routing until Ctrl-C
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// What `run` can run alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunPart {
    /// Only the routing: letters are decided; others deliver them
    Router,
    /// Only the deliveries: what is decided is brought to its mailboxes
    Delivery,
    /// Only the pages on which people decide; any number of these beside each other
    Desk,
    /// Only the ways in: letters are taken and put on the queue, and others route them
    Intake,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Only this part. Default: everything, with the desk when the configuration has [desk]
    #[arg(value_name = "PART")]
    pub(crate) part: Option<RunPart>,
    /// The configuration
    #[arg(long, short, value_name = "FILE", default_value = "postbud.toml")]
    pub(crate) config: PathBuf,
    /// Where this process serves /metrics and /health, instead of [metrics] listen: for several
    /// processes on one machine
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) metrics: Option<std::net::SocketAddr>,
}

/// Arguments of `trial`.
#[derive(Debug, Args)]
pub(crate) struct TrialArgs {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Processor time for a small letter
    #[arg(long)]
    pub(crate) milliseconds: u64,
    /// Take only what processor time nobody else wants
    #[arg(long)]
    pub(crate) low: bool,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The file to write; an existing one is never overwritten
    #[arg(value_name = "FILE", default_value = "postbud.toml")]
    pub(crate) file: PathBuf,
    /// Where Postbud keeps its data, when that is not the folder of the file: /var/lib/postbud
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<String>,
}
