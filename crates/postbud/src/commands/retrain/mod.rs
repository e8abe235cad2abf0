//! `postbud retrain`: the loop closed, as a process of its own with limits.
//!
//! The command itself only watches: the work is done by a second process of the same binary
//! ([`worker`]), so that one that runs out of memory or time can be told of. `postbud run` does
//! the same on a schedule ([`scheduled`]).

mod asked;
mod limits;
mod lock;
mod progress;
mod report;
mod schedule;
mod scheduled;
mod supervise;
mod words;
mod worker;

use std::ffi::OsString;
use std::io::IsTerminal as _;

use postbud_pipeline::ports::{Said, is_person};

use crate::cli::{Lang, RetrainArgs};
use crate::commands::train::progress::reading;
use crate::exit::{self, Failure};
use crate::{output, telemetry, wiring};
use supervise::{Ended, Order};

pub(crate) use asked::asked_for;
pub(crate) use scheduled::by_schedule;

/// What speaks against letting a version take over, for a system owner at the desk.
pub(crate) fn objection(objection: &postbud_learn::Objection) -> Said {
    Said::new(words::objection(Lang::Da, objection), words::objection(Lang::En, objection))
}

/// Retrains, in a process of its own.
pub(crate) async fn run(args: &RetrainArgs) -> anyhow::Result<()> {
    if let Some(id) = &args.worker {
        return worker::run(args, id).await;
    }
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, config.log.level.as_str());
    // The service's own account may be called postbud, but a person asks for it, or the schedule.
    let by = if is_person(&args.by) { args.by.trim() } else { "terminal" };
    let store = wiring::store(&config).await?;
    let order = Order {
        id: uuid::Uuid::new_v4().to_string(),
        by: by.to_owned(),
        args: passed_on(args, by),
        retrain: &config.retrain,
        prints: true,
    };
    let bar = std::io::stderr().is_terminal();
    let bar = bar.then(|| output::bar(reading(output::lang(args.output.lang)), 0));
    match supervise::run_shown(&order, &store, None, bar).await? {
        Ended::Exit(0) => Ok(()),
        // It has said why on standard error already.
        Ended::Exit(code) => {
            Err(Failure::new(code, "the retraining did not do what was asked; why is said above")
                .into())
        }
        Ended::Died(_, what) => {
            Err(Failure::new(exit::FAILED, format!("the retraining failed: {what}")).into())
        }
        Ended::Stopped => Ok(()),
    }
}

/// The arguments for the process that does the work.
fn passed_on(args: &RetrainArgs, by: &str) -> Vec<OsString> {
    let mut out: Vec<OsString> = vec!["--by".into(), by.into()];
    out.extend(["--threads".into(), args.threads.to_string().into()]);
    if let Some(config) = &args.config.config {
        out.extend(["--config".into(), config.into()]);
    }
    if let Some(mapping) = &args.mapping {
        out.extend(["--mapping".into(), mapping.into()]);
    }
    let flags =
        [("--promote", args.promote), ("--force", args.force), ("--json", args.output.json)];
    out.extend(flags.iter().filter(|(_, on)| *on).map(|(flag, _)| OsString::from(flag)));
    if let Some(lang) = args.output.lang {
        let lang = match lang {
            crate::cli::Lang::Da => "da",
            crate::cli::Lang::En => "en",
        };
        out.extend(["--lang".into(), lang.into()]);
    }
    if !args.letters.is_empty() {
        out.push("--letters".into());
        out.extend(args.letters.iter().map(OsString::from));
    }
    out
}
