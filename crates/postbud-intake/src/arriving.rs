//! A letter that arrives in pieces: a small one is gathered, a large one goes into the store as it comes.
//!
//! What a large letter is, is told from its beginning. Where that does not suffice the letter is held
//! whole, in the memory that all arriving letters share, like every small one.

use bytes::Bytes;
use postbud_letter::{Channel, Head, LetterId, head};
use postbud_pipeline::ports::{Body, RawWriter};

use crate::acceptor::{AcceptError, Acceptor, INLINE_BYTES, Kind};
use crate::room::{Gathering, Room};

/// One letter on its way in. Dropped before its end, nothing of it stays.
pub(crate) struct Arriving {
    acceptor: Acceptor,
    kind: Kind,
    name: Option<String>,
    gathering: Gathering,
    size: usize,
    place: Place,
}

/// Where the bytes go.
enum Place {
    /// Into memory, until it is known whether that is all.
    Beginning,
    /// Into the store; what was gathered has left its room, which stays taken for what is in between.
    Stored { writer: Box<dyn RawWriter>, head: Head },
    /// Into memory: its beginning does not say what it is.
    Whole,
}

/// A letter that is durable.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) id: LetterId,
    /// How long it is.
    pub(crate) bytes: usize,
}

impl Arriving {
    pub(crate) fn new(acceptor: &Acceptor, room: &Room, kind: Kind, name: Option<String>) -> Self {
        let gathering = room.gather();
        let acceptor = acceptor.clone();
        Self { acceptor, kind, name, gathering, size: 0, place: Place::Beginning }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// That this letter cannot be taken: the rest of it need not be sent.
    pub(crate) async fn push(&mut self, bytes: &[u8]) -> Result<(), AcceptError> {
        let limit = self.acceptor.letter_bytes();
        self.size = self.size.saturating_add(bytes.len());
        if self.size > limit {
            return Err(AcceptError::TooLarge { bytes: self.size, limit });
        }
        let mut rest = bytes;
        if matches!(self.place, Place::Beginning) && self.size > INLINE_BYTES {
            let (first, more) = bytes.split_at(INLINE_BYTES - self.gathering.bytes().len());
            self.gathering.push(first)?;
            self.place = self.look().await?;
            rest = more;
        }
        if let Place::Stored { writer, .. } = &mut self.place {
            let piece = Bytes::copy_from_slice(rest);
            return writer.write(piece).await.map_err(AcceptError::Store);
        }
        Ok(self.gathering.push(rest)?)
    }

    /// The letter is larger than what is gathered of it: where does it go?
    async fn look(&mut self) -> Result<Place, AcceptError> {
        let Some(head) = head(self.gathering.bytes(), self.acceptor.limits()) else {
            return Ok(Place::Whole);
        };
        if self.kind == Kind::Memo && head.channel != Channel::DigitalPost {
            return Err(AcceptError::NotMemo);
        }
        let own = head.own_id().map(LetterId::as_str);
        if let Some(name) = &self.name
            && !own.is_some_and(|own| own.eq_ignore_ascii_case(name))
        {
            return Err(AcceptError::OtherName);
        }
        let mut writer = self.acceptor.begin();
        writer.write(self.gathering.take()).await.map_err(AcceptError::Store)?;
        Ok(Place::Stored { writer, head })
    }

    /// How much has come, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.size
    }

    /// All of it has come: makes it durable. When this returns `Ok`, it may be acknowledged upstream.
    ///
    /// # Errors
    /// As [`Acceptor::accept`].
    pub(crate) async fn finish(self) -> Result<Arrived, AcceptError> {
        let bytes = self.size;
        let id = match self.place {
            Place::Stored { writer, head } => {
                let raw_id = writer.finish().await.map_err(AcceptError::Store)?;
                let id = head.id(&raw_id.0);
                self.acceptor.publish(&id, Body::Stored(raw_id)).await?;
                id
            }
            Place::Beginning | Place::Whole => {
                let gathered = self.gathering.finish();
                let raw = gathered.raw.clone();
                self.acceptor.accept_called(raw, self.kind, self.name.as_deref()).await?
            }
        };
        Ok(Arrived { id, bytes })
    }
}
