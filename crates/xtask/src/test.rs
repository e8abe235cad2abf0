//! Runs the tests, and searches what they left for marks of personal data.

use std::env;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;
use clap::Args;
use postbud_testkit::marks;

use crate::outputs::Outputs;
use crate::servers::{AMQP, POSTGRES, Servers};

/// How to run the tests.
#[derive(Args)]
pub(crate) struct Options {
    /// Install missing servers with apt-get, through sudo (root does so without being told)
    #[arg(long)]
    install: bool,
    /// Only the tests whose name contains this
    #[arg(long)]
    filter: Option<String>,
    /// Only the tests of this crate
    #[arg(long, short)]
    package: Option<String>,
}

/// Starts the servers, runs the tests with them, stops them; the tests' exit code is ours.
pub(crate) fn run(root: &Path, options: &Options) -> Result<ExitCode> {
    // Somebody may have started servers already (`cargo xtask servers`).
    let given = env::var_os(AMQP).is_some() && env::var_os(POSTGRES).is_some();
    let servers = if given { None } else { Some(Servers::start(options.install)?) };
    let outputs = Outputs::prepare(root)?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["test", "--no-fail-fast"]);
    match &options.package {
        Some(package) => cargo.args(["--package", package]),
        None => cargo.arg("--workspace"),
    };
    if options.package.is_none() && has_fault_points(root)? {
        cargo.args(["--features", "postbud/fault-points"]);
    }
    if env::var_os("CI").is_some() {
        cargo.arg("--locked");
    }
    cargo.args(&options.filter);
    if let Some(servers) = &servers {
        cargo.envs(servers.variables());
    }
    cargo.env(marks::OUTPUTS, outputs.folder());
    let status = cargo.status().context("start cargo test")?;
    if let Some(servers) = &servers {
        servers.keep_logs(outputs.folder())?;
    }
    drop(servers);
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    // Whatever was left out on purpose, the end-to-end tests were not.
    let all = options.filter.is_none()
        && options.package.as_ref().is_none_or(|package| package == "postbud");
    let clean = outputs.are_clean(all)?;
    Ok(code.filter(|code| clean || *code != 0).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Does the binary have the points at which a test can stop it?
fn has_fault_points(root: &Path) -> Result<bool> {
    let manifest = root.join("Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec()?;
    let binary = metadata.packages.iter().find(|package| package.name.as_str() == "postbud");
    Ok(binary.is_some_and(|package| package.features.contains_key("fault-points")))
}
