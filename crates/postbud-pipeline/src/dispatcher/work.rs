//! The letters a dispatcher holds: which wait, which are on their way, which are told of.
//!
//! Letters are kept apart by lane, one for each target that can be slow on its own. A lane with
//! enough to do takes no more, so that a target that hangs never holds the letters of another.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use postbud_decide::MailboxId;
use tokio::time::Instant;

use crate::ports::{Body, OutboxItem, OutboxOutcome};

/// An outgoing letter's key and what became of it.
pub(super) type Told = (String, OutboxOutcome);

/// A letter that was claimed and is not settled.
struct Held {
    lane: String,
    bytes: u64,
    /// Until then nobody else can have taken it.
    until: Instant,
    /// Somebody else has it by now.
    lost: bool,
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<OutboxItem>,
    sending: usize,
    /// Those whose letters have come this way.
    mailboxes: BTreeSet<MailboxId>,
}

/// The books of one dispatcher.
pub(super) struct Work {
    per_lane: usize,
    held: HashMap<String, Held>,
    lanes: BTreeMap<String, Lane>,
    told: Vec<Told>,
    bytes: u64,
}

impl Work {
    /// Nothing held. `per_lane`: how many letters of a lane are on their way at once.
    pub(super) fn new(per_lane: usize) -> Self {
        let (held, lanes) = (HashMap::new(), BTreeMap::new());
        Self { per_lane: per_lane.max(1), held, lanes, told: Vec::new(), bytes: 0 }
    }

    /// Takes letters that were claimed until `until`; returns how many are new. One that is held
    /// already, its lease having ended meanwhile, is only held longer: it must not be sent twice.
    pub(super) fn add(
        &mut self,
        items: Vec<OutboxItem>,
        until: Instant,
        lane_of: impl Fn(&MailboxId) -> String,
    ) -> usize {
        let mut new = 0;
        for item in items {
            if let Some(held) = self.held.get_mut(&item.key) {
                (held.until, held.lost) = (until, false);
                continue;
            }
            let name = lane_of(&item.mailbox);
            // What is only named takes no memory yet.
            let bytes = if matches!(item.raw, Body::Inline(_)) { item.size } else { 0 };
            let held = Held { lane: name.clone(), bytes, until, lost: false };
            self.held.insert(item.key.clone(), held);
            self.bytes += bytes;
            let lane = self.lanes.entry(name).or_default();
            lane.mailboxes.insert(item.mailbox.clone());
            lane.waiting.push_back(item);
            new += 1;
        }
        new
    }

    /// The letters that may leave now, as many of each lane as fit. One whose lease may have ended
    /// waits until it is prolonged.
    pub(super) fn begin(&mut self, now: Instant) -> Vec<OutboxItem> {
        let mut begun = Vec::new();
        for lane in self.lanes.values_mut() {
            let mut stale = VecDeque::new();
            while lane.sending < self.per_lane
                && let Some(item) = lane.waiting.pop_front()
            {
                if self.held.get(&item.key).is_some_and(|held| now < held.until) {
                    lane.sending += 1;
                    begun.push(item);
                } else {
                    stale.push_back(item);
                }
            }
            stale.append(&mut lane.waiting);
            lane.waiting = stale;
        }
        begun
    }

    /// A letter that had begun is done with. What somebody else holds by now is theirs to settle,
    /// unless it was delivered: that is so, whoever tells of it.
    pub(super) fn finish(&mut self, key: String, outcome: OutboxOutcome) {
        let Some(held) = self.held.get(&key) else {
            return;
        };
        if let Some(lane) = self.lanes.get_mut(&held.lane) {
            lane.sending = lane.sending.saturating_sub(1);
        }
        if held.lost && !matches!(outcome, OutboxOutcome::Delivered) {
            self.forget(&key);
        } else {
            self.told.push((key, outcome));
        }
    }

    /// Gives back everything that has not begun.
    pub(super) fn give_back(&mut self) {
        for lane in self.lanes.values_mut() {
            let keys = lane.waiting.drain(..).map(|item| item.key);
            self.told.extend(keys.map(|key| (key, OutboxOutcome::Release)));
        }
    }

    /// Takes up to `most` outcomes to be settled; [`settled`](Self::settled) or
    /// [`untold`](Self::untold) tells how that went. Until then the letters are still held.
    pub(super) fn take_told(&mut self, most: usize) -> Vec<Told> {
        self.told.drain(..most.min(self.told.len())).collect()
    }

    /// These outcomes are in the store.
    pub(super) fn settled(&mut self, outcomes: &[Told]) {
        for (key, _) in outcomes {
            self.forget(key);
        }
    }

    /// These outcomes could not be settled: they are still to be told.
    pub(super) fn untold(&mut self, outcomes: Vec<Told>) {
        self.told.splice(0..0, outcomes);
    }

    /// Every letter held.
    pub(super) fn keys(&self) -> Vec<String> {
        self.held.keys().cloned().collect()
    }

    /// Of the letters `asked` about, those `ours` are held until `until`; the others are lost.
    pub(super) fn prolonged(&mut self, asked: &[String], ours: &[String], until: Instant) {
        let ours: BTreeSet<&str> = ours.iter().map(String::as_str).collect();
        let mut lost = BTreeSet::new();
        for key in asked {
            if let Some(held) = self.held.get_mut(key) {
                held.lost = !ours.contains(key.as_str());
                if held.lost {
                    lost.insert(key.as_str());
                } else {
                    held.until = held.until.max(until);
                }
            }
        }
        if lost.is_empty() {
            return;
        }
        let mut gone = Vec::new();
        for lane in self.lanes.values_mut() {
            lane.waiting.retain(|item| {
                let keep = !lost.contains(item.key.as_str());
                if !keep {
                    gone.push(item.key.clone());
                }
                keep
            });
        }
        for key in gone {
            self.forget(&key);
        }
    }

    /// The mailboxes whose lanes have enough to do.
    pub(super) fn busy(&self) -> Vec<MailboxId> {
        let enough = self.per_lane.saturating_mul(2);
        let busy = self.lanes.values().filter(|lane| lane.sending + lane.waiting.len() >= enough);
        busy.flat_map(|lane| lane.mailboxes.iter().cloned()).collect()
    }

    /// The raw bytes of all letters held.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Is there an outcome to be settled?
    pub(super) fn has_told(&self) -> bool {
        !self.told.is_empty()
    }

    /// Is nothing held at all?
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    fn forget(&mut self, key: &str) {
        if let Some(held) = self.held.remove(key) {
            self.bytes = self.bytes.saturating_sub(held.bytes);
        }
    }
}
