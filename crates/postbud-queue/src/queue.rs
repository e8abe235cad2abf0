//! The port's methods over the two links.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use lapin::Channel;
use postbud_pipeline::ports::{
    DeadJudge, DeadLetter, Depth, Message, Queue, QueueError, Received, Settlement, Timestamp,
    Token,
};
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use crate::dead;
use crate::envelope::Parcel;
use crate::fault::Fault;
use crate::link::{Link, NoSession};
use crate::options::{RabbitOptions, Settings};
use crate::publisher::{Shipment, publish};
use crate::session::{Role, Session};
use crate::settle;

/// A queue of letters on RabbitMQ 3.10 or later.
///
/// It publishes from the start and consumes from the first [`receive`](Queue::receive) on. A
/// letter that came back unsettled is counted by the broker; brokers before 4.3 count a
/// [`Settlement::Release`] as well.
pub struct RabbitQueue {
    settings: Arc<Settings>,
    publishing: Link,
    consuming: OnceCell<Link>,
    /// Settlements run one after another: an acknowledgement of "all before" must not overtake a
    /// message that is still being moved.
    settling: Mutex<()>,
    closed: AtomicBool,
}

impl std::fmt::Debug for RabbitQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RabbitQueue")
            .field("place", &self.settings.place)
            .field("incoming", &self.settings.incoming)
            .finish_non_exhaustive()
    }
}

impl RabbitQueue {
    /// Connects and declares the queues. From then on it reconnects by itself.
    ///
    /// # Errors
    /// [`QueueError::Unavailable`] when the broker cannot be reached within the call deadline or
    /// the address is none; [`QueueError::Refused`] when it does not let us in, when another kind
    /// of queue has the name of one of ours, or when an option is out of its range.
    pub async fn connect(options: RabbitOptions) -> Result<Self, QueueError> {
        let settings = Arc::new(Settings::new(options)?);
        let first = Session::open(&settings, Role::Publish).await;
        let first = first.map_err(|fault| fault.at(&settings.place))?;
        let publishing = Link::start(Arc::clone(&settings), Role::Publish, Some(first));
        Ok(Self {
            settings,
            publishing,
            consuming: OnceCell::new(),
            settling: Mutex::new(()),
            closed: AtomicBool::new(false),
        })
    }

    /// Where the broker is, without user and password.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.settings.place
    }

    fn public(&self, fault: Fault) -> QueueError {
        fault.at(&self.settings.place)
    }

    fn closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    async fn publisher(&self) -> Result<Arc<Session>, Fault> {
        if self.closed() {
            return Err(Fault::away("the queue has been shut down"));
        }
        let deadline = Instant::now() + self.settings.deadline;
        Ok(self.publishing.wait(deadline).await?)
    }

    async fn consumer(&self) -> &Link {
        let settings = Arc::clone(&self.settings);
        self.consuming.get_or_init(async || Link::start(settings, Role::Consume, None)).await
    }

    async fn ship(&self, shipments: &[Shipment<'_>]) -> Result<(), Fault> {
        let session = self.publisher().await?;
        publish(&session, shipments, self.settings.deadline).await
    }

    /// A channel of its own for looking around, on whichever connection is open. The consuming
    /// one comes first: an alarm of the broker does not block it.
    async fn side_channel(&self) -> Result<Channel, Fault> {
        let session = match self.consuming.get().and_then(Link::session) {
            Some(session) => session,
            None => self.publisher().await?,
        };
        let opened = session.connection.create_channel();
        let opened = self.settings.within("open a channel", opened).await;
        opened.inspect_err(|fault| session.fail_late(fault.clone()))
    }

    async fn close_side(&self, channel: &Channel) {
        // After a fault the channel is gone already; what was fetched goes back either way.
        let _ = self.settings.within("close a channel", channel.close(200, "done".into())).await;
    }

    /// Moves what is to be moved: publishes all, and only then acknowledges. On a fault it stays
    /// on the list for the next time.
    async fn move_pending(&self, session: &Session) -> Result<(), Fault> {
        let pending = session.inbox.pending();
        if pending.is_empty() {
            return Ok(());
        }
        let now = Timestamp::now();
        let mut tags = BTreeSet::new();
        let mut shipments = Vec::new();
        for (tag, settlement) in pending {
            if let Some(held) = session.inbox.held(tag) {
                tags.insert(tag);
                shipments.push(settle::shipment(held, &settlement, &self.settings, now));
            }
        }
        self.ship(&shipments).await?;
        settle::acknowledge(session, &self.settings, &tags).await
    }

    async fn settle_in(
        &self,
        session: &Session,
        outcomes: Vec<(Token, Settlement)>,
    ) -> Result<(), Fault> {
        let _one_at_a_time = self.settling.lock().await;
        let mut done = BTreeSet::new();
        let mut back = BTreeSet::new();
        for (token, settlement) in outcomes {
            let tag = token.number;
            let known =
                token.session == session.number && !done.contains(&tag) && !back.contains(&tag);
            let Some(held) = session.inbox.held(tag).filter(|_| known) else {
                continue;
            };
            match settlement {
                Settlement::Done => {
                    done.insert(tag);
                }
                Settlement::Release if settle::returns(&held) => {
                    back.insert(tag);
                }
                other => session.inbox.plan_move(tag, other),
            }
        }
        settle::acknowledge(session, &self.settings, &done).await?;
        settle::give_back(session, &self.settings, &back).await?;
        self.move_pending(session).await
    }
}

