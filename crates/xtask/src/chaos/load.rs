//! The generator: sends letters without a pause, and registers each with the oracle, before it is
//! published and when the broker has confirmed it.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use postbud_testkit::letters::ChaosLetter;
use postbud_testkit::oracle::Oracle;

use super::place::Place;

const BATCH: u64 = 40;
/// A server that was killed may be away for a while.
const PATIENCE: Duration = Duration::from_secs(180);

/// Sends in the background until it is ended.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: JoinHandle<Result<Sender>>,
}

/// Sends letters, one batch after the other.
pub(crate) struct Sender {
    pub(crate) place: Place,
    pub(crate) oracle: Oracle,
    pub(crate) seed: u64,
    pub(crate) next: u64,
}

impl Sender {
    /// Sends the next `count` letters; returns when all are confirmed.
    pub(crate) fn send(&mut self, count: u64) -> Result<()> {
        let letters: Vec<ChaosLetter> =
            (self.next..self.next + count).map(|n| ChaosLetter::new(self.seed, n)).collect();
        self.next += count;
        let files: Vec<&ChaosLetter> = letters.iter().collect();
        self.publish(&letters, &files)
    }

    /// Sends every letter again whose id is not in `known`.
    pub(crate) fn again(&mut self, known: &BTreeSet<String>) -> Result<()> {
        let all = (0..self.next).map(|number| ChaosLetter::new(self.seed, number));
        let missing: Vec<ChaosLetter> =
            all.filter(|letter| !known.contains(&letter.id())).collect();
        // They are registered already; what the store or the queue still has is recognised.
        self.publish(&[], &missing.iter().collect::<Vec<_>>())
    }

    /// Registers `letters` and sends `files`, which may hold some of them more than once.
    pub(crate) fn publish(
        &mut self,
        letters: &[ChaosLetter],
        files: &[&ChaosLetter],
    ) -> Result<()> {
        let folder = self.place.dir.join("in");
        fs::create_dir_all(&folder)?;
        for (number, letter) in files.iter().enumerate() {
            fs::write(folder.join(format!("{number:06}.eml")), &letter.raw)?;
        }
        self.oracle.attempted(letters)?;
        let begun = Instant::now();
        while let Err(error) = self.place.send(&folder) {
            if begun.elapsed() > PATIENCE {
                return Err(error.context("sending never succeeded"));
            }
            thread::sleep(Duration::from_millis(300));
        }
        self.oracle.confirmed(letters)?;
        fs::remove_dir_all(&folder)?;
        Ok(())
    }
}

impl Load {
    /// Begins.
    pub(crate) fn start(mut sender: Sender) -> Self {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&sent));
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                sender.send(BATCH)?;
                count.fetch_add(BATCH, Ordering::Relaxed);
            }
            Ok(sender)
        });
        Self { stop, sent, thread }
    }

    /// How many letters were confirmed so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Ends after the batch that is on its way.
    pub(crate) fn end(self) -> Result<Sender> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow!("the generator panicked"))?
    }
}
