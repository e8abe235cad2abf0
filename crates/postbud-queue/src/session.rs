//! One connection to the broker, from its opening to its first fault.
//!
//! A session is never mended. It fails once, and whoever keeps it opens the next one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt;
use lapin::options::{BasicCancelOptions, BasicNackOptions, BasicQosOptions, ConfirmSelectOptions};
use lapin::{Channel, ConnectionProperties, Event};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use crate::fault::Fault;
use crate::inbox::Inbox;
use crate::options::Settings;
use crate::settle;
use crate::subscription::{Subscription, Tag};
use crate::topology::declare;
use crate::wire::Wire;

/// Acknowledgements are not confirmed, and a broker that closes a channel forgets those that its
/// queue has not taken up yet. So long after the last one they have always arrived.
const SETTLING: Duration = Duration::from_millis(500);
/// How often the state of a connection is looked at, beside what it reports by itself.
const LOOK: Duration = Duration::from_secs(1);

/// Numbers sessions over the whole process, so that no two queues know the same token.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Publishing with confirms.
    Publish,
    /// Consuming `<prefix>.incoming`.
    Consume,
}

/// The first fault of a session, for everybody who waits on it.
struct Health {
    fault: watch::Sender<Option<Fault>>,
    /// A deadline was missed while the broker had blocked this connection: it cannot be closed
    /// now, and is to be replaced as soon as the alarm is over.
    stale: AtomicBool,
}

impl Health {
    fn fail(&self, fault: Fault) {
        self.fault.send_if_modified(|first| {
            let news = first.is_none();
            if news {
                *first = Some(fault);
            }
            news
        });
    }
}

/// An open connection with its channel.
pub(crate) struct Session {
    pub(crate) number: u64,
    pub(crate) connection: Wire,
    pub(crate) channel: Channel,
    pub(crate) inbox: Arc<Inbox>,
    /// Whose turn it is to publish: confirms of two batches on one channel must not mix, or a
    /// message that came back could be taken for a neighbour's.
    pub(crate) turn: Mutex<()>,
    consumer: Option<Tag>,
    health: Arc<Health>,
    tasks: Vec<JoinHandle<()>>,
}

/// A connection that is ready to be used. No letter comes yet.
pub(crate) struct Ready {
    connection: Wire,
    channel: Channel,
}

impl Ready {
    /// Connects and declares the queues.
    pub(crate) async fn connect(settings: &Settings, role: Role) -> Result<Self, Fault> {
        let connection = connect(settings, role).await?;
        declare(&connection, settings).await?;
        let channel = settings.within("open a channel", connection.create_channel()).await?;
        Ok(Self { connection, channel })
    }

    /// Starts to receive, for [`Role::Consume`]. To be waited for to its end: a letter that came
    /// meanwhile is only then in anybody's hands.
    pub(crate) async fn begin(
        self,
        settings: &Arc<Settings>,
        role: Role,
    ) -> Result<Arc<Session>, Fault> {
        let Self { connection, channel } = self;
        let fault = watch::Sender::new(None);
        let health = Arc::new(Health { fault, stale: AtomicBool::new(false) });
        let inbox = Arc::new(Inbox::default());
        let mut tasks = vec![tokio::spawn(watch_over(
            connection.events_listener().boxed(),
            connection.status().clone(),
            Arc::clone(&health),
        ))];
        let mut consumer = None;
        match role {
            Role::Publish => {
                let confirms = channel.confirm_select(ConfirmSelectOptions::default());
                settings.within("ask for confirms", confirms).await?;
            }
            Role::Consume => {
                let (subscription, tag) = Subscription::start(&channel, settings, &inbox).await?;
                consumer = Some(tag);
                let health = Arc::clone(&health);
                tasks.push(tokio::spawn(async move { health.fail(subscription.pump().await) }));
            }
        }
        Ok(Arc::new(Session {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            connection,
            channel,
            inbox,
            turn: Mutex::new(()),
            consumer,
            health,
            tasks,
        }))
    }
}

impl Session {
    /// Connects, declares the queues and, for [`Role::Consume`], starts to receive.
    pub(crate) async fn open(settings: &Arc<Settings>, role: Role) -> Result<Arc<Self>, Fault> {
        Ready::connect(settings, role).await?.begin(settings, role).await
    }

    /// Ends this session for everybody.
    pub(crate) fn fail(&self, fault: Fault) {
        self.health.fail(fault);
    }

