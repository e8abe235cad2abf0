//! Letters with documents, which are read beside the lanes.
//!
//! A document may take seconds, and one that was made to do harm takes all that it is given. So a
//! lane only opens such a letter and goes on with the others. A reader gives it a glance here; what
//! takes longer goes to readers of another kind, who give it all the time that a letter has. So a
//! document that hangs holds up neither letters without documents nor letters whose documents are
//! sound. What was decided is recorded in batches, and acknowledged after that, as in a lane.
//!
//! Letters that wait for the malware scanner do so here as well. When there is no more room, the lanes
//! wait, and the rest stays on the queue.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::{Item, Router, RouterOptions};
use crate::memory::{self, LetterMemory};
use crate::patience::{Progress, finished};
use crate::ports::{Entry, Look, Settlement, Token};
use crate::steps::{NotYet, Opened, caught};
use crate::stop::Stop;

/// No queue lends a message for much longer; one that waits for the scanner is given back before.
const HELD: Duration = Duration::from_secs(10 * 60);

/// A message whose letter waits for a reader.
pub(super) struct Waiting {
    token: Token,
    id: String,
    opened: Box<Opened>,
    since: Instant,
    large: memory::Room,
}

impl Waiting {
    pub(super) fn new(token: Token, id: String, opened: Box<Opened>, large: memory::Room) -> Self {
        Self { token, id, opened, since: Instant::now(), large }
    }
}

/// What a letter occupies here, until it is settled.
type Room = (OwnedSemaphorePermit, OwnedSemaphorePermit);

/// A message that is done with but for recording and settling.
struct Finished {
    token: Token,
    outcome: Result<Item, Settlement>,
    room: Room,
}

/// What waits where.
pub(super) struct Aside {
    /// Room for so many letters.
    letters: Arc<Semaphore>,
    /// Room for their bytes.
    memory: LetterMemory,
    /// For a glance.
    new: Line<(Waiting, Room)>,
    /// For all the time it takes.
    slow: Line<(Waiting, Room)>,
    finished: Line<Finished>,
}

impl Aside {
    pub(super) fn new(options: &RouterOptions) -> Self {
        Self {
            letters: Arc::new(Semaphore::new(options.aside.max(1))),
            memory: LetterMemory::new(options.aside_bytes),
            new: Line::default(),
            slow: Line::default(),
            finished: Line::default(),
        }
    }

    /// Room for a letter of so many bytes; one that is larger than all there is takes all of it.
    async fn room(&self, bytes: usize) -> Option<Room> {
        let letter = Arc::clone(&self.letters).acquire_owned().await.ok()?;
        let bytes = self.memory.room(bytes as u64).await?;
        Some((letter, bytes))
    }

    fn line(&self, look: Look) -> &Line<(Waiting, Room)> {
        match look {
            Look::Glance => &self.new,
            Look::Whole => &self.slow,
        }
    }
}

/// Those who wait, first come first served. Bounded by the room there is.
struct Line<T> {
    waiting: Mutex<VecDeque<T>>,
    more: Notify,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), more: Notify::new() }
    }
}

impl<T> Line<T> {
    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        // Nothing panics while it holds the lock half-done.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, one: T) {
        self.lock().push_back(one);
        self.more.notify_one();
    }

    /// Puts one back to where it was.
    fn put_first(&self, one: T) {
        self.lock().push_front(one);
        self.more.notify_one();
    }

    fn first(&self) -> Option<T> {
        self.lock().pop_front()
    }

    /// The first, once there is one; `None` when asked to stop.
    async fn next(&self, stop: &Stop) -> Option<T> {
        while !stop.is_set() {
            if let Some(first) = self.first() {
                // A notice that nobody waited for is kept once only: pass on that there is more.
                if !self.lock().is_empty() {
                    self.more.notify_one();
                }
                return Some(first);
            }
            tokio::select! {
                () = self.more.notified() => {}
                () = stop.wait() => {}
            }
        }
        None
    }

    fn take(&self, most: usize) -> Vec<T> {
        let mut waiting = self.lock();
        let count = most.min(waiting.len());
        waiting.drain(..count).collect()
    }
}

