//! `postbud train`: a new model version from labelled letters.

pub(crate) mod given;
mod print;
pub(crate) mod progress;
mod stop;

use postbud_evaluate::Promise;
use postbud_learn::{Before, HeldOut, LearnError, LearnOptions, Step, Version, train_version};
use postbud_model::TrainOptions;
use tracing::info;

use crate::classifier::routing;
use crate::cli::TrainArgs;
use crate::config::Config;
use crate::{from_store, output, telemetry, wiring};
use given::Given;
use progress::Moment;
use stop::Stop;

/// Trains, writes the version and prints its figures.
pub(crate) fn run(args: &TrainArgs) -> anyhow::Result<()> {
    telemetry::start(crate::config::LogFormat::Text, "warn");
    let stop = Stop::watch()?;
    let config = args.config.as_deref().map(wiring::load).transpose()?;
    let lang = output::lang(args.output.lang);
    let bar = output::bar(progress::reading(lang), 0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    let stored = match (&config, args.from_store) {
        (Some(config), true) => Some(from_store::stored(config)?),
        _ => None,
    };
    let read = || Given::read_with(&args.letters, stored, args.mapping.as_deref(), config.as_ref());
    let given = pool.install(read)?;
    bar.suspend(|| given.say_skipped());
    let options = options(args, config.as_ref(), &given)?;
    info!(letters = given.reading.letters.len(), "training begins");
    let step = |step| {
        if step == Step::Writing {
            stop.begin_writing();
        }
        Moment::of(lang, step).show(&bar);
    };
    let train = || train_version(&given.reading.letters, &args.out, &options, &step);
    let version: Result<Version, LearnError> = pool.install(train);
    bar.finish_and_clear();
    print::print(&version?, &given, args)
}

fn options(
    args: &TrainArgs,
    config: Option<&Config>,
    given: &Given,
) -> anyhow::Result<LearnOptions> {
    let labels = given.labels();
    let (descriptions, words) =
        given::words(&labels, args.words.as_deref(), args.no_words, config)?;
    let before = Before {
        words,
        mapping: given.mapped.clone(),
        skipped: given.reading.skipped_count,
        no_mailbox: given::no_mailboxes(&labels),
    };
    let labels: Vec<String> = labels.into_iter().collect();
    let mut options = LearnOptions {
        model: TrainOptions {
            descriptions,
            seed: args.seed,
            min_senders: args.min_senders,
            ..TrainOptions::default()
        },
        held_out: if args.hold_out { HeldOut::Fifth } else { HeldOut::None },
        routing: given::all_switched_on(&labels),
        before,
        ..LearnOptions::default()
    };
    if let Some(config) = config {
        options.routing = routing(config, &labels);
        options.promise = Promise::new(config.promise.target_error, config.promise.confidence)?;
    }
    Ok(options)
}
