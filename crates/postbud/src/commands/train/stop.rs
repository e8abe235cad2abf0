//! Ctrl-C in training: nothing is half-written.
//!
//! Until the version is written there is nothing on the disk, and the process may end at once.
//! While it is written, which takes a moment, a request to stop is let pass: the version is
//! finished, and the process ends by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc;
use std::thread;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit;

const WORKING: u8 = 0;
const WRITING: u8 = 1;
const STOPPED: u8 = 2;

/// Listens for SIGINT and SIGTERM.
pub(crate) struct Stop(Arc<AtomicU8>);

impl Stop {
    /// Begins to listen.
    pub(crate) fn watch() -> anyhow::Result<Self> {
        let state = Arc::new(AtomicU8::new(WORKING));
        let (ready, listening) = mpsc::channel();
        let seen = Arc::clone(&state);
        thread::Builder::new().name("stop".to_owned()).spawn(move || listen(&seen, &ready))?;
        listening.recv().context("signals cannot be listened to")??;
        Ok(Self(state))
    }

    /// From now on a request to stop is let pass. Never returns when one came before.
    pub(crate) fn begin_writing(&self) {
        let begun = self.0.compare_exchange(WORKING, WRITING, Ordering::SeqCst, Ordering::SeqCst);
        while begun == Err(STOPPED) {
            // The process is about to end.
            thread::park();
        }
    }
}

/// Waits for a signal and ends the process, unless it is writing.
fn listen(state: &AtomicU8, ready: &mpsc::Sender<std::io::Result<()>>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    runtime.block_on(async {
        let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        let (mut interrupt, mut terminate) = match signals {
            (Ok(interrupt), Ok(terminate)) => (interrupt, terminate),
            (Err(error), _) | (_, Err(error)) => {
                // The other side waits for this and reports it.
                let _ = ready.send(Err(error));
                return;
            }
        };
        let _ = ready.send(Ok(()));
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if state.compare_exchange(WORKING, STOPPED, Ordering::SeqCst, Ordering::SeqCst).is_ok()
            {
                eprintln!("\npostbud: stopped before anything was written; nothing was changed");
                std::process::exit(i32::from(exit::FAILED));
            }
            eprintln!("\npostbud: the version is being written and will be finished");
        }
    });
}
