//! Shows what a model may route under several promises, and by simulation that each is kept:
//! `cargo run --release -p postbud-learn --example promise [MODEL [ROUNDS]]`.
//!
//! The letters are the model's own training letters with the probabilities of models that had
//! not seen them. For every promise: the share the thresholds route of these letters and how many
//! of them wrongly, the share a threshold read off the same letters would route (what nobody can
//! know beforehand), and how often the promise broke when thresholds were chosen on letters drawn
//! anew.

use std::error::Error;
use std::path::{Path, PathBuf};

use postbud_evaluate::{Promise, SimulateOptions, certify, curve, simulate};
use postbud_learn::{Registry, Routing, out_of_fold};
use postbud_model::Model;

fn main() -> Result<(), Box<dyn Error>> {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/klitkobing");
    let mut arguments = std::env::args_os().skip(1);
    let path = arguments.next().map_or(shipped, PathBuf::from);
    let rounds = arguments.next().map_or(Ok(1_000), |n| n.to_string_lossy().parse())?;
    let found = Registry::resolve(&path)?;
    let model = Model::load(&found.path)?;
    let records = out_of_fold(&model)?;
    let policy = Routing::without(&["andet"]).policy(model.labels());
    println!("{}: {} letters, {rounds} rounds", found.name, records.len());
    println!(
        "promise      routed  wrong   best possible | broken  allowed  certified  mean routed"
    );
    for (target, confidence) in PROMISES {
        let promise = Promise::new(target, confidence)?;
        let certificate = certify(&records, &policy, promise);
        let points = curve(&records, &policy, records.len());
        let within = points.iter().filter(|point| point.error <= target);
        let best = within.map(|point| point.coverage).fold(0.0, f64::max);
        let options = SimulateOptions { rounds, ..SimulateOptions::default() };
        let simulation = simulate(&records, &policy, promise, options);
        println!(
            "{:>4.1} % {:>3.0} %  {:>4.1} %  {:>3}/{:<4} {:>9.1} % | {:>4.1} %   {:>4.1} %  {:>7.1} %  {:>7.1} %",
            100.0 * target,
            100.0 * confidence,
            100.0 * certificate.coverage,
            certificate.errors,
            certificate.routed,
            100.0 * best,
            100.0 * simulation.broken_share,
            100.0 * simulation.allowed,
            100.0 * simulation.certified_share,
            100.0 * simulation.mean_coverage,
        );
    }
    Ok(())
}

const PROMISES: [(f64, f64); 7] = [
    (0.02, 0.95),
    (0.02, 0.80),
    (0.03, 0.95),
    (0.05, 0.95),
    (0.05, 0.80),
    (0.10, 0.95),
    (0.15, 0.95),
];
