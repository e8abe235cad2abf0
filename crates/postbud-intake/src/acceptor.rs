//! The one door: makes a letter durable, whatever adapter brought it.

use std::sync::Arc;

use bytes::Bytes;
use postbud_letter::{Channel, LetterId, Limits, read};
use postbud_pipeline::ports::{
    Body, Message, Queue, QueueError, RawWriter, Store, StoreError, Timestamp,
};

use crate::arriving::Arriving;
use crate::room::{NoRoom, Room};

/// Larger letters go into the store, and the queue carries a reference.
pub(crate) const INLINE_BYTES: usize = 1 << 20;
/// From this size on, reading a letter leaves the async thread.
const READ_ELSEWHERE: usize = 256 << 10;

/// Why a letter was not accepted. Nothing of it is acknowledged then.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is larger than a letter may be.
    #[error("it is at least {bytes} bytes long; a letter may have {limit} (limits.letter_bytes)")]
    TooLarge {
        /// Its size, or what has come of it.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// It should be a MeMo message and is something else.
    #[error("it is no MeMo message")]
    NotMemo,
    /// It is neither MeMo nor a mail.
    #[error("it is neither MeMo XML nor a mail (RFC 5322)")]
    NotALetter,
    /// It should be a certain message and is another.
    #[error("it has another messageUUID than was announced")]
    OtherName,
    /// Too many letters are arriving at once; later there is room.
    #[error("too many letters are arriving at once")]
    NoRoom,
    /// The store did not take it; later it may.
    #[error("the store does not take letters now")]
    Store(#[source] StoreError),
    /// The queue did not take it; later it may.
    #[error("the queue does not take letters now")]
    Queue(#[source] QueueError),
}

impl AcceptError {
    /// Will the same bytes be refused again, however often they come?
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::NoRoom | Self::Store(_) | Self::Queue(_))
    }
}

impl From<NoRoom> for AcceptError {
    fn from(_: NoRoom) -> Self {
        Self::NoRoom
    }
}

/// What an adapter takes for a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything that is not empty: what cannot be read goes to a person.
    Anything,
    /// MeMo or a mail.
    Letter,
    /// MeMo only.
    Memo,
}

/// Makes letters durable. Cheap to clone.
#[derive(Clone)]
pub struct Acceptor {
    queue: Arc<dyn Queue>,
    store: Arc<dyn Store>,
    limits: Limits,
}

impl Acceptor {
    /// Letters go to `queue`, large ones by way of `store`.
    #[must_use]
    pub fn new(queue: Arc<dyn Queue>, store: Arc<dyn Store>, limits: Limits) -> Self {
        Self { queue, store, limits }
    }

    /// How large a letter may be, in bytes.
    #[must_use]
    pub fn letter_bytes(&self) -> usize {
        self.limits.letter_bytes
    }

    /// Makes a letter durable. When this returns `Ok`, it may be acknowledged upstream.
    ///
    /// Idempotent further on: the same letter accepted twice is recorded and delivered once.
    ///
    /// # Errors
    /// That it is no letter of this kind, or that queue or store do not take it now. After an
    /// error of the queue it may be durable nevertheless.
    pub async fn accept(&self, raw: Bytes, kind: Kind) -> Result<LetterId, AcceptError> {
        self.accept_called(raw, kind, None).await
    }

    /// The same for a letter that must have this name (its messageUUID, in either case), if any.
    pub(crate) async fn accept_called(
        &self,
        raw: Bytes,
        kind: Kind,
        name: Option<&str>,
    ) -> Result<LetterId, AcceptError> {
        if raw.iter().all(u8::is_ascii_whitespace) {
            return Err(AcceptError::Empty);
        }
        if raw.len() > self.limits.letter_bytes {
            let (bytes, limit) = (raw.len(), self.limits.letter_bytes);
            return Err(AcceptError::TooLarge { bytes, limit });
        }
        let (id, channel) = self.look(raw.clone()).await;
        match kind {
            Kind::Memo if channel != Channel::DigitalPost => return Err(AcceptError::NotMemo),
            Kind::Letter if channel == Channel::Unknown => return Err(AcceptError::NotALetter),
            _ => {}
        }
        if name.is_some_and(|name| !id.as_str().eq_ignore_ascii_case(name)) {
            return Err(AcceptError::OtherName);
        }
        let body = if raw.len() > INLINE_BYTES {
            let stored = self.store.put_raw(raw, Timestamp::now()).await;
            Body::Stored(stored.map_err(AcceptError::Store)?)
        } else {
            Body::Inline(raw)
        };
        self.publish(&id, body).await?;
        Ok(id)
    }

    pub(crate) async fn publish(&self, id: &LetterId, body: Body) -> Result<(), AcceptError> {
        let message = Message { body, id: id.to_string() };
        self.queue.publish(vec![message]).await.map_err(AcceptError::Queue)
    }

    /// Takes a letter in pieces, as [`Self::accept_called`] takes a whole one.
    pub(crate) fn arriving(&self, room: &Room, kind: Kind, name: Option<String>) -> Arriving {
        Arriving::new(self, room, kind, name)
    }

    /// Begins a letter that goes into the store as it comes.
    pub(crate) fn begin(&self) -> Box<dyn RawWriter> {
        self.store.begin_raw(Timestamp::now())
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    async fn look(&self, raw: Bytes) -> (LetterId, Channel) {
        fn now(raw: &[u8], limits: &Limits) -> (LetterId, Channel) {
            let letter = read(raw, limits);
            (letter.id, letter.channel)
        }
        if raw.len() < READ_ELSEWHERE {
            return now(&raw, &self.limits);
        }
        let (other, limits) = (raw.clone(), self.limits.clone());
        let elsewhere = tokio::task::spawn_blocking(move || now(&other, &limits)).await;
        // Reading cannot fail; a runtime that is shutting down can refuse to run it.
        elsewhere.unwrap_or_else(|_| now(&raw, &self.limits))
    }
}
