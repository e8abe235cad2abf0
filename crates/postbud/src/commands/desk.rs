//! Serving the desk: beside the routing, or alone with `postbud run desk`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use postbud_desk::{Authority, Blind, DeskOptions};
use postbud_pipeline::{Stop, stop_pair};
use postbud_store::SqlStore;
use tokio::net::TcpListener;
use tracing::{error, info};

use crate::commands::model::Workshop;
use crate::commands::person::PeopleAtDesk;
use crate::commands::run;
use crate::config::{Config, Desk};
use crate::documents;
use crate::exit::{self, Failure};
use crate::monitoring::{self, Beside};
use crate::wiring;

/// A desk that has its address and serves nobody yet.
pub(crate) struct Door {
    listener: TcpListener,
    desk: Desk,
}

impl Door {
    /// Takes the desk's address.
    pub(crate) async fn open(desk: Desk) -> std::io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(desk.listen).await?, desk })
    }

    /// Where the desk is; with the port that was taken when port 0 was asked for.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap_or(self.desk.listen)
    }
}

/// Takes the address of the configured desk, if there is one. Before anything else begins, so that
/// an address in use ends the program at once and not in the middle of work.
pub(crate) async fn door(config: &Config) -> anyhow::Result<Option<Door>> {
    let Some(desk) = config.desk.clone() else {
        return Ok(None);
    };
    let listen = desk.listen;
    let door = Door::open(desk).await.map_err(|error| {
        let what = format!("the desk cannot listen on {listen} ({error}); change listen in [desk]");
        Failure::new(exit::FAILED, what)
    })?;
    Ok(Some(door))
}

/// Serves the desk until `stop`. A desk that fails does not take the routing with it.
/// `file` is where the configuration stands; without one no model can be made from the desk.
pub(crate) async fn serve(
    door: Option<Door>,
    config: &Config,
    file: Option<&Path>,
    store: &SqlStore,
    stop: &Stop,
) {
    let Some(door) = door else { return };
    info!(address = %door.address(), "the desk is open");
    let not_mine = match wiring::not_mine(config) {
        Ok(links) => links,
        Err(error) => {
            error!(%error, "letters cannot be sent back by their links");
            None
        }
    };
    let checks = door.desk.checks;
    let options = DeskOptions {
        settings: config.settings.clone(),
        limits: config.limits.clone(),
        grace_ms: millis(door.desk.grace),
        session_ms: millis(door.desk.session),
        deadline_ms: millis(door.desk.deadline),
        restricted: door.desk.restricted,
        secure: door.desk.behind_tls,
        oidc: door.desk.oidc,
        documents: documents::reader_when_asked(config),
        not_mine,
        link_ms: millis(checks.link_life),
        blind: Blind { share: f64::from(checks.blind_share) / 1e4, least: checks.blind_least },
        target_error: config.promise.target_error,
        authority_mailbox: checks.authority_mailbox,
        authorities: checks
            .authorities
            .into_iter()
            .map(|(name, reach)| Authority { name, reach })
            .collect(),
        people: Some(Arc::new(PeopleAtDesk::new(config, store))),
        models: Some(Arc::new(Workshop::new(config, file, store, stop))),
    };
    let store = Arc::new(store.clone());
    if let Err(error) = postbud_desk::serve(door.listener, store, options, stop.clone()).await {
        error!(%error, "the desk has failed; letters go on");
    }
}

/// The desk and nothing else, until it is told to stop.
pub(crate) async fn alone(config: &Config, file: &Path) -> anyhow::Result<()> {
    let Some(door) = door(config).await? else {
        let what = "this configuration has no desk; add the section [desk]";
        return Err(Failure::new(exit::CONFIGURATION, what).into());
    };
    let monitoring = monitoring::open(config).await?;
    let store = wiring::store(config).await?;
    info!(store = %config.store, "postbud runs");
    let (stopper, stop) = stop_pair();
    tokio::spawn(run::stop_on_signal(Arc::new(stopper)));
    let monitored = async {
        if let Some(monitoring) = monitoring {
            monitoring.run(config, &store, Beside::default(), &stop).await;
        }
    };
    tokio::join!(serve(Some(door), config, Some(file), &store, &stop), monitored);
    info!("the desk is closed");
    Ok(())
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
