//! Subcommands of cargo that some chores need: found, or installed from crates.io.

use std::env;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Cargo itself.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Makes sure that `cargo NAME` is there.
///
/// # Errors
/// When it is not, and cannot be installed.
pub(crate) fn ensure_installed(name: &str) -> Result<()> {
    let there = cargo().args([name, "--version"]).output().context("start cargo")?;
    if there.status.success() {
        return Ok(());
    }
    let package = format!("cargo-{name}");
    println!("installing {package}");
    let status = cargo().args(["install", &package, "--locked"]).status()?;
    ensure!(status.success(), "{package} cannot be installed");
    Ok(())
}