#[async_trait]
impl Queue for RabbitQueue {
    async fn publish(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        let queue = self.settings.incoming.as_str();
        let shipment = |message| {
            let parcel = Parcel::new(message).traced(self.settings.trace_share);
            Shipment { queue, parcel, expires_after_ms: None }
        };
        let shipments: Vec<Shipment<'_>> = messages.into_iter().map(shipment).collect();
        if shipments.is_empty() {
            return Ok(());
        }
        self.ship(&shipments).await.map_err(|fault| self.public(fault))
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, QueueError> {
        if self.closed() {
            return Err(self.public(Fault::away("the queue has been shut down")));
        }
        let deadline = Instant::now() + wait;
        let link = self.consumer().await;
        loop {
            let session = match link.wait(deadline).await {
                Ok(session) => session,
                Err(NoSession::Connecting) => return Ok(Vec::new()),
                Err(NoSession::Fault(fault)) => return Err(self.public(fault)),
            };
            // What could not be moved when it was settled is tried again here.
            if !session.inbox.pending().is_empty()
                && let Err(fault) = self.settle_in(&session, Vec::new()).await
            {
                tracing::warn!(fault = %fault.line(), "messages cannot be moved yet");
                tokio::time::sleep_until(deadline).await;
            }
            let received = session.inbox.take(session.number, max);
            if !received.is_empty() || max == 0 {
                return Ok(received);
            }
            tokio::select! {
                () = session.inbox.wait() => {}
                _ = session.failed() => {}
                () = tokio::time::sleep_until(deadline) => return Ok(Vec::new()),
            }
        }
    }

    async fn settle(&self, outcomes: Vec<(Token, Settlement)>) -> Result<(), QueueError> {
        // Without a session every token is an old one.
        let Some(session) = self.consuming.get().and_then(Link::session) else {
            return Ok(());
        };
        self.settle_in(&session, outcomes).await.map_err(|fault| self.public(fault))
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        let counted = async {
            let channel = self.side_channel().await?;
            let depth = dead::depth(&channel, &self.settings).await;
            self.close_side(&channel).await;
            depth
        };
        let mut depth = counted.await.map_err(|fault| self.public(fault))?;
        // What the broker has handed over and nobody has received waits as well.
        depth.waiting +=
            self.consuming.get().and_then(Link::session).map_or(0, |s| s.inbox.ready());
        Ok(depth)
    }

    async fn dead(&self, max: usize) -> Result<Vec<DeadLetter>, QueueError> {
        let listed = async {
            let channel = self.side_channel().await?;
            let letters = dead::list(&channel, &self.settings, max).await;
            self.close_side(&channel).await;
            letters
        };
        listed.await.map_err(|fault| self.public(fault))
    }

    async fn replay(&self, id: Option<&str>, max: usize) -> Result<u64, QueueError> {
        let replayed = async {
            let publishing = self.publisher().await?;
            let channel = self.side_channel().await?;
            let count = dead::replay(&channel, &publishing, &self.settings, id, max).await;
            self.close_side(&channel).await;
            count
        };
        replayed.await.map_err(|fault| self.public(fault))
    }

    async fn erase_dead(&self, judge: &dyn DeadJudge) -> Result<u64, QueueError> {
        let erased = async {
            let channel = self.side_channel().await?;
            let count = dead::erase(&channel, &self.settings, judge).await;
            self.close_side(&channel).await;
            count
        };
        erased.await.map_err(|fault| self.public(fault))
    }

    async fn shutdown(&self) -> Result<(), QueueError> {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let mut outcome = Ok(());
        let consuming = match self.consuming.get() {
            Some(link) => link.stop().await,
            None => None,
        };
        if let Some(session) = consuming {
            let publisher = self.publishing.session();
            outcome = session.leave(&self.settings, publisher.as_deref()).await;
        }
        if let Some(session) = self.publishing.stop().await {
            let left = session.leave(&self.settings, None).await;
            outcome = outcome.and(left);
        }
        outcome.map_err(|fault| self.public(fault))
    }
}
