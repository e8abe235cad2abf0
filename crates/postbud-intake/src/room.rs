//! Memory for letters that are arriving: bounded for one letter and for all of them together.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room is given out in steps of this many bytes.
const STEP: usize = 64 << 10;

/// Too many letters are arriving at once; later there is room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoRoom;

/// The memory that all arriving letters share. Nobody waits for it: who finds none is told to come
/// again, so that letters that are half there cannot block each other.
#[derive(Debug, Clone)]
pub struct Room(Arc<Semaphore>);

impl Room {
    /// Room for so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.div_ceil(STEP).min(Semaphore::MAX_PERMITS))))
    }

    /// Begins to gather one letter.
    pub(crate) fn gather(&self) -> Gathering {
        Gathering { room: Arc::clone(&self.0), held: None, steps: 0, bytes: BytesMut::new() }
    }
}

/// What there is of a letter that is arriving.
#[derive(Debug)]
pub(crate) struct Gathering {
    room: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
    steps: usize,
    bytes: BytesMut,
}

/// A letter that has arrived. It keeps its room until it is dropped.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// The letter.
    pub(crate) raw: Bytes,
    _held: Option<OwnedSemaphorePermit>,
}

impl Gathering {
    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), NoRoom> {
        let size = self.bytes.len().saturating_add(bytes.len());
        let needed = size.div_ceil(STEP);
        if let Some(more) = needed.checked_sub(self.steps).filter(|more| *more > 0) {
            let more = u32::try_from(more).map_err(|_| NoRoom)?;
            let got = Arc::clone(&self.room).try_acquire_many_owned(more);
            let got = got.map_err(|_| NoRoom)?;
            match &mut self.held {
                Some(held) => held.merge(got),
                None => self.held = Some(got),
            }
            self.steps = needed;
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// What has come.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes out what has come. Its room stays taken: the next bytes need it.
    pub(crate) fn take(&mut self) -> Bytes {
        self.bytes.split().freeze()
    }

    /// The letter is complete.
    pub(crate) fn finish(self) -> Gathered {
        Gathered { raw: self.bytes.freeze(), _held: self.held }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn room_comes_back_when_a_letter_is_done() {
        let room = Room::new(2 * STEP);
        let mut first = room.gather();
        first.push(&vec![1; STEP + 1]).unwrap();
        let mut second = room.gather();
        assert_eq!(second.push(b"x"), Err(NoRoom));
        let first = first.finish();
        assert_eq!(second.push(b"x"), Err(NoRoom));
        drop(first);
        assert_eq!(second.push(b"x"), Ok(()));
    }

    proptest! {
        #[test]
        fn a_letter_is_what_was_pushed_or_there_is_no_room(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30_000), 0..20),
            steps in 0usize..6,
        ) {
            let room = Room::new(steps * STEP);
            let mut gathering = room.gather();
            let all: Vec<u8> = parts.concat();
            let pushed = parts.iter().try_for_each(|part| gathering.push(part));
            prop_assert_eq!(pushed.is_ok(), all.len() <= steps * STEP);
            if pushed.is_ok() {
                prop_assert_eq!(gathering.bytes(), &all[..]);
                prop_assert_eq!(&gathering.finish().raw[..], &all[..]);
            }
        }
    }
}
