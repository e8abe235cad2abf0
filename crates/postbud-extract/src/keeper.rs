//! The clock on the wall: one thread that ends every worker whose time is up.
//!
//! Whoever waits for a worker waits on its pipe, without a limit of its own. The kill closes the
//! pipe, and the waiting ends.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Ends workers at their deadline.
pub(crate) struct Keeper {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    next: u64,
    watched: BTreeMap<u64, Watched>,
    /// No process is given any time any more.
    over: bool,
    stop: bool,
}

struct Watched {
    pid: Pid,
    deadline: Instant,
    expired: bool,
}

/// A worker that is watched until this is dropped. It must not be waited for before that: its
/// number could be another process's by the time of the kill.
pub(crate) struct Watch {
    shared: Arc<Shared>,
    key: u64,
}

impl Keeper {
    /// Starts the thread.
    pub(crate) fn start() -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let inner = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("extract-keeper".to_owned())
            .spawn(move || keep(&inner))?;
        Ok(Self { shared })
    }

    /// Ends the process at `deadline`, unless the watch is dropped before.
    pub(crate) fn watch(&self, pid: Pid, deadline: Instant) -> Watch {
        let mut state = self.shared.lock();
        state.next += 1;
        let key = state.next;
        let deadline = if state.over { Instant::now() } else { deadline };
        state.watched.insert(key, Watched { pid, deadline, expired: false });
        self.shared.changed.notify_all();
        Watch { shared: Arc::clone(&self.shared), key }
    }

    /// Ends every process that is watched, and every one that is to be watched from now on.
    pub(crate) fn end_all(&self) {
        let mut state = self.shared.lock();
        state.over = true;
        let now = Instant::now();
        for watched in state.watched.values_mut() {
            watched.deadline = now;
        }
        self.shared.changed.notify_all();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_all();
    }
}

impl Watch {
    /// Was the worker ended?
    pub(crate) fn expired(&self) -> bool {
        self.shared.lock().watched.get(&self.key).is_some_and(|watched| watched.expired)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.lock().watched.remove(&self.key);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that panics happens under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep(shared: &Shared) {
    let mut state = shared.lock();
    while !state.stop {
        let now = Instant::now();
        for watched in state.watched.values_mut() {
            if watched.deadline <= now && !watched.expired {
                watched.expired = true;
                // Gone already is as good.
                let _ = kill(watched.pid, Signal::SIGKILL);
            }
        }
        let waiting = state.watched.values().filter(|watched| !watched.expired);
        let next = waiting.map(|watched| watched.deadline).min();
        state = match next {
            Some(next) => {
                let pause = next.saturating_duration_since(now);
                let waited = shared.changed.wait_timeout(state, pause);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
        };
    }
}
