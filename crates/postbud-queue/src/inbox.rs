//! The messages of one session: delivered, handed out, not yet settled.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lapin::types::DeliveryTag;
use postbud_pipeline::ports::{Received, Settlement, Token};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::envelope::Parcel;

/// A message that the broker waits to hear about.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) parcel: Parcel,
    /// How often the broker delivered it before, by its own count.
    pub(crate) delivered: u32,
}

#[derive(Default)]
struct Inner {
    /// Every delivery that is neither acknowledged nor returned, by tag.
    open: BTreeMap<DeliveryTag, Held>,
    /// Those of them that nobody has received yet, oldest first.
    ready: VecDeque<DeliveryTag>,
    /// Those that are to be moved to another queue and were not yet.
    pending: BTreeMap<DeliveryTag, Settlement>,
    last_settled: Option<Instant>,
}

/// Where a session's messages are kept. The broker's prefetch limit bounds it.
#[derive(Default)]
pub(crate) struct Inbox {
    inner: Mutex<Inner>,
    arrived: Notify,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it holds the lock half-done.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message has come.
    pub(crate) fn put(&self, tag: DeliveryTag, held: Held) {
        let mut inner = self.lock();
        inner.open.insert(tag, held);
        inner.ready.push_back(tag);
        drop(inner);
        self.arrived.notify_waiters();
    }

    /// Ends as soon as a message can be taken.
    pub(crate) async fn wait(&self) {
        loop {
            let arrived = self.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            if !self.lock().ready.is_empty() {
                return;
            }
            arrived.await;
        }
    }

    /// At most `max` of the messages that nobody has, oldest first.
    pub(crate) fn take(&self, session: u64, max: usize) -> Vec<Received> {
        let mut inner = self.lock();
        let count = max.min(inner.ready.len());
        let tags: Vec<DeliveryTag> = inner.ready.drain(..count).collect();
        let received = |number: DeliveryTag| {
            let held = inner.open.get(&number)?;
            Some(Received {
                token: Token { session, number },
                id: held.parcel.id.clone(),
                body: held.parcel.body(),
                attempts: held.parcel.attempts,
                returned: held.parcel.returned.saturating_add(held.delivered),
            })
        };
        tags.into_iter().filter_map(received).collect()
    }

    /// How many messages nobody has received yet.
    pub(crate) fn ready(&self) -> u64 {
        self.lock().ready.len() as u64
    }

    /// Takes out what nobody has received: those messages are to be returned.
    pub(crate) fn drain(&self) -> Vec<(DeliveryTag, Held)> {
        let mut inner = self.lock();
        let tags: Vec<DeliveryTag> = inner.ready.drain(..).collect();
        tags.into_iter().filter_map(|tag| Some((tag, inner.open.remove(&tag)?))).collect()
    }

    /// The message of this tag, while it is unsettled and somebody has it.
    pub(crate) fn held(&self, tag: DeliveryTag) -> Option<Held> {
        let inner = self.lock();
        // Tags rise: what nobody has received yet lies at or above the first ready one.
        let handed_out = inner.ready.front().is_none_or(|&first| tag < first);
        inner.open.get(&tag).filter(|_| handed_out).cloned()
    }

    /// Remembers what is to be moved until it has been.
    pub(crate) fn plan_move(&self, tag: DeliveryTag, settlement: Settlement) {
        self.lock().pending.insert(tag, settlement);
    }

    /// What is to be moved and was not yet.
    pub(crate) fn pending(&self) -> Vec<(DeliveryTag, Settlement)> {
        let inner = self.lock();
        inner.pending.iter().map(|(tag, what)| (*tag, what.clone())).collect()
    }

    /// Forgets these messages and says which acknowledgements the broker needs to hear.
    pub(crate) fn acknowledge(&self, done: &BTreeSet<DeliveryTag>) -> Vec<(DeliveryTag, bool)> {
        let mut inner = self.lock();
        let plan = acknowledgements(inner.open.keys().copied(), done);
        for tag in done {
            inner.open.remove(tag);
            inner.pending.remove(tag);
        }
        inner.last_settled = Some(Instant::now());
        plan
    }

    /// When the application last settled something.
    pub(crate) fn last_settled(&self) -> Option<Instant> {
        self.lock().last_settled
    }
}

/// The shortest list of acknowledgements that covers exactly `done`: one for everything below the
/// first open message that is not done (`true`: and all before), then one each.
fn acknowledgements(
    open: impl Iterator<Item = DeliveryTag>,
    done: &BTreeSet<DeliveryTag>,
) -> Vec<(DeliveryTag, bool)> {
    let mut floor = None;
    let mut plan = Vec::new();
    let mut barred = false;
    for tag in open {
        match (done.contains(&tag), barred) {
            (true, false) => floor = Some(tag),
            (true, true) => plan.push((tag, false)),
            (false, _) => barred = true,
        }
    }
    if let Some(tag) = floor {
        plan.insert(0, (tag, true));
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use postbud_pipeline::ports::{Body, Message};
    use proptest::prelude::*;

    fn held() -> Held {
        let body = Body::Inline(Bytes::new());
        let parcel = Parcel::new(Message { body, id: "a".into() });
        Held { parcel, delivered: 0 }
    }

    proptest! {
        #[test]
        fn exactly_what_is_done_is_acknowledged(
            open in prop::collection::btree_set(1u64..60, 0..40),
            chosen in prop::collection::btree_set(1u64..60, 0..40),
        ) {
            let done: BTreeSet<u64> = open.intersection(&chosen).copied().collect();
            let plan = acknowledgements(open.iter().copied(), &done);
            let mut left = open.clone();
            for (tag, multiple) in &plan {
                // A broker closes the channel over a tag that it does not know any more.
                prop_assert!(left.contains(tag));
                left.retain(|other| if *multiple { other > tag } else { other != tag });
            }
            let expected: BTreeSet<u64> = open.difference(&done).copied().collect();
            prop_assert_eq!(left, expected);
            prop_assert!(plan.iter().filter(|(_, multiple)| *multiple).count() <= 1);
        }
    }

    #[test]
    fn a_message_cannot_be_settled_before_it_was_received() {
        let inbox = Inbox::default();
        inbox.put(1, held());
        inbox.put(2, held());
        assert_eq!(inbox.take(7, 1).len(), 1);
        assert!(inbox.held(1).is_some());
        assert!(inbox.held(2).is_none());
        assert!(inbox.held(3).is_none());
        assert_eq!(inbox.ready(), 1);
    }

    #[test]
    fn what_was_drained_is_not_acknowledged_by_a_later_one() {
        let inbox = Inbox::default();
        for tag in 1..=4 {
            inbox.put(tag, held());
        }
        inbox.take(7, 2);
        let drained: Vec<_> = inbox.drain().into_iter().map(|(tag, _)| tag).collect();
        assert_eq!(drained, [3, 4]);
        assert_eq!(inbox.acknowledge(&BTreeSet::from([1, 2])), [(2, true)]);
        assert!(inbox.held(1).is_none());
    }
}
