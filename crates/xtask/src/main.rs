//! The project's own chores.
//!
//! `cargo xtask test` runs every test, with the servers that some of them need: it finds or
//! installs RabbitMQ and PostgreSQL, starts private ones, and stops them. `cargo xtask servers`
//! only starts them, for work on one test. `cargo xtask chaos` is the campaign of faults, `cargo xtask
//! fuzz` feeds the readers with broken input. `cargo xtask tidy` keeps the files small and clean. `cargo
//! xtask sbom` says what a release is made of, `cargo xtask package` packs it for Debian.

mod chaos;
mod fuzz;
mod install;
mod outputs;
mod package;
mod sbom;
mod servers;
mod test;
mod tidy;
mod tool;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own chores", disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run all tests, with a private RabbitMQ and a private PostgreSQL
    Test(test::Options),
    /// Start a private RabbitMQ and a private PostgreSQL and print their addresses, until Ctrl-C
    Servers {
        /// Install missing servers with apt-get, through sudo (root does so without being told)
        #[arg(long)]
        install: bool,
    },
    /// Break everything that can break while letters flow, and judge what became of them
    Chaos(chaos::Options),
    /// Feed everything that reads what comes from outside with input made to break it
    Fuzz(fuzz::Options),
    /// The process that keeps what a campaign promised
    #[command(hide = true)]
    Oracle {
        /// Where
        file: PathBuf,
    },
    /// Report file lengths; fail on files that are too long, undocumented or unfinished
    Tidy,
    /// Build the Debian package
    Package,
    /// Print what a release is made of, with versions and licences (`CycloneDX`, JSON)
    Sbom,
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode> {
    let root = root()?;
    match Arguments::parse().chore {
        Chore::Test(options) => test::run(&root, &options),
        Chore::Servers { install } => servers::serve(install).map(|()| ExitCode::SUCCESS),
        Chore::Chaos(options) => chaos::run(&root, &options),
        Chore::Fuzz(options) => fuzz::run(&root, &options),
        Chore::Oracle { file } => postbud_testkit::oracle::serve(&file).map(|()| ExitCode::SUCCESS),
        Chore::Tidy => tidy::run(&root),
        Chore::Package => package::run(&root).map(|()| ExitCode::SUCCESS),
        Chore::Sbom => {
            print!("{}", sbom::bill(&root)?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The folder of the workspace.
fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map(Path::to_owned).context("find the workspace above crates/xtask")
}
