//! Arguments of `doctor`, `health`, `migrate`, `backup` and `restore`.

use std::path::PathBuf;

use clap::Args;

use super::{ConfigArgs, OutputArgs};

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// A further certificate (PEM) whose dates to check; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `health`.
#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    /// What to ask. Default: http://127.0.0.1:9464/health/ready, the usual address of [metrics]
    #[arg(value_name = "URL")]
    pub(crate) url: Option<String>,
}

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// Only say whether the store is up to date: exit code 0 when it is, 1 when not
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The folder in which the backup gets a folder of its own, named by the moment
    #[arg(value_name = "DIR")]
    pub(crate) into: PathBuf,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The folder that `backup` made
    #[arg(value_name = "BACKUP")]
    pub(crate) from: PathBuf,
    /// Replace what is there; what can be kept is moved aside first
    #[arg(long)]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}
