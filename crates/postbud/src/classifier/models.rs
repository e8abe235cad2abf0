//! The models of a running router: which one decides and which one scores beside it, taken from
//! the registry again and again, so that a promotion needs no restart.
//!
//! A model is loaded and verified beside the one at work and takes over as a whole: a decision
//! comes from the one or the other, never from both. What does not verify is refused, said once,
//! and the last good one goes on.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use postbud_decide::Scores;
use postbud_learn::{Registry, RegistryError, Resolved};
use postbud_letter::Letter;
use postbud_pipeline::ports::{Classifier, ModelState, RefusedModel, ServingModel, Timestamp};
use tracing::{error, info, warn};

use super::{ModelClassifier, refused, suits};
use crate::config::Config;
use crate::exit::{self, Failure};

/// Between two looks at the registry.
const PAUSE: Duration = Duration::from_secs(1);

/// Makes a model that is ready to score out of a file.
type Load = fn(&Config, &Resolved) -> anyhow::Result<Arc<ModelClassifier>>;

/// Champion and challenger as the registry's record names them.
pub(super) struct Models {
    config: Config,
    load: Load,
    roles: RwLock<Roles>,
}

#[derive(Default)]
struct Roles {
    champion: Slot,
    challenger: Slot,
}

/// One role.
#[derive(Default)]
struct Slot {
    serving: Option<(Arc<ModelClassifier>, Timestamp)>,
    refused: Option<RefusedModel>,
    /// What was looked at last, so that the same file is neither loaded nor refused twice.
    seen: Option<Seen>,
}

/// What is in place for a role.
#[derive(PartialEq)]
enum Seen {
    /// A file: its entry in the record, and device, inode, length and times of the file.
    File(Resolved, Option<[i64; 7]>),
    /// No file, and why.
    Nothing(String),
}

impl Models {
    /// The models as they are now, and a thread that follows the registry as long as they live.
    pub(super) fn follow(config: &Config) -> anyhow::Result<Arc<Self>> {
        let models = Arc::new(Self::now(config)?);
        let weak = Arc::downgrade(&models);
        thread::Builder::new()
            .name("models".to_owned())
            .spawn(move || watch(&weak))
            .context("the thread that follows the registry of models cannot be started")?;
        Ok(models)
    }

    /// The models as they are now. A champion that is refused is an error: nothing serves yet.
    fn now(config: &Config) -> anyhow::Result<Self> {
        let models = Self { config: config.clone(), load, roles: RwLock::default() };
        match Registry::resolve(&config.model) {
            Ok(found) => {
                let seen = Seen::File(found.clone(), stat(&found.path));
                let champion = models.load(&found)?;
                models.write().champion.serve(champion, seen, "decides");
            }
            Err(error) if nothing_yet(&error) => {
                let path = config.model.display();
                warn!(%path, "there is no model: letters that no rule routes wait for a person; `postbud train` makes one");
            }
            Err(error) => return Err(refused(&config.model, &error).into()),
        }
        models.look_at_challenger();
        Ok(models)
    }

    /// Looks at the registry; loads what is new there.
    fn look(&self) {
        let found = Registry::resolve(&self.config.model);
        let begins = self.read().champion.serving.is_none();
        if !(begins && found.as_ref().is_err_and(nothing_yet)) {
            self.look_at(found, "decides", |roles| &mut roles.champion);
        }
        self.look_at_challenger();
    }

    fn look_at_challenger(&self) {
        let path = &self.config.model;
        // A record that cannot be read is the champion's refusal; one line for it is enough.
        let registry = if Registry::is_pinned(path) { None } else { Registry::open(path).ok() };
        let version = match &registry {
            Some(registry) => registry.challenger(),
            None if Registry::is_pinned(path) => None,
            None => return,
        };
        let Some((registry, version)) = registry.as_ref().zip(version) else {
            self.write().challenger = Slot::default();
            return;
        };
        self.look_at(registry.find(version), "scores beside it", |roles| &mut roles.challenger);
        let mut roles = self.write();
        if roles.challenger.refused.is_some() {
            roles.challenger.serving = None;
        }
    }

    /// Takes into a role what is in place for it now, or refuses it.
    fn look_at(
        &self,
        found: Result<Resolved, RegistryError>,
        does: &'static str,
        slot: impl Fn(&mut Roles) -> &mut Slot,
    ) {
        let (name, seen, loaded) = match found {
            Ok(found) => {
                // Before the file is read: what changes meanwhile is seen the next time.
                let seen = Seen::File(found.clone(), stat(&found.path));
                if slot(&mut self.write()).seen.as_ref() == Some(&seen) {
                    return;
                }
                (found.name.clone(), seen, self.load(&found))
            }
            Err(error) => {
                let failure = refused(&self.config.model, &error);
                let seen = Seen::Nothing(failure.to_string());
                (self.config.model.display().to_string(), seen, Err(failure.into()))
            }
        };
        let mut roles = self.write();
        let slot = slot(&mut roles);
        if slot.seen.as_ref() == Some(&seen) {
            return;
        }
        match loaded {
            Ok(model) => slot.serve(model, seen, does),
            Err(error) => slot.refuse(name, &error, seen),
        }
    }

