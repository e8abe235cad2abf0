//! From a message to its raw bytes.

use super::{Loaded, Router};
use crate::ports::{Body, RawId, Received, Settlement, StoreError};
use crate::stop::Stop;

impl Router {
    /// A message with its raw bytes, or what becomes of one without any. Waits for room: whoever
    /// calls it holds no other letter that the queue only named.
    pub(super) async fn load(&self, message: Received, stop: &Stop) -> Result<Loaded, Settlement> {
        let Received { token, id, body, .. } = message;
        let (raw, room) = match body {
            Ok(Body::Inline(raw)) => (raw, None),
            Ok(Body::Stored(raw_id)) => {
                let size = self.ask(stop, &raw_id, || self.store.raw_size(&raw_id)).await?;
                let room = tokio::select! {
                    room = self.memory.room(size) => room,
                    () = stop.wait() => return Err(Settlement::Release),
                };
                (self.ask(stop, &raw_id, || self.store.raw(&raw_id)).await?, room)
            }
            Err(reason) => return Err(Settlement::Retry { reason }),
        };
        Ok(Loaded { token, id, raw, room })
    }

    /// What the store says of raw bytes, however long it is away.
    async fn ask<T, F>(
        &self,
        stop: &Stop,
        id: &RawId,
        call: impl Fn() -> F,
    ) -> Result<T, Settlement>
    where
        F: Future<Output = Result<Option<T>, StoreError>>,
    {
        match self.when_available(stop, "reading a stored letter", call).await {
            Some(Ok(Some(found))) => Ok(found),
            Some(Ok(None)) => {
                Err(Settlement::Retry { reason: format!("the store has no raw bytes {}", id.0) })
            }
            Some(Err(error)) => Err(Settlement::Retry { reason: error.to_string() }),
            None => Err(Settlement::Release),
        }
    }
}
