//! The work of a retraining, in a process that may die of its limits.

use std::collections::BTreeSet;

use anyhow::Context;
use postbud_evaluate::Promise;
use postbud_learn::{
    Before, LearnOptions, Made, Registry, RegistryError, RetrainError, RetrainOptions, Retrained,
    Signature, retrain,
};
use postbud_model::{Model, TrainOptions};
use postbud_pipeline::ports::{RetrainOutcome, RetrainRow, Retrains as _, Timestamp};
use postbud_store::SqlStore;

use super::lock::Lock;
use super::progress::Teller;
use super::{limits, report};
use crate::classifier::{accepts, routing, suits};
use crate::cli::RetrainArgs;
use crate::commands::model::refusal;
use crate::commands::train::given::{self, Given};
use crate::config::Config;
use crate::exit::{self, Failure};
use crate::{from_store, output, telemetry, wiring};

/// What is to be told of it.
pub(super) struct Done {
    pub(super) outcome: RetrainOutcome,
    pub(super) version: Option<String>,
    pub(super) made: Option<Box<Made>>,
    pub(super) unreadable: usize,
    /// What went wrong and what to do.
    pub(super) detail: String,
    /// The exit code, when a version was made and could not be given the role it was made for.
    pub(super) failed: Option<u8>,
}

impl Done {
    /// Without a version of its own.
    fn nothing(outcome: RetrainOutcome, version: Option<String>, detail: String) -> Self {
        Self { outcome, version, made: None, unreadable: 0, detail, failed: None }
    }
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
    report::print(args, &done)?;
    match done.failed {
        Some(code) => Err(Failure::new(code, done.detail).into()),
        None => Ok(()),
    }
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
    let stored = from_store::read(store, &config.limits).await?;
    let unreadable = stored.unreadable;
    let (threads, own, mut paths) = (args.threads, config.clone(), config.retrain.letters.clone());
    paths.extend(args.letters.iter().cloned());
    let teller = Teller::new(output::lang(args.output.lang), args.progress);
    let force = args.force;
    let mapping = args.mapping.clone().or_else(|| config.retrain.mapping.clone());
    let train = tokio::task::spawn_blocking(move || {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        pool.install(|| {
            let given = Given::read_with(&paths, Some(stored), mapping.as_deref(), Some(&own))?;
            given.say_skipped();
            useful(&given, &own)?;
            let options = options(&given, &own, force)?;
            let letters = &given.reading.letters;
            anyhow::Ok(retrain(letters, &own.model, &options, &|step| teller.tell(step)))
        })
    });
    let done = match train.await.context("the training ended by a fault of its own")?? {
        Ok(Retrained::Unchanged { version }) => {
            Done::nothing(RetrainOutcome::Unchanged, Some(version), String::new())
        }
        Ok(Retrained::Version(made)) => given_role(args, config, made),
        Err(RetrainError::TooFew(error)) => {
            Done::nothing(RetrainOutcome::TooFew, None, error.to_string())
        }
        Err(RetrainError::Registry(error)) => return Err(champion_unusable(&error).into()),
        Err(error) => return Err(error.into()),
    };
    Ok(Done { unreadable, ..done })
}

/// Will a router take what is learnt from these letters? Asked before the work, not after it.
fn useful(given: &Given, config: &Config) -> Result<(), Failure> {
    let labels: Vec<String> = given.labels().into_iter().collect();
    // Without letters there is too little to learn from, which is told in another place.
    if labels.is_empty() {
        return Ok(());
    }
    suits(config, &labels).map_err(|what| {
        let message = format!(
            "a model from these letters would be of no use: {what}; --mapping, or `mapping` in \
             [retrain], gives old labels new names"
        );
        Failure::new(exit::CONFIGURATION, message)
    })
}

/// There is nothing to compare with, and nothing was made.
fn champion_unusable(error: &RegistryError) -> Failure {
    let failure = refusal::of(error, None);
    let message =
        format!("the model in use cannot be compared with, and no version was made: {failure}");
    Failure::new(failure.code, message)
}

fn options(given: &Given, config: &Config, force: bool) -> anyhow::Result<RetrainOptions> {
    let mailboxes: Vec<String> =
        config.settings.mailboxes.iter().map(|mailbox| mailbox.id.to_string()).collect();
    // The champion may know mailboxes of which there is no letter.
    let of_letters = given.labels();
    let labels: BTreeSet<String> = of_letters.iter().chain(&mailboxes).cloned().collect();
    let (descriptions, words) = given::words(&of_letters, None, false, Some(config))?;
    let no_mailbox = given::no_mailboxes(&of_letters);
    let learn = LearnOptions {
        model: TrainOptions {
            descriptions,
            min_senders: config.retrain.min_senders,
            ..TrainOptions::default()
        },
        before: Before {
            words,
            mapping: given.mapped.clone(),
            skipped: given.reading.skipped_count,
            no_mailbox,
        },
        routing: routing(config, &labels.into_iter().collect::<Vec<_>>()),
        promise: Promise::new(config.promise.target_error, config.promise.confidence)?,
        ..LearnOptions::default()
    };
    Ok(RetrainOptions { learn, mailboxes, force })
}

/// What is to be told of a version that was made, with the role it was made for, if it got that.
fn given_role(args: &RetrainArgs, config: &Config, made: Box<Made>) -> Done {
    let (outcome, refused) = match give_role(args, config, &made) {
        Ok(outcome) => (outcome, None),
        Err(error) => {
            let champion =
                Registry::open(&config.model).and_then(|found| found.find(found.champion()?));
            let stays = champion.ok().map(|found| found.name);
            (RetrainOutcome::Version, Some(refusal::of(&error, stays.as_deref())))
        }
    };
    Done {
        outcome,
        version: Some(made.version.name.clone()),
        made: Some(made),
        unreadable: 0,
        failed: refused.as_ref().map(|failure| failure.code),
        detail: refused.map_or_else(String::new, |failure| failure.to_string()),
    }
}

/// Lets the version take over, or run in shadow, if that was asked for and nothing is against it.
fn give_role(
    args: &RetrainArgs,
    config: &Config,
    made: &Made,
) -> Result<RetrainOutcome, RegistryError> {
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
