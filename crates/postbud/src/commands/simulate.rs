//! `postbud simulate`: how often the promise is broken when it is made again and again on real
//! letters, beside a threshold that only looks right.

use postbud_evaluate::{Interval, Promise, Simulation};
use postbud_learn::{Routing, read_letters, simulate_promise};

use crate::cli::SimulateArgs;
use crate::exit::{self, Failure};
use crate::output::{self, percent};
use crate::telemetry;

/// Trains, resamples, and prints how often the promise was broken.
pub(crate) fn run(args: &SimulateArgs) -> anyhow::Result<()> {
    telemetry::start(crate::config::LogFormat::Text, "warn");
    let promise = Promise::new(args.target, args.confidence)
        .map_err(|error| Failure::new(exit::CONFIGURATION, error.to_string()))?;
    let letters = read_letters(&args.letters)
        .map_err(|error| Failure::new(exit::FAILED, error.to_string()))?;
    let never: Vec<&str> = args.never.iter().map(String::as_str).collect();
    let rounds = usize::try_from(args.resamplings)?;
    let found = simulate_promise(&letters, &Routing::without(&never), promise, rounds, args.seed)?;
    if args.output.json {
        return output::json(&document(&found, promise));
    }
    print(&found, promise)
}

fn document(found: &Simulation, promise: Promise) -> serde_json::Value {
    serde_json::json!({
        "target": promise.target(),
        "confidence": promise.confidence(),
        "simulation": found,
    })
}

fn print(found: &Simulation, promise: Promise) -> anyhow::Result<()> {
    let between = |interval: Interval| {
        format!("{} to {}, 95 % sure", percent(interval.low), percent(interval.high))
    };
    let row =
        |name: &str, figure: String, remark: String| (name.to_owned(), figure, remark.to_owned());
    let (target, confidence) = (percent(promise.target()), percent(promise.confidence()));
    let of = |broken: usize| format!("{broken} of {}", found.rounds);
    let rows = [
        row("promise", format!("{target} wrong"), format!("at most, {confidence} sure")),
        row("letters in each resampling", found.letters.to_string(), String::new()),
        row("certified thresholds", String::new(), String::new()),
        row("  promise broken", of(found.broken), between(found.broken_interval)),
        row("    allowed", percent(found.allowed), String::new()),
        row("  routed on average", percent(found.mean_coverage), String::new()),
        row("    of these wrong", percent(found.mean_error), String::new()),
        row("a threshold that looks right", String::new(), String::new()),
        row("  promise broken", of(found.naive.broken), between(found.naive.broken_interval)),
        row("  routed on average", percent(found.naive.mean_coverage), String::new()),
    ];
    output::line(&output::figures(&rows))
}
