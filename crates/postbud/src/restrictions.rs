//! People about whom nothing may be decided automatically, kept at hand for the router.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context;
use postbud_letter::Letter;
use postbud_pipeline::Stop;
use postbud_pipeline::ports::Restrictions;
use postbud_store::{PersonKey, SqlStore};
use tracing::warn;

use crate::commands::person;
use crate::config::Config;

/// How often the restrictions are read. Like the switches they hold within five seconds.
const EVERY: Duration = Duration::from_secs(2);

/// Who is restricted, as the index names people.
pub(crate) struct Restricted {
    known: RwLock<Known>,
    config: Config,
}

#[derive(Default)]
struct Known {
    people: HashSet<String>,
    /// `None` while nobody is restricted: then there may be no key, and no letter is looked at.
    key: Option<PersonKey>,
}

impl Restricted {
    /// Reads them, before the first letter.
    pub(crate) async fn read(config: &Config, store: &SqlStore) -> anyhow::Result<Arc<Self>> {
        let this = Self { known: RwLock::default(), config: config.clone() };
        this.update(store).await?;
        Ok(Arc::new(this))
    }

    /// Reads them again and again until `stop`.
    pub(crate) async fn watch(&self, store: &SqlStore, stop: &Stop) {
        while !stop.sleep(EVERY).await {
            if let Err(error) = self.update(store).await {
                warn!(error = %error, "the restrictions of people cannot be read; they stay as they were");
            }
        }
    }

    async fn update(&self, store: &SqlStore) -> anyhow::Result<()> {
        let people = store.restricted().await.context("who is restricted cannot be read")?;
        let key = if people.is_empty() { None } else { Some(person::existing_key(&self.config)?) };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { people, key };
        Ok(())
    }
}

impl Restrictions for Restricted {
    fn holds_for(&self, letter: &Letter, raw: &[u8]) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let Some(key) = &known.key else {
            return false;
        };
        letter.cpr_numbers(raw).iter().any(|cpr| known.people.contains(&key.person(cpr)))
    }
}
