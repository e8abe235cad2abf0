//! Arguments of `model`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ConfigArgs, OutputArgs};

// An argument with the id `version` would be the `--version` of every command.

/// Arguments of `model`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ModelArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ModelCommand>,
    #[command(flatten)]
    pub(crate) list: WhichModelArgs,
}

/// What to do with the versions of a model.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// List the versions: which one is in use, and how good each is
    List(WhichModelArgs),
    /// Show one version: its figures, its known weaknesses and the history of its roles
    Show(ShowModelArgs),
    /// Let a version take over; a running router does so without a restart
    Promote(PromoteArgs),
    /// Go back to the version that was in use before
    Rollback(RollbackArgs),
    /// Let a version score every letter beside the one in use, without ever acting
    Challenge(ChallengeArgs),
    /// Say which of two versions is better, and whether that is chance
    Compare(CompareArgs),
}

/// Which model's versions.
#[derive(Debug, Args)]
pub(crate) struct WhichModelArgs {
    /// The folder of a model's versions. Default: that of the configuration. Without --config no
    /// configuration is asked what it would make of a version
    #[arg(long, value_name = "DIR")]
    pub(crate) model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Who changes a role, and why.
#[derive(Debug, Args)]
pub(crate) struct SignatureArgs {
    /// Who does it; kept with the change
    #[arg(long, value_name = "NAME", env = "USER", default_value = "terminal")]
    pub(crate) by: String,
    /// Why; kept with the change
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) why: String,
}

/// Arguments of `model show`.
#[derive(Debug, Args)]
pub(crate) struct ShowModelArgs {
    /// The version's number. Default: the one in use
    #[arg(id = "number", value_name = "VERSION")]
    pub(crate) version: Option<u32>,
    #[command(flatten)]
    pub(crate) which: WhichModelArgs,
}

/// Arguments of `model promote`.
#[derive(Debug, Args)]
pub(crate) struct PromoteArgs {
    /// The version's number
    #[arg(id = "number", value_name = "VERSION")]
    pub(crate) version: u32,
    #[command(flatten)]
    pub(crate) signature: SignatureArgs,
    #[command(flatten)]
    pub(crate) which: WhichModelArgs,
}

/// Arguments of `model rollback`.
#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    #[command(flatten)]
    pub(crate) signature: SignatureArgs,
    #[command(flatten)]
    pub(crate) which: WhichModelArgs,
}

/// Arguments of `model challenge`.
#[derive(Debug, Args)]
pub(crate) struct ChallengeArgs {
    /// The version's number
    #[arg(id = "number", value_name = "VERSION", required_unless_present = "none")]
    pub(crate) version: Option<u32>,
    /// End the challenge
    #[arg(long, conflicts_with = "number")]
    pub(crate) none: bool,
    #[command(flatten)]
    pub(crate) signature: SignatureArgs,
    #[command(flatten)]
    pub(crate) which: WhichModelArgs,
}

/// Arguments of `model compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// One version's number
    #[arg(value_name = "A")]
    pub(crate) first: u32,
    /// The other one's
    #[arg(value_name = "B")]
    pub(crate) second: u32,
    /// Labelled letters that both judge. Without them: the letters that both scored side by side,
    /// one in use and one as challenger, and what people said of them
    #[arg(long, num_args = 1.., value_name = "PATH")]
    pub(crate) letters: Vec<PathBuf>,
    /// Mailboxes that were renamed, merged or closed: lines of `old = new`, `old = -`
    #[arg(long, value_name = "FILE", requires = "letters")]
    pub(crate) mapping: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) which: WhichModelArgs,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use crate::cli::{Cli, Command, ModelCommand};

    #[test]
    fn no_two_arguments_of_any_command_get_in_each_others_way() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_challenge_names_a_version_or_ends() {
        let parse = |args: &[&str]| {
            Cli::try_parse_from([&["postbud", "model", "challenge"], args].concat())
        };
        let challenge = |args: &[&str]| match parse(args).unwrap().command {
            Some(Command::Model(model)) => match model.command {
                Some(ModelCommand::Challenge(args)) => (args.version, args.none),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        assert_eq!(challenge(&["7"]), (Some(7), false));
        assert_eq!(challenge(&["--none"]), (None, true));
        assert!(parse(&[]).is_err() && parse(&["7", "--none"]).is_err());
    }
}
