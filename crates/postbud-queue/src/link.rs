//! Keeps one session open: after a fault, the next one.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use postbud_pipeline::RetryPolicy;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::fault::Fault;
use crate::options::Settings;
use crate::session::{Ready, Role, Session};

/// The pauses between attempts to connect.
const PAUSES: RetryPolicy = RetryPolicy {
    attempts: u32::MAX,
    first: Duration::from_millis(100),
    longest: Duration::from_secs(5),
};
/// A session that lived so long was a good one: the pauses start small again.
const STEADY: Duration = Duration::from_secs(1);
/// How long a stop waits for a session that is just being opened.
const OPENED: Duration = Duration::from_secs(3);

#[derive(Clone)]
enum State {
    /// Nothing has gone wrong yet.
    Connecting,
    Down(Fault),
    Up(Arc<Session>),
}

/// Why there is no session to use.
#[derive(Debug)]
pub(crate) enum NoSession {
    /// The first one is still being opened.
    Connecting,
    Fault(Fault),
}

impl From<NoSession> for Fault {
    fn from(reason: NoSession) -> Self {
        match reason {
            NoSession::Connecting => Self::away("connect"),
            NoSession::Fault(fault) => fault,
        }
    }
}

/// A session that is replaced when it fails, by a task of its own.
pub(crate) struct Link {
    state: watch::Receiver<State>,
    stop: watch::Sender<bool>,
    keeper: JoinHandle<()>,
}

impl Link {
    /// Starts keeping; without a first session it connects at once.
    pub(crate) fn start(settings: Arc<Settings>, role: Role, first: Option<Arc<Session>>) -> Self {
        let initial = first.clone().map_or(State::Connecting, State::Up);
        let (sender, state) = watch::channel(initial);
        let stop = watch::Sender::new(false);
        let keeper = tokio::spawn(keep(settings, role, first, sender, stop.subscribe()));
        Self { state, stop, keeper }
    }

    /// The session, if one is open.
    pub(crate) fn session(&self) -> Option<Arc<Session>> {
        match &*self.state.borrow() {
            State::Up(session) if session.fault().is_none() => Some(Arc::clone(session)),
            _ => None,
        }
    }

    /// The session, as soon as one is open; at the deadline what stands in the way.
    pub(crate) async fn wait(&self, deadline: Instant) -> Result<Arc<Session>, NoSession> {
        let mut state = self.state.clone();
        loop {
            let reason = match &*state.borrow_and_update() {
                State::Up(session) => match session.fault() {
                    None => return Ok(Arc::clone(session)),
                    Some(fault) => NoSession::Fault(fault),
                },
                State::Down(fault) => NoSession::Fault(fault.clone()),
                State::Connecting => NoSession::Connecting,
            };
            match tokio::time::timeout_at(deadline, state.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => {
                    return Err(NoSession::Fault(Fault::away("the queue has been shut down")));
                }
                Err(_) => return Err(reason),
            }
        }
    }

    /// Keeps no longer, and hands over the session for a good end: also one that is being opened,
    /// if letters may have come to it already.
    pub(crate) async fn stop(&self) -> Option<Arc<Session>> {
        self.stop.send_replace(true);
        let mut state = self.state.clone();
        // The keeper holds the other end until it has ended.
        let ended = async { while state.changed().await.is_ok() {} };
        if tokio::time::timeout(OPENED, ended).await.is_err() {
            self.keeper.abort();
        }
        self.session()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

async fn keep(
    settings: Arc<Settings>,
    role: Role,
    first: Option<Arc<Session>>,
    state: watch::Sender<State>,
    mut stop: watch::Receiver<bool>,
) {
    // Several processes that lost the same broker do not come back in step.
    let key = RandomState::new().build_hasher().finish().to_string();
    let mut failed = 0;
    let mut open = first;
    loop {
        let Some(session) = open.take() else {
            let ready = tokio::select! {
                ready = Ready::connect(&settings, role) => ready,
                () = told(&mut stop) => return,
            };
            let opened = match ready {
                Ok(ready) => ready.begin(&settings, role).await,
                Err(fault) => Err(fault),
            };
            match opened {
                Ok(session) => {
                    info!(place = %settings.place, ?role, "connected to the broker");
                    state.send_replace(State::Up(Arc::clone(&session)));
                    open = Some(session);
                }
                Err(fault) => {
                    failed += 1;
                    warn!(place = %settings.place, ?role, failed, fault = %fault.line(), "no connection to the broker");
                    state.send_replace(State::Down(fault));
                    tokio::select! {
                        () = tokio::time::sleep(PAUSES.pause_for_ever(&key, failed)) => {}
                        () = told(&mut stop) => return,
                    }
                }
            }
            continue;
        };
        let since = Instant::now();
        let fault = tokio::select! {
            fault = session.failed() => fault,
            () = told(&mut stop) => return,
        };
        warn!(place = %settings.place, ?role, fault = %fault.line(), "the connection to the broker is lost: starting over");
        state.send_replace(State::Down(fault));
        session.abandon().await;
        drop(session);
        failed = if since.elapsed() >= STEADY { 1 } else { failed + 1 };
        tokio::select! {
            () = tokio::time::sleep(PAUSES.pause_for_ever(&key, failed)) => {}
            () = told(&mut stop) => return,
        }
    }
}

/// Ends when nothing is to be kept any more.
async fn told(stop: &mut watch::Receiver<bool>) {
    // Whoever told it may be gone: that is a stop, too.
    let _ = stop.wait_for(|stop| *stop).await;
}
