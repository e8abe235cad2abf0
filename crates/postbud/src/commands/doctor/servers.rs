//! The servers that Postbud cannot work without: database and broker.

use std::time::Duration;

use postbud_pipeline::ports::{Queue as _, QueueError, Timestamp};
use postbud_queue::{RabbitOptions, RabbitQueue};
use postbud_store::{EmbeddedOptions, EmbeddedQueue, StoreOptions, schema};
use tokio::time::timeout;

use super::finding::{Finding, fault, good, note};
use crate::config::{Config, QueueKind};
use crate::{keys, wiring};

/// How long a server may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Clocks that differ by more confuse leases and ages.
const CLOCK_MS: u64 = 5_000;

/// The database, its schema and its clock.
pub(super) async fn store(config: &Config) -> Vec<Finding> {
    let mut options = StoreOptions::new(config.store.expose());
    options.deadline = PATIENCE;
    let found = match schema(&options).await {
        Ok(found) => found,
        Err(error) => {
            let why = said(&error);
            return vec![fault("store", why.clone(), why).advise(
                "check that the server runs, and address, user and password_file in [store]",
                "se efter, at serveren kører, og adresse, bruger og password_file i [store]",
            )];
        }
    };
    let place = config.store.to_string();
    let standing = match found.applied {
        None => note("store", format!("{place} is empty"), format!("{place} er tom")).advise(
            "`postbud migrate` or the first start makes it",
            "`postbud migrate` eller første start laver den",
        ),
        Some(applied) if found.is_ahead() => fault(
            "store",
            format!("{place} has schema {applied}, newer than this version's {}", found.known),
            format!("{place} har skema {applied}, nyere end denne versions {}", found.known),
        )
        .advise(
            "use the version of Postbud that wrote it",
            "brug den version af Postbud, der skrev den",
        ),
        Some(applied) if found.is_behind() => note(
            "store",
            format!("{place} has schema {applied} of {}", found.known),
            format!("{place} har skema {applied} af {}", found.known),
        )
        .advise(
            "make a backup, then `postbud migrate`",
            "tag en sikkerhedskopi, så `postbud migrate`",
        ),
        Some(applied) => good(
            "store",
            format!("{place} answers, schema {applied}"),
            format!("{place} svarer, skema {applied}"),
        ),
    };
    let clock = found.clock.map(|clock| clocks(clock, Timestamp::now()));
    [Some(standing), clock].into_iter().flatten().collect()
}

fn clocks(theirs: Timestamp, ours: Timestamp) -> Finding {
    let apart = theirs.0.abs_diff(ours.0);
    let seconds = apart as f64 / 1_000.0;
    if apart <= CLOCK_MS {
        return good(
            "clock",
            format!("{seconds:.1} s from the database's"),
            format!("{seconds:.1} s fra databasens"),
        );
    }
    fault(
        "clock",
        format!("this machine and the database are {seconds:.0} s apart"),
        format!("denne maskine og databasen er {seconds:.0} s fra hinanden"),
    )
    .advise(
        "let both follow a time server (chrony, systemd-timesyncd)",
        "lad begge følge en tidsserver (chrony, systemd-timesyncd)",
    )
}

/// The queue and its dead letters. Declares and makes nothing.
pub(super) async fn queue(config: &Config) -> Vec<Finding> {
    let place = config.queue.kind.to_string();
    let depth = match &config.queue.kind {
        QueueKind::Amqp { url } => {
            let options =
                RabbitOptions { declare: false, ..wiring::rabbit_options(config, url.expose()) };
            amqp(options).await
        }
        QueueKind::Embedded => embedded(config).await,
    };
    match depth {
        Ok(None) => vec![note(
            "queue",
            format!("{place}: the first start makes it"),
            format!("{place}: første start laver den"),
        )],
        Ok(Some(depth)) if depth.dead > 0 => vec![
            note(
                "queue",
                format!("{place} answers; {} wait, {} dead letters", depth.waiting, depth.dead),
                format!("{place} svarer; {} venter, {} døde breve", depth.waiting, depth.dead),
            )
            .advise(
                "`postbud queue dead` says why; then `postbud queue replay`",
                "`postbud queue dead` siger hvorfor; derefter `postbud queue replay`",
            ),
        ],
        Ok(Some(depth)) => vec![good(
            "queue",
            format!("{place} answers; {} wait, no dead letters", depth.waiting),
            format!("{place} svarer; {} venter, ingen døde breve", depth.waiting),
        )],
        Err(why) => vec![fault("queue", why.clone(), why).advise(
            "check that the broker runs, and address, user, permissions and password_file in [queue]",
            "se efter, at mægleren kører, og adresse, bruger, rettigheder og password_file i [queue]",
        )],
    }
}

async fn amqp(options: RabbitOptions) -> Result<Option<postbud_pipeline::ports::Depth>, String> {
    let asked = async {
        let queue = RabbitQueue::connect(options).await?;
        let depth = queue.depth().await?;
        queue.shutdown().await?;
        Ok::<_, QueueError>(depth)
    };
    match timeout(PATIENCE * 3, asked).await {
        Ok(Ok(depth)) => Ok(Some(depth)),
        Ok(Err(error)) if error.to_string().contains("there is no queue") => Ok(None),
        Ok(Err(error)) => Err(said(&error)),
        Err(_) => Err("the broker does not answer in time".to_owned()),
    }
}

/// The embedded queue lies in the store; opening a store that is behind would change it.
async fn embedded(config: &Config) -> Result<Option<postbud_pipeline::ports::Depth>, String> {
    let mut options = StoreOptions::new(config.store.expose());
    options.deadline = PATIENCE;
    match schema(&options).await {
        Ok(found) if found.applied == Some(found.known) => {
            options.keys = keys::load(config).await.map_err(|error| error.to_string())?;
            let store = postbud_store::open(&options).await.map_err(|error| said(&error))?;
            let queue = EmbeddedQueue::new(store.clone(), EmbeddedOptions::default());
            let depth = queue.depth().await.map_err(|error| said(&error))?;
            store.close().await;
            Ok(Some(depth))
        }
        Ok(_) => Ok(None),
        Err(error) => Err(said(&error)),
    }
}

/// An error with its cause.
fn said(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn clocks_may_differ_a_little() {
        assert_eq!(clocks(Timestamp(10_000), Timestamp(14_000)).level, Level::Good);
        assert_eq!(clocks(Timestamp(0), Timestamp(3_600_000)).level, Level::Fault);
        assert_eq!(clocks(Timestamp(i64::MAX), Timestamp(i64::MIN)).level, Level::Fault);
    }
}
