//! Memory for letters that are in hand, bounded for all of them together.
//!
//! A large letter is not in its message, or in its row of the outbox, but named there, and read from the
//! store when there is room for it. Its room is kept until it has left the memory; its documents take most
//! of its size once more.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The room there is when nothing else is said, in bytes: a letter of the largest size goes alone.
const USUAL: usize = 64 << 20;

/// What a large letter occupies; small ones came with their message and occupy nothing.
pub(crate) type Room = Option<OwnedSemaphorePermit>;

/// Room for letters, shared by all who hold its clones.
#[derive(Debug, Clone)]
pub struct LetterMemory {
    kibibytes: Arc<Semaphore>,
    most: u32,
}

impl LetterMemory {
    /// Room for letters of so many raw bytes together.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        let most = u32::try_from(bytes >> 10).unwrap_or(u32::MAX).max(1);
        let permits = usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS);
        Self { kibibytes: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))), most }
    }

    /// Waits until there is room for so many bytes, first come first served; a letter that is larger
    /// than all there is waits for all of it. Whoever waits here holds no such room: that is what keeps
    /// everybody from waiting for ever.
    pub(crate) async fn room(&self, bytes: u64) -> Room {
        let kibibytes = u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX);
        let kibibytes = kibibytes.clamp(1, self.most);
        Arc::clone(&self.kibibytes).acquire_many_owned(kibibytes).await.ok()
    }
}

impl Default for LetterMemory {
    fn default() -> Self {
        Self::new(USUAL)
    }
}
