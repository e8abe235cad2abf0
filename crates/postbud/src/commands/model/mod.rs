//! `postbud model`: the versions of a model, which of them is in use, and changing that.

mod change;
mod compare;
mod facts;
mod letters;
mod list;
pub(crate) mod refusal;
mod shadow;
mod show;
mod words;
mod workshop;

use postbud_learn::{Registry, RegistryError};
pub(crate) use workshop::Workshop;

use crate::cli::{ModelArgs, ModelCommand, WhichModelArgs};
use crate::config::{Config, LogFormat};
use crate::exit::{self, Failure};
use crate::{telemetry, wiring};

pub(crate) use words::chance;

/// Does what was asked; nothing stands for `list`.
pub(crate) async fn run(args: &ModelArgs) -> anyhow::Result<()> {
    match &args.command {
        Some(ModelCommand::List(args)) => list::run(args),
        Some(ModelCommand::Show(args)) => show::run(args),
        Some(ModelCommand::Promote(args)) => change::promote(args),
        Some(ModelCommand::Rollback(args)) => change::rollback(args),
        Some(ModelCommand::Challenge(args)) => change::challenge(args),
        Some(ModelCommand::Compare(args)) => compare::run(args).await,
        None => list::run(&args.list),
    }
}

/// The versions that a command is about.
struct Place {
    registry: Registry,
    /// The configuration under which they serve; `None` when only a folder was named.
    config: Option<Config>,
}

impl Place {
    /// The folder that was named, or that of the configuration.
    fn of(args: &WhichModelArgs) -> anyhow::Result<Self> {
        let config = match (&args.model, &args.config.config) {
            (Some(_), None) => None,
            _ => Some(wiring::installation(&args.config)?),
        };
        telemetry::start(
            config.as_ref().map_or(LogFormat::Text, |config| config.log.format),
            "warn",
        );
        let configured = config.as_ref().map(|config| config.model.clone());
        let dir = args.model.clone().or(configured).unwrap_or_default();
        if Registry::is_pinned(&dir) {
            let message = format!(
                "{} is one model for ever and has no roles; name the folder of its versions with \
                 --model, or as path in [model] of the configuration",
                dir.display()
            );
            return Err(Failure::new(exit::CONFIGURATION, message).into());
        }
        let registry = Registry::open(&dir).map_err(|error| refusal::of(&error, None))?;
        if registry.versions().is_empty() {
            let error = RegistryError::NoVersion { path: dir };
            return Err(refusal::of(&error, None).into());
        }
        Ok(Self { registry, config })
    }

    /// `klitkobing/7`.
    fn name(&self, version: u32) -> String {
        format!("{}/{version}", self.registry.name())
    }
}