    fn load(&self, found: &Resolved) -> anyhow::Result<Arc<ModelClassifier>> {
        // No lock is held here, and what was half made is gone with the panic.
        catch_unwind(AssertUnwindSafe(|| (self.load)(&self.config, found))).unwrap_or_else(|_| {
            let message = format!(
                "the model {} is refused: reading it ended in a fault of Postbud (a panic); \
                 promote another version, and report it",
                found.path.display()
            );
            Err(Failure::new(exit::MODEL, message).into())
        })
    }

    fn read(&self) -> RwLockReadGuard<'_, Roles> {
        self.roles.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Roles> {
        self.roles.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn serve(&mut self, model: Arc<ModelClassifier>, seen: Seen, does: &str) {
        self.seen = Some(seen);
        self.refused = None;
        if self.serving.as_ref().is_some_and(|(old, _)| old.id == model.id) {
            return;
        }
        let certificate = &model.certificate;
        info!(
            model = model.id.0,
            mailboxes = certificate.thresholds.iter().flatten().count(),
            target = certificate.target,
            confidence = certificate.confidence,
            missing = ?certificate.missing,
            unknown_labels = ?model.unknown_labels(),
            "from now on this model {does}; it may route to so many mailboxes by itself"
        );
        self.serving = Some((model, Timestamp::now()));
    }

    fn refuse(&mut self, name: String, error: &anyhow::Error, seen: Seen) {
        self.seen = Some(seen);
        let serving = self.serving.as_ref().map(|(model, _)| model.id.0.as_str());
        warn!(refused = name, serving, "{error}; the last good model, if any, goes on");
        self.refused = Some(RefusedModel { name, why: error.to_string(), since: Timestamp::now() });
    }

    fn model(&self) -> Option<Arc<ModelClassifier>> {
        self.serving.as_ref().map(|(model, _)| Arc::clone(model))
    }

    fn state(&self) -> Option<ServingModel> {
        self.serving.as_ref().map(|(model, since)| ServingModel {
            model: model.id.clone(),
            since: *since,
            automatic_mailboxes: model.certificate.thresholds.iter().flatten().count(),
            unknown_labels: model.unknown_labels(),
        })
    }
}

impl Classifier for Models {
    fn classify(&self, letter: &Letter) -> Option<Scores> {
        let model = self.read().champion.model();
        model?.classify(letter)
    }

    fn shadow(&self, letter: &Letter) -> Option<Scores> {
        let model = self.read().challenger.model();
        model?.classify(letter)
    }

    fn state(&self) -> Option<ModelState> {
        let roles = self.read();
        Some(ModelState {
            champion: roles.champion.state(),
            challenger: roles.challenger.state(),
            refused: roles.champion.refused.clone(),
            challenger_refused: roles.challenger.refused.clone(),
        })
    }
}

fn load(config: &Config, found: &Resolved) -> anyhow::Result<Arc<ModelClassifier>> {
    let refuse = |error: &(dyn std::error::Error + 'static)| refused(&found.path, error);
    let model = found.load().map_err(|error| refuse(&error))?;
    suits(config, model.labels())
        .map_err(|what| anyhow::anyhow!("{what}"))
        .map_err(|error| refuse(&*error))?;
    let model = ModelClassifier::new(model, &found.name, config);
    Ok(Arc::new(model.map_err(|error| refuse(&*error))?))
}

fn watch(models: &Weak<Models>) {
    loop {
        thread::sleep(PAUSE);
        let Some(models) = models.upgrade() else { return };
        // Whatever goes wrong in one look, the next one sees a promotion or a rollback.
        if catch_unwind(AssertUnwindSafe(|| models.look())).is_err() {
            error!("looking at the registry of models ended in a panic; the models at work go on");
        }
    }
}

fn nothing_yet(error: &RegistryError) -> bool {
    matches!(error, RegistryError::Missing { .. } | RegistryError::NoVersion { .. })
}

fn stat(path: &Path) -> Option<[i64; 7]> {
    let found = fs::metadata(path).ok()?;
    let (device, inode) = (found.dev().cast_signed(), found.ino().cast_signed());
    let changed = [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()];
    let [a, b, c, d] = changed;
    Some([device, inode, found.size().cast_signed(), a, b, c, d])
}

#[cfg(test)]
#[path = "models_tests.rs"]
mod tests;