impl Router {
    /// Hands letters over to the readers, as soon as there is room. Whoever has no room waits: that
    /// is what keeps all this within its bounds.
    pub(super) async fn set_aside(&self, letters: Vec<Waiting>, stop: &Stop) {
        for waiting in letters {
            let room = tokio::select! {
                room = self.aside.room(waiting.opened.bytes()) => room,
                () = stop.wait() => None,
            };
            match room {
                Some(room) => self.aside.new.put((waiting, room)),
                None => self.settle(vec![(waiting.token, Settlement::Release)]).await,
            }
        }
    }

    /// Reads one letter after the other, until `stop`.
    pub(super) async fn reader(&self, look: Look, stop: &Stop) {
        let mut unscanned = 0;
        while let Some((waiting, room)) = self.aside.line(look).next(stop).await {
            let Waiting { token, id, opened, since, large } = waiting;
            let outcome = tokio::select! {
                // First, since readings that were ended by the stop come back as done.
                biased;
                // What a reader has then is given back; nobody waits for it to end.
                () = stop.wait() => Err(Settlement::Release),
                outcome = self.look_into(&id, opened, look) => outcome,
            };
            let outcome = match outcome {
                Ok(Err(NotYet::Unscanned(_))) if since.elapsed() > HELD => Err(Settlement::Release),
                Ok(Err(NotYet::Unscanned(opened))) => {
                    unscanned += 1;
                    let again = Waiting { token, id, opened, since, large };
                    self.aside.new.put_first((again, room));
                    stop.sleep(self.options.away.pause_for_ever("scanner", unscanned)).await;
                    continue;
                }
                Ok(Err(NotYet::Slow(opened))) => {
                    self.aside.slow.put((Waiting { token, id, opened, since, large }, room));
                    continue;
                }
                Ok(Ok(entry)) => Ok(Item { token, id, entry: *entry, room: large }),
                Err(settlement) => Err(settlement),
            };
            unscanned = 0;
            self.aside.finished.put(Finished { token, outcome, room });
        }
    }

    /// Away from the async threads. The letter itself when it is not decided about yet.
    async fn look_into(
        &self,
        id: &str,
        opened: Box<Opened>,
        look: Look,
    ) -> Result<Result<Box<Entry>, NotYet>, Settlement> {
        let steps = Arc::clone(&self.steps);
        let letter = [(id.to_owned(), opened.raw_bytes())];
        let work = move || caught(|| steps.go_on(*opened, look).map(Box::new));
        let work = tokio::task::spawn_blocking(work);
        let done = finished(work, &Progress::default(), &letter, self.options.steps_deadline).await;
        match done {
            Some(Ok(outcome)) => Ok(outcome),
            Some(Err(reason)) => Err(Settlement::Retry { reason }),
            // Only a runtime that shuts down gets here.
            None => Err(Settlement::Release),
        }
    }

    /// Records and settles what the readers have finished, until they are gone and nothing is left.
    pub(super) async fn recorder(&self, stop: &Stop, readers_gone: &Stop) {
        loop {
            let batch = self.aside.finished.take(self.options.batch);
            if batch.is_empty() {
                if readers_gone.is_set() {
                    return;
                }
                tokio::select! {
                    () = self.aside.finished.more.notified() => {}
                    () = readers_gone.wait() => {}
                }
                continue;
            }
            let (mut items, mut settlements, mut rooms) = (Vec::new(), Vec::new(), Vec::new());
            for Finished { token, outcome, room } in batch {
                rooms.push(room);
                match outcome {
                    Ok(item) => items.push(item),
                    Err(settlement) => settlements.push((token, settlement)),
                }
            }
            self.record(items, stop, &mut settlements).await;
            self.settle(settlements).await;
            drop(rooms);
        }
    }

    /// Gives back what no reader has looked at.
    pub(super) async fn give_back_unread(&self) {
        let left = [&self.aside.new, &self.aside.slow].map(|line| line.take(usize::MAX));
        let tokens = left.into_iter().flatten().map(|(waiting, _)| waiting.token);
        self.settle(tokens.map(|token| (token, Settlement::Release)).collect()).await;
    }
}
