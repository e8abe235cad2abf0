//! Arguments of `person`, `retention` and `audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ConfigArgs, OutputArgs};

/// Arguments of `person`.
#[derive(Debug, Args)]
pub(crate) struct PersonArgs {
    /// The person's CPR number; `-` reads it from standard input, so that no shell remembers it
    #[arg(long, value_name = "CPR")]
    pub(crate) cpr: String,
    /// Who asks; stored with what is done
    #[arg(long, value_name = "NAME", env = "USER", default_value = "terminal")]
    pub(crate) by: String,
    #[command(subcommand)]
    pub(crate) command: PersonCommand,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// What can be done about a person.
#[derive(Debug, Subcommand)]
pub(crate) enum PersonCommand {
    /// Write everything held about the person into a new ZIP file; names of staff are withheld
    Export {
        /// The file to write; an existing one is never overwritten
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Erase everything held about the person; the next model is made without it
    Erase,
    /// Decide nothing about the person automatically from now on
    Restrict {
        /// Lift the restriction again
        #[arg(long)]
        lift: bool,
    },
}

/// Arguments of `retention`.
#[derive(Debug, Args)]
pub(crate) struct RetentionArgs {
    /// Remove now what is too old; otherwise only say what went when
    #[arg(long)]
    pub(crate) now: bool,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    pub(crate) command: AuditCommand,
}

/// What can be asked about the access log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Walk through the access log and say whether a row is missing or changed
    Verify(VerifyArgs),
    /// Who looked at letters in a month, and a random sample of the looks to ask about
    Sample(SampleArgs),
}

/// Arguments of `audit sample`.
#[derive(Debug, Args)]
pub(crate) struct SampleArgs {
    /// The month, YYYY-MM; the last one that is over when none is given
    #[arg(long, value_name = "MONTH")]
    pub(crate) month: Option<String>,
    /// So many looks
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) looks: u32,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// What an earlier run printed as the end, as NUMBER:HASH: the log must still contain it
    #[arg(long, value_name = "END")]
    pub(crate) end: Option<String>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
