//! Arguments of `user`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use postbud_pipeline::ports::Role;

use super::{ConfigArgs, OutputArgs};

/// Arguments of `user`.
#[derive(Debug, Args)]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    pub(crate) command: UserCommand,
}

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make an account
    Add(AddUserArgs),
    /// List the accounts
    List(ListUsersArgs),
    /// Give an account another password; ends its sessions and a rest after wrong passwords
    Password(PasswordArgs),
    /// Make a token for a program, for the interface for programs alone; printed once
    Token(TokenArgs),
    /// Switch an account or a program off and end its sessions
    Disable(NamedUserArgs),
}

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    /// Works letters
    Clerk,
    /// Works letters and sees the evidence
    Owner,
    /// Reads who did what, and no letter
    Auditor,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Clerk => Self::Clerk,
            RoleArg::Owner => Self::Owner,
            RoleArg::Auditor => Self::Auditor,
        }
    }
}

/// Arguments of `user add`.
#[derive(Debug, Args)]
pub(crate) struct AddUserArgs {
    /// The name to sign in with, which stands on what the person decides
    pub(crate) name: String,
    /// What the person may do
    #[arg(long, value_enum, default_value_t = RoleArg::Clerk)]
    pub(crate) role: RoleArg,
    #[command(flatten)]
    pub(crate) password: PasswordFrom,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Where a password comes from.
#[derive(Debug, Args)]
pub(crate) struct PasswordFrom {
    /// A file whose first line is the password. Default: one is made and printed, this once
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

/// Arguments of `user password`.
#[derive(Debug, Args)]
pub(crate) struct PasswordArgs {
    /// Whose
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) password: PasswordFrom,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `user token`.
#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// What the program is called; stands on what it does, beside the person's name. A program
    /// that is there gets this token instead of its old one
    pub(crate) name: String,
    /// For how many days the token holds
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(i64).range(1..=3650))]
    pub(crate) days: i64,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `user list`.
#[derive(Debug, Args)]
pub(crate) struct ListUsersArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `user disable`.
#[derive(Debug, Args)]
pub(crate) struct NamedUserArgs {
    /// Whose
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
