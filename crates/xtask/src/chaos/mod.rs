//! The campaign: breaks whatever can break while letters flow, and judges what became of them.
//!
//! Every scenario has an installation, a database and queues of its own on private servers, a
//! generator that registers each letter with the oracle, and at the end the judge. The seed decides
//! letters and moments; the machine's scheduling it cannot decide.

mod full;
mod load;
mod many;
mod metrics;
mod mutants;
mod place;
mod poison;
mod promotion;
mod restored;
mod servers_away;
mod several;
mod stage;
mod systems;
mod table;
mod targets;
mod upgrade;
mod weather;
mod worker;
mod worker_dies;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::MetadataCommand;
use clap::Args;
use postbud_testkit::{PostgresServer, RabbitServer, private_folder};

use self::stage::Stage;
use self::table::Row;
use crate::install::ensure_servers;
use crate::outputs;

/// How long, and what.
#[derive(Args)]
pub(crate) struct Options {
    /// How many minutes of faults, shared among the scenarios
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    minutes: u64,
    /// Decides letters and moments
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only these scenarios
    #[arg(long, num_args = 1..)]
    only: Vec<String>,
    /// A few faults of each kind, in about four minutes: for every change
    #[arg(long)]
    short: bool,
    /// This binary, built with the feature fault-points, instead of building one
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Install missing servers with apt-get, through sudo (root does so without being told)
    #[arg(long)]
    install: bool,
}

/// The servers and the binary that all scenarios share.
pub(crate) struct Campaign {
    pub(crate) rabbit: RabbitServer,
    pub(crate) postgres: PostgresServer,
    pub(crate) binary: PathBuf,
    pub(crate) dir: PathBuf,
    pub(crate) seed: u64,
    pub(crate) short: bool,
}

type Scenario = fn(&mut Stage<'_>) -> Result<()>;

const SCENARIOS: [(&str, Scenario); 22] = [
    ("worker-killed", worker_dies::killed),
    ("worker-aborts", worker_dies::aborts),
    ("broker-killed", servers_away::broker),
    ("database-killed", servers_away::database),
    ("broker-network", weather::broker),
    ("database-network", weather::database),
    ("duplicates", targets::duplicates),
    ("target-fails", targets::fails),
    ("target-hangs", targets::hangs),
    ("systems", systems::systems),
    ("sigterm", worker_dies::sigterm),
    ("poison", poison::poison),
    ("rolling-restart", several::rolling),
    ("promotion", promotion::promotion),
    ("backup-restore", restored::backup),
    ("schema-upgrade", upgrade::schema),
    ("million-letters", many::million),
    ("broker-alarm", full::broker),
    ("mutant-ack", mutants::acknowledges_first),
    ("mutant-key", mutants::forgets_the_key),
    ("mutant-mark", mutants::forgets_the_mark),
    // Leaves a table space behind whose disk is gone: the last one.
    ("database-full", full::database),
];

/// Takes minutes to prepare, which the short form has not.
const LONG_ONLY: &str = "million-letters";

/// Runs the campaign and prints one table; fails when a promise was broken.
pub(crate) fn run(root: &Path, options: &Options) -> Result<ExitCode> {
    for name in &options.only {
        if !SCENARIOS.iter().any(|(known, _)| known == name) {
            let known: Vec<&str> = SCENARIOS.iter().map(|(name, _)| *name).collect();
            bail!("there is no scenario {name}; there are {}", known.join(", "));
        }
    }
    let chosen: Vec<_> = SCENARIOS
        .iter()
        .filter(|(name, _)| match options.only.as_slice() {
            [] => !(options.short && *name == LONG_ONLY),
            only => only.iter().any(|only| only == name),
        })
        .collect();
    let dir = private_folder("chaos")?;
    let built = match &options.binary {
        Some(binary) => binary.clone(),
        None => build(root)?,
    };
    // A copy, so that another build does not change it in the middle of the campaign.
    let binary = dir.path().join("postbud");
    fs::copy(&built, &binary).with_context(|| format!("copy {}", built.display()))?;
    ensure_servers(options.install)?;
    println!("starting a private RabbitMQ and a private PostgreSQL");
    let mut campaign = Campaign {
        rabbit: RabbitServer::start()?,
        postgres: PostgresServer::start()?,
        binary,
        dir: dir.path().to_owned(),
        seed: options.seed,
        short: options.short,
    };
    let share = if options.short {
        Duration::from_secs(8)
    } else {
        Duration::from_secs(options.minutes * 60) / u32::try_from(chosen.len())?
    };
    let begun = Instant::now();
    let mut rows = Vec::new();
    for (number, (name, scenario)) in chosen.into_iter().enumerate() {
        println!("{name} …");
        let row = perform(&mut campaign, number, name, share, *scenario)
            .unwrap_or_else(|error| Row::broken(name, &error));
        row.explain();
        rows.push(row);
    }
    let logs_are_clean = outputs::logs_are_clean(dir.path())?;
    let broken = rows.iter().filter(|row| !row.kept()).count();
    print!("{}", table::render(&rows, options.seed, begun.elapsed()));
    if broken > 0 && env::var_os("POSTBUD_CHAOS_KEEP").is_some() {
        println!("kept: {}", dir.keep().display());
    }
    Ok(if broken == 0 && logs_are_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn perform(
    campaign: &mut Campaign,
    number: usize,
    name: &'static str,
    share: Duration,
    scenario: Scenario,
) -> Result<Row> {
    let mut stage = Stage::set(campaign, number, name, share)?;
    scenario(&mut stage)?;
    stage.close()
}

/// Builds the binary with fault points.
fn build(root: &Path) -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(root)
        .args(["build", "--package", "postbud", "--features", "postbud/fault-points"])
        .status()
        .context("start cargo build")?;
    ensure!(status.success(), "the binary does not build");
    let manifest = root.join("Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec()?;
    Ok(metadata.target_directory.as_std_path().join("debug/postbud"))
}
