//! The work of a retraining, in a process that may die of its limits.

use anyhow::Context;
use postbud_evaluate::Promise;
use postbud_learn::{
    Before, LabelledLetter, LearnOptions, Made, Registry, RetrainOptions, Retrained, Signature,
    read_letters, retrain,
};
use postbud_model::{Model, TrainOptions};
use postbud_pipeline::ports::{RetrainOutcome, RetrainRow, Retrains as _, Timestamp};
use postbud_store::SqlStore;

use super::lock::Lock;
use super::{limits, report};
use crate::classifier::{accepts, routing};
use crate::cli::RetrainArgs;
use crate::commands::train::given;
use crate::config::Config;
use crate::exit::{self, Failure};
use crate::{from_store, telemetry, wiring};

/// What is to be told of it.
pub(super) struct Done {
    pub(super) outcome: RetrainOutcome,
    pub(super) version: Option<String>,
    pub(super) made: Option<Box<Made>>,
    pub(super) unreadable: usize,
    pub(super) detail: String,
}

/// Does the work, and writes what came of it into the store.
pub(super) async fn run(args: &RetrainArgs, id: &str) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, config.log.level.as_str());
    limits::set(&config.retrain)?;
    if Registry::is_pinned(&config.model) {
        let message = format!(
            "{} is one model for ever; give model.path the folder of its versions",
            config.model.display()
        );
        return Err(Failure::new(exit::CONFIGURATION, message).into());
    }
    let store = wiring::store(&config).await?;
    let lock = Lock::take(&config.model, &store, id).await?;
    let started_at = Timestamp::now();
    store.retrain_begins(id, &args.by, started_at).await?;
    let done = work(args, &config, &store).await;
    let row = row(id, args, started_at, &done);
    store.retrain_ends(&row).await?;
    lock.release().await?;
    let done = done?;
    report::print(args, &done)
}

fn row(
    id: &str,
    args: &RetrainArgs,
    started_at: Timestamp,
    done: &anyhow::Result<Done>,
) -> RetrainRow {
    let (outcome, version, figures, detail) = match done {
        Ok(done) => {
            let record = done.made.as_ref().map(|made| &made.record);
            let figures = record.and_then(|record| serde_json::to_value(record).ok());
            (done.outcome, done.version.clone(), figures, done.detail.clone())
        }
        Err(error) => (RetrainOutcome::Failed, None, None, format!("{error:#}")),
    };
    RetrainRow {
        id: id.to_owned(),
        started_at,
        ended_at: Some(Timestamp::now()),
        outcome,
        by: args.by.clone(),
        version,
        figures,
        detail,
    }
}

async fn work(args: &RetrainArgs, config: &Config, store: &SqlStore) -> anyhow::Result<Done> {
    let (letters, unreadable) = letters(args, config, store).await?;
    let options = options(args, config, &letters)?;
    let (out, threads) = (config.model.clone(), args.threads);
    let train = tokio::task::spawn_blocking(move || {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        anyhow::Ok(pool.install(|| retrain(&letters, &out, &options, &|_| ())))
    });
    let done = train.await.context("the training ended by a fault of its own")??;
    let made = match done {
        Ok(Retrained::Unchanged { version }) => {
            return Ok(Done {
                outcome: RetrainOutcome::Unchanged,
                version: Some(version),
                made: None,
                unreadable,
                detail: String::new(),
            });
        }
        Err(postbud_learn::RetrainError::TooFew(error)) => {
            return Ok(Done {
                outcome: RetrainOutcome::TooFew,
                version: None,
                made: None,
                unreadable,
                detail: error.to_string(),
            });
        }
        Ok(Retrained::Version(made)) => made,
        Err(error) => return Err(error.into()),
    };
    let outcome = give_role(args, config, &made)?;
    let version = Some(made.version.name.clone());
    Ok(Done { outcome, version, made: Some(made), unreadable, detail: String::new() })
}

/// Base letters and those that people have labelled, each once.
async fn letters(
    args: &RetrainArgs,
    config: &Config,
    store: &SqlStore,
) -> anyhow::Result<(Vec<LabelledLetter>, usize)> {
    let mut paths = config.retrain.letters.clone();
    paths.extend(args.letters.iter().cloned());
    let base = tokio::task::spawn_blocking(move || read_letters(&paths)).await?;
    let base = base.map_err(|error| Failure::new(exit::FAILED, error.to_string()))?;
    let stored = from_store::read(store, &config.limits).await?;
    let unreadable = stored.unreadable;
    Ok((from_store::merged(base, stored), unreadable))
}

fn options(
    args: &RetrainArgs,
    config: &Config,
    letters: &[LabelledLetter],
) -> anyhow::Result<RetrainOptions> {
    let mailboxes: Vec<String> =
        config.settings.mailboxes.iter().map(|mailbox| mailbox.id.to_string()).collect();
    // The champion may know mailboxes of which there is no letter.
    let labels = letters.iter().map(|letter| &letter.label).chain(&mailboxes);
    let labels: std::collections::BTreeSet<String> = labels.cloned().collect();
    let of_letters = letters.iter().map(|letter| letter.label.clone()).collect();
    let (descriptions, words) = given::words(&of_letters, None, false, Some(config))?;
    let no_mailbox = given::no_mailboxes(&of_letters);
    let learn = LearnOptions {
        model: TrainOptions { descriptions, ..TrainOptions::default() },
        before: Before { words, no_mailbox, ..Before::default() },
        routing: routing(config, &labels.into_iter().collect::<Vec<_>>()),
        promise: Promise::new(config.promise.target_error, config.promise.confidence)?,
        ..LearnOptions::default()
    };
    Ok(RetrainOptions { learn, mailboxes, force: args.force })
}

/// Lets the version take over, or run in shadow, if that was asked for and nothing is against it.
fn give_role(args: &RetrainArgs, config: &Config, made: &Made) -> anyhow::Result<RetrainOutcome> {
    if !made.record.not_worse() {
        return Ok(RetrainOutcome::Version);
    }
    let mut registry = Registry::open(&config.model)?;
    let signature = Signature {
        by: args.by.clone(),
        why: "retrained; not worse than the one in use".to_owned(),
        at: Timestamp::now().0,
    };
    let version = made.version.number;
    let check = |model: &Model| accepts(config, model);
    if args.promote {
        registry.promote(version, &signature, &check)?;
        return Ok(RetrainOutcome::Promoted);
    }
    // A first version serves already.
    if config.retrain.challenge && registry.champion()? != version {
        registry.challenge(version, &signature, &check)?;
    }
    Ok(RetrainOutcome::Version)
}
