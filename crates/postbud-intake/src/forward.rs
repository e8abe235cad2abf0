//! A queue of somebody else's: each message is made durable here, and only then acknowledged there.

use std::sync::Arc;
use std::time::Duration;

use postbud_pipeline::ports::{Body, Queue, QueueError, Received, Settlement};
use postbud_pipeline::{RetryPolicy, Stop};
use tracing::{info, warn};

use crate::acceptor::{AcceptError, Acceptor, Kind};
use crate::activity::Activity;

/// Messages in hand at once.
const BATCH: usize = 16;
/// How long to wait for a first message.
const WAIT: Duration = Duration::from_secs(2);

/// Takes letters from a queue that is not ours.
pub struct Forward {
    source: Arc<dyn Queue>,
    kind: Kind,
    activity: Arc<Activity>,
}

/// What became of one message.
enum Became {
    Settled(Settlement),
    /// Queue or store of ours are away.
    Away(AcceptError),
}

impl Forward {
    /// Takes from `source`, which is shown as `name`. With [`Kind::Anything`] what is no letter
    /// goes to a person; with another kind it is refused, and what its queue does with refused
    /// messages is the business of whoever made it.
    #[must_use]
    pub fn new(source: Arc<dyn Queue>, name: &str, kind: Kind) -> Self {
        Self { source, kind, activity: Arc::new(Activity::new("amqp", name)) }
    }

    /// Its figures.
    #[must_use]
    pub fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// Takes letters until `stop`.
    pub async fn run(&self, acceptor: &Acceptor, stop: &Stop) {
        let mut failed = 0;
        while !stop.is_set() {
            // Stopping while waiting loses nothing: what is not settled goes back.
            let received = tokio::select! {
                received = self.source.receive(BATCH, WAIT) => received,
                () = stop.wait() => break,
            };
            let done = match received {
                Ok(received) => self.take(received, acceptor).await,
                Err(error) => Err(("unreachable", Error::Source(error))),
            };
            match done {
                Ok(()) => {
                    failed = 0;
                    self.activity.success();
                    self.activity.well();
                }
                Err((word, error)) => {
                    failed += 1;
                    self.activity.trouble(word, &error);
                    stop.sleep(RetryPolicy::AWAY.pause_for_ever("amqp", failed)).await;
                }
            }
        }
        if let Err(error) = self.source.shutdown().await {
            warn!(%error, "a foreign queue did not close in order; what was taken may come again");
        }
    }

    async fn take(
        &self,
        received: Vec<Received>,
        acceptor: &Acceptor,
    ) -> Result<(), (&'static str, Error)> {
        let mut outcomes = Vec::new();
        let mut away = None;
        for message in received {
            let token = message.token;
            // After one that could not be kept, the others go back untried.
            let settlement = match &away {
                Some(_) => Settlement::Release,
                None => match self.one(message, acceptor).await {
                    Became::Settled(settlement) => settlement,
                    Became::Away(error) => {
                        away = Some(error);
                        Settlement::Release
                    }
                },
            };
            outcomes.push((token, settlement));
        }
        let settled = self.source.settle(outcomes).await;
        settled.map_err(|error| ("unreachable", Error::Source(error)))?;
        away.map_or(Ok(()), |error| Err(("not-taken", Error::Accept(error))))
    }

    async fn one(&self, message: Received, acceptor: &Acceptor) -> Became {
        let Ok(Body::Inline(raw)) = message.body else {
            // Only our own queues point into our store.
            return self.refuse("it is a reference, and no letter");
        };
        match acceptor.accept(raw, self.kind).await {
            Ok(id) => {
                self.activity.accepted();
                info!(letter = %id, "taken from a foreign queue");
                Became::Settled(Settlement::Done)
            }
            Err(error) if error.is_final() => self.refuse(&error.to_string()),
            Err(error) => Became::Away(error),
        }
    }

    fn refuse(&self, reason: &str) -> Became {
        self.activity.refused();
        warn!(queue = %self.activity.reading().name, reason, "a message of a foreign queue is refused");
        Became::Settled(Settlement::Dead { reason: reason.to_owned() })
    }
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Source(QueueError),
    #[error("a message is not accepted")]
    Accept(#[source] AcceptError),
}
