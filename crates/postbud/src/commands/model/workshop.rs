//! The models of an installation as a system owner works with them at the desk.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use indicatif::ProgressBar;
use postbud_learn::{
    Action, CARD_FILE, CONFUSION_FILE, Check, RELIABILITY_FILE, RISK_FILE, Registry, RegistryError,
    RetrainRecord, Role, Signature,
};
use postbud_model::Model;
use postbud_pipeline::Stop;
use postbud_pipeline::ports::{
    ImportState, ModelChange, ModelList, ModelRole, ModelVersion, Models, ModelsError, Plot,
    RetrainState, Said, Timestamp,
};
use postbud_store::SqlStore;

use super::facts::{self, Facts};
use super::refusal;
use crate::classifier::accepts;
use crate::commands::{labels, retrain};
use crate::config::Config;

/// The models, and what making others needs. Clones are the same workshop.
#[derive(Clone)]
pub(crate) struct Workshop {
    config: Arc<Config>,
    /// Where the configuration stands; without a file no other process can read it.
    file: Option<PathBuf>,
    store: SqlStore,
    stop: Stop,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    retrain: RetrainState,
    bar: Option<ProgressBar>,
    import: ImportState,
}

impl std::fmt::Debug for Workshop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workshop").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Workshop {
    /// A file that people read beside a version's model.
    async fn written(
        &self,
        version: u32,
        file: &'static str,
    ) -> Result<Option<String>, ModelsError> {
        self.on_disk(move |config| {
            let registry = open(config)?;
            let known = registry.versions().contains(&version);
            let path = registry.version_dir(version).join(file);
            Ok(if known { facts::text(&path) } else { None })
        })
        .await
    }

    /// The workshop of this installation.
    pub(crate) fn new(config: &Config, file: Option<&Path>, store: &SqlStore, stop: &Stop) -> Self {
        let configured = config.desk.as_ref().is_some_and(|desk| desk.history.is_some());
        let import = ImportState { configured: configured && file.is_some(), ..Default::default() };
        Self {
            config: Arc::new(config.clone()),
            file: file.map(Path::to_owned),
            store: store.clone(),
            stop: stop.clone(),
            state: Arc::new(Mutex::new(State { import, ..State::default() })),
        }
    }

    fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does something with the files of the models, away from the threads that answer.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Config) -> Result<T, ModelsError> + Send + 'static,
    ) -> Result<T, ModelsError> {
        let config = Arc::clone(&self.config);
        let done = tokio::task::spawn_blocking(move || work(&config)).await;
        done.unwrap_or_else(|_| {
            Err(refused(
                "Modellerne kan ikke læses; loggen siger hvorfor.",
                "the models cannot be read; the log says why",
            ))
        })
    }

    async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Registry, Check<'_>) -> Result<T, RegistryError> + Send + 'static,
    ) -> Result<T, ModelsError> {
        self.on_disk(move |config| {
            let mut registry = open(config)?;
            let check = |model: &Model| accepts(config, model);
            let done = work(&mut registry, &check);
            let stays = registry.champion().ok().map(|v| format!("{}/{v}", registry.name()));
            done.map_err(|error| ModelsError::Refused(refusal::said(&error, stays.as_deref())))
        })
        .await
    }

    /// The file that a process of its own reads the configuration from.
    fn file(&self) -> Result<PathBuf, ModelsError> {
        self.file.clone().ok_or_else(|| {
            refused(
                "Skrivebordet kører uden en konfigurationsfil: begynd fra kommandolinjen.",
                "this desk runs without a configuration file: begin it on the command line",
            )
        })
    }
}

fn refused(danish: impl Into<String>, english: impl Into<String>) -> ModelsError {
    ModelsError::Refused(Said::new(danish, english))
}

fn open(config: &Config) -> Result<Registry, ModelsError> {
    if Registry::is_pinned(&config.model) {
        return Err(refused(
            "Konfigurationen nævner én model for altid; giv path i [model] mappen med dens \
             versioner.",
            "the configuration names one model for ever; give path in [model] the folder of its \
             versions",
        ));
    }
    Registry::open(&config.model).map_err(|error| ModelsError::Refused(refusal::said(&error, None)))
}

fn signed(by: &str, why: &str) -> Signature {
    Signature { by: by.to_owned(), why: why.to_owned(), at: Timestamp::now().0 }
}

fn role(role: Role) -> ModelRole {
    match role {
        Role::Champion => ModelRole::Champion,
        Role::Challenger => ModelRole::Challenger,
        Role::Previous => ModelRole::Previous,
    }
}

fn action(action: Action) -> String {
    match action {
        Action::Promote => "promote",
        Action::Rollback => "rollback",
        Action::Challenge => "challenge",
        Action::EndChallenge => "end-challenge",
    }
    .to_owned()
}

fn version(registry: &Registry, number: u32) -> ModelVersion {
    let (found, _) = Facts::of(registry, number);
    // What files cannot be read, and why, is said in the words of the system, in either language.
    let mut faults: Vec<Said> =
        found.faults.iter().map(|fault| Said::new(fault.clone(), fault.clone())).collect();
    if let Some(record) = RetrainRecord::read(&registry.version_dir(number)) {
        let against = record.objections.iter().map(retrain::objection);
        faults.extend(against);
    }
    ModelVersion {
        version: number,
        name: found.name,
        role: found.role.map(role),
        trained_at: found.trained_at.map(Timestamp),
        letters: found.letters.map(|letters| letters as u64),
        accuracy: found.accuracy,
        coverage: found.certified.map(|certified| certified.coverage),
        target: found.certified.map(|certified| certified.target),
        faults,
    }
}

