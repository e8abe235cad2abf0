//! Arguments of `kle`.

use clap::Args;

use super::{ConfigArgs, OutputArgs};

/// Arguments of `kle`.
#[derive(Debug, Args)]
pub(crate) struct KleArgs {
    /// Only who takes this subject, such as 27.36.04, and by which entry
    #[arg(value_name = "SUBJECT")]
    pub(crate) subject: Option<String>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
