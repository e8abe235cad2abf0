//! Postbud: the one binary. Subcommands, configuration and wiring; the adapters meet the
//! application here and nowhere else.

mod classifier;
mod cli;
mod clock;
mod commands;
mod config;
mod documents;
mod exit;
mod from_store;
mod guard;
mod input;
mod keys;
mod monitoring;
mod outlets;
mod output;
mod restrictions;
mod scanner;
mod shipped;
mod switches;
mod telemetry;
mod trial;
mod wiring;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use cli::{Cli, Command};

/// How long threads that nobody waits for are given at the end.
const LEAVING: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    telemetry::quiet_panics();
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("postbud: {}", sentence(&error));
            ExitCode::from(exit::code(&error))
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    use commands::{
        assign, backup, bench, classify, demo, doctor, evaluate, explain, health, init, key, kle,
        labels, letters, migrate, model, queue, retrain, run, send, simulate, train, trial, user,
    };
    // A process that limits itself must not have threads yet.
    if let Some(Command::ExtractWorker(args)) = &cli.command {
        return commands::extract_worker::run(args);
    }
    if let Some(Command::ExtractProgram(args)) = &cli.command {
        return commands::extract_worker::become_program(args);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = match cli.command.unwrap_or(Command::Demo(cli.demo)) {
        Command::Demo(args) => runtime.block_on(demo::run(&args)),
        Command::Run(args) => runtime.block_on(run::run(&args)),
        Command::Init(args) => init::run(&args),
        Command::Send(args) => runtime.block_on(send::run(&args)),
        Command::Classify(args) => classify::run(&args),
        Command::Letters(args) => runtime.block_on(letters::run(&args)),
        Command::Assign(args) => runtime.block_on(assign::run(&args)),
        Command::Key(args) => runtime.block_on(key::run(&args)),
        Command::Kle(args) => kle::run(&args),
        Command::Labels(args) => runtime.block_on(labels::run(&args)),
        Command::Retrain(args) => runtime.block_on(retrain::run(&args)),
        Command::Model(args) => runtime.block_on(model::run(&args)),
        Command::User(args) => runtime.block_on(user::run(&args)),
        Command::Queue(args) => runtime.block_on(queue::run(&args)),
        Command::Train(args) => train::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Trial(args) => trial::run(&args),
        Command::Person(args) => runtime.block_on(commands::person::run(&args)),
        Command::Retention(args) => runtime.block_on(commands::retention::run(&args)),
        Command::Audit(args) => runtime.block_on(commands::audit::run(&args)),
        Command::ExtractWorker(args) => commands::extract_worker::run(&args),
        Command::ExtractProgram(args) => commands::extract_worker::become_program(&args),
        Command::Doctor(args) => runtime.block_on(doctor::run(&args)),
        Command::Health(args) => health::run(&args),
        Command::Migrate(args) => runtime.block_on(migrate::run(&args)),
        Command::Backup(args) => runtime.block_on(backup::backup(&args)),
        Command::Restore(args) => runtime.block_on(backup::restore(&args)),
        Command::Bench(args) => runtime.block_on(bench::run(&args)),
    };
    // What was given up on a stop, such as a question to a scanner that is silent, ends with us.
    runtime.shutdown_timeout(LEAVING);
    outcome
}

/// The error and its causes, outermost first, each once.
fn sentence(error: &anyhow::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join("\n  because: ")
}