    /// Ends this session after a missed deadline, at once or when the broker's alarm is over.
    pub(crate) fn fail_late(&self, fault: Fault) {
        if self.blocked() {
            self.health.stale.store(true, Ordering::Relaxed);
        } else {
            self.fail(fault);
        }
    }

    /// Has this session ended?
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.health.fault.borrow().clone()
    }

    /// Does the broker take no messages because it runs out of memory or disk?
    pub(crate) fn blocked(&self) -> bool {
        self.connection.status().blocked() || self.health.stale.load(Ordering::Relaxed)
    }

    /// Ends when the session has.
    pub(crate) async fn failed(&self) -> Fault {
        let mut fault = self.health.fault.subscribe();
        let ended = fault.wait_for(Option::is_some).await;
        // The sender lives in `self`, so there always is a fault here.
        ended.ok().and_then(|fault| fault.clone()).unwrap_or_else(|| Fault::away("connect"))
    }

    /// Leaves in good order: receives no more, gives back what nobody has received, lets the
    /// acknowledgements arrive, and closes.
    ///
    /// Brokers before 4.3 count a returned message as delivered. `publisher` takes those that have
    /// been returned often, which are published anew: a stop must never make a dead letter.
    pub(crate) async fn leave(
        &self,
        settings: &Settings,
        publisher: Option<&Self>,
    ) -> Result<(), Fault> {
        let left = self.depart(settings, publisher).await;
        if left.is_err() {
            // What could not be given back one by one goes back with the connection.
            self.abandon().await;
        }
        left
    }

    async fn depart(&self, settings: &Settings, publisher: Option<&Self>) -> Result<(), Fault> {
        if let Some(tag) = &self.consumer {
            // Not while the subscription is being widened; and never again after this.
            if let Some(tag) = tag.lock().await.take() {
                let cancel = self.channel.basic_cancel(tag, BasicCancelOptions::default());
                settings.within("stop receiving", cancel).await?;
            }
            let (fresh, worn): (Vec<_>, Vec<_>) =
                self.inbox.drain().into_iter().partition(|(_, held)| settle::returns(held));
            let mut back: Vec<_> = fresh.into_iter().map(|(tag, _)| tag).collect();
            match publisher {
                Some(publisher) if !worn.is_empty() => {
                    settle::renew(self, publisher, settings, worn).await?;
                }
                _ => back.extend(worn.into_iter().map(|(tag, _)| tag)),
            }
            for tag in back {
                let requeue = BasicNackOptions { requeue: true, multiple: false };
                let back = self.channel.basic_nack(tag, requeue);
                settings.within("give a message back", back).await?;
            }
            if let Some(last) = self.inbox.last_settled() {
                tokio::time::sleep_until(last + SETTLING).await;
            }
            let sync = self.channel.basic_qos(settings.prefetch, BasicQosOptions::default());
            settings.within("let acknowledgements arrive", sync).await?;
        }
        settings.within("close the channel", self.channel.close(200, "done".into())).await?;
        settings.within("close the connection", self.connection.close(200, "done".into())).await
    }

    /// Closes a session that has failed, as far as that is still possible.
    pub(crate) async fn abandon(&self) {
        self.connection.abandon().await;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn connect(settings: &Settings, role: Role) -> Result<Wire, Fault> {
    let name =
        format!("postbud {}", if role == Role::Publish { "publishing" } else { "consuming" });
    let properties = ConnectionProperties::default().with_connection_name(name.as_str().into());
    settings.connect(properties).await
}

/// Notices the end of a connection that nobody is using.
async fn watch_over(
    mut events: futures::stream::BoxStream<'static, Event>,
    status: lapin::ConnectionStatus,
    health: Arc<Health>,
) {
    loop {
        let event = tokio::time::timeout(LOOK, events.next()).await;
        match event {
            Ok(Some(Event::Error(error))) => {
                health.fail(Fault::from_broker("keep the connection", &error));
                return;
            }
            Ok(Some(Event::ConnectionBlocked(reason))) => {
                tracing::warn!(reason, "the broker takes no messages until its alarm is over");
            }
            Ok(Some(Event::ConnectionUnblocked)) => {
                tracing::info!("the broker takes messages again");
            }
            Ok(Some(_)) | Err(_) => {}
            Ok(None) => tokio::time::sleep(LOOK).await,
        }
        if !status.connected() {
            health.fail(Fault::away("keep the connection: it has ended"));
            return;
        }
        if health.stale.load(Ordering::Relaxed) && !status.blocked() {
            health.fail(Fault::away("publish: a deadline passed while the broker had an alarm"));
            return;
        }
    }
}