fn list(config: &Config) -> Result<ModelList, ModelsError> {
    if Registry::is_pinned(&config.model) {
        return Ok(ModelList { pinned: true, ..ModelList::default() });
    }
    let registry = open(config)?;
    let change = |change: &postbud_learn::Change| ModelChange {
        at: Timestamp(change.at),
        by: change.by.clone(),
        why: change.why.clone(),
        action: action(change.action),
        version: change.version,
        instead_of: change.instead_of,
    };
    let fault = match registry.versions().is_empty() {
        true => None,
        false => registry.champion().err().map(|error| refusal::said(&error, None)),
    };
    Ok(ModelList {
        name: registry.name().to_owned(),
        versions: registry.versions().iter().rev().map(|&v| version(&registry, v)).collect(),
        history: registry.history().iter().rev().map(change).collect(),
        pinned: false,
        fault,
    })
}

#[async_trait]
impl Models for Workshop {
    async fn list(&self) -> Result<ModelList, ModelsError> {
        self.on_disk(list).await
    }

    async fn card(&self, version: u32) -> Result<Option<String>, ModelsError> {
        self.written(version, CARD_FILE).await
    }

    async fn plot(&self, version: u32, plot: Plot) -> Result<Option<String>, ModelsError> {
        let file = match plot {
            Plot::RiskCoverage => RISK_FILE,
            Plot::Reliability => RELIABILITY_FILE,
            Plot::Confusion => CONFUSION_FILE,
        };
        self.written(version, file).await
    }

    async fn promote(&self, version: u32, by: &str, why: &str) -> Result<(), ModelsError> {
        let signature = signed(by, why);
        self.change(move |registry, check| registry.promote(version, &signature, check).map(|_| ()))
            .await
    }

    async fn roll_back(&self, from: u32, by: &str, why: &str) -> Result<u32, ModelsError> {
        let now = self.on_disk(|config| Ok(open(config)?.champion().ok())).await?;
        if now != Some(from) {
            return Err(refused(
                "En anden version afgør nu brevene: se igen, før du ruller tilbage.",
                "another version decides by now: look again before you roll back",
            ));
        }
        let signature = signed(by, why);
        self.change(move |registry, check| {
            registry.rollback(&signature, check).map(|(version, _)| version)
        })
        .await
    }

    async fn challenge(
        &self,
        version: Option<u32>,
        by: &str,
        why: &str,
    ) -> Result<(), ModelsError> {
        let signature = signed(by, why);
        self.change(move |registry, check| match version {
            Some(version) => registry.challenge(version, &signature, check).map(|_| ()),
            None => registry.end_challenge(&signature).map(|_| ()),
        })
        .await
    }

    async fn retrain(&self, by: &str) -> Result<(), ModelsError> {
        let file = self.file()?;
        self.on_disk(|config| open(config).map(|_| ())).await?;
        let free = self.state(|state| !std::mem::replace(&mut state.retrain.running, true));
        if !free {
            return Err(refused(
                "En træning er allerede i gang: vent, til den er færdig.",
                "a retraining is running already: wait for its end",
            ));
        }
        // A bar that nobody sees: it knows how far the process has come.
        let bar = ProgressBar::hidden();
        self.state(|state| {
            state.retrain.said = Said::default();
            state.bar = Some(bar.clone());
        });
        let (this, by) = (self.clone(), by.to_owned());
        tokio::spawn(async move {
            let said =
                retrain::asked_for(&this.config, &file, &this.store, &by, &this.stop, bar).await;
            this.state(|state| {
                state.bar = None;
                state.retrain = RetrainState { running: false, part: None, said };
            });
        });
        Ok(())
    }

    async fn retrain_state(&self) -> RetrainState {
        self.state(|state| {
            let length = |bar: &ProgressBar| Some((bar.position(), bar.length()?));
            let part = state.bar.as_ref().and_then(length).filter(|(_, of)| *of > 0);
            RetrainState { part, ..state.retrain.clone() }
        })
    }

    async fn import(&self, by: &str) -> Result<(), ModelsError> {
        let file = self.file()?;
        let desk = self.config.desk.as_ref();
        let Some(folder) = desk.and_then(|desk| desk.history.clone()) else {
            return Err(refused(
                "Der er ingen mappe: sæt history i [desk].",
                "no folder is configured: set history in [desk]",
            ));
        };
        let free = self.state(|state| !std::mem::replace(&mut state.import.running, true));
        if !free {
            return Err(refused(
                "En import er allerede i gang: vent, til den er færdig.",
                "an import is running already: wait for its end",
            ));
        }
        let (this, by) = (self.clone(), by.to_owned());
        tokio::spawn(async move {
            let done = labels::import_apart(&folder, &file, &by, &this.stop).await;
            this.state(|state| {
                state.import.running = false;
                state.import.done = Some(done);
            });
        });
        Ok(())
    }

    async fn import_state(&self) -> ImportState {
        self.state(|state| state.import.clone())
    }
}
