//! Memory for letters that are arriving: bounded for one letter and for all of them together.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room is given out in steps of this many bytes.
const STEP: usize = 64 << 10;

/// Why no more of a letter is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is larger than it may be.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// Too many letters are arriving at once; later there is room.
    #[error("too many letters are arriving at once")]
    NoRoom,
}

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

    /// Begins to gather one letter of at most `limit` bytes.
    #[must_use]
    pub fn gather(&self, limit: usize) -> Gathering {
        Gathering { room: Arc::clone(&self.0), held: None, steps: 0, bytes: BytesMut::new(), limit }
    }
}

/// A letter that is arriving.
#[derive(Debug)]
pub struct Gathering {
    room: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
    steps: usize,
    bytes: BytesMut,
    limit: usize,
}

/// A letter that has arrived. It keeps its room until it is dropped.
#[derive(Debug)]
pub struct Gathered {
    /// The letter.
    pub raw: Bytes,
    _held: Option<OwnedSemaphorePermit>,
}

impl Gathering {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// That this letter is too large, or that there is no room for it now.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let size = self.bytes.len().saturating_add(bytes.len());
        if size > self.limit {
            return Err(Refusal::TooLarge { limit: self.limit });
        }
        let needed = size.div_ceil(STEP);
        if let Some(more) = needed.checked_sub(self.steps).filter(|more| *more > 0) {
            let more = u32::try_from(more).map_err(|_| Refusal::NoRoom)?;
            let got = Arc::clone(&self.room).try_acquire_many_owned(more);
            let got = got.map_err(|_| Refusal::NoRoom)?;
            match &mut self.held {
                Some(held) => held.merge(got),
                None => self.held = Some(got),
            }
            self.steps = needed;
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// How much has come.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Has nothing come?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The letter is complete.
    #[must_use]
    pub fn finish(self) -> Gathered {
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
        let mut first = room.gather(usize::MAX);
        first.push(&vec![1; STEP + 1]).unwrap();
        let mut second = room.gather(usize::MAX);
        assert_eq!(second.push(b"x"), Err(Refusal::NoRoom));
        let first = first.finish();
        assert_eq!(second.push(b"x"), Err(Refusal::NoRoom));
        drop(first);
        assert_eq!(second.push(b"x"), Ok(()));
    }

    proptest! {
        #[test]
        fn a_letter_is_what_was_pushed_or_too_large(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..20),
            limit in 0usize..500,
        ) {
            let room = Room::new(1 << 20);
            let mut gathering = room.gather(limit);
            let all: Vec<u8> = parts.concat();
            let pushed = parts.iter().try_for_each(|part| gathering.push(part));
            prop_assert_eq!(pushed.is_ok(), all.len() <= limit);
            if pushed.is_ok() {
                prop_assert_eq!(&gathering.finish().raw[..], &all[..]);
            }
        }
    }
}
