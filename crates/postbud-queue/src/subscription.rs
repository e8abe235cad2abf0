//! A session's subscription: careful at first, at full width when it may be.
//!
//! A worker that dies returns everything it had fetched, and the broker counts a delivery for each
//! letter, also for those that nobody had begun; after twenty it gives a letter up. Returned
//! letters come first, so a subscription begins with one letter in hand at a time and widens by
//! what it meets: to a few while letters come that were returned once, to the full prefetch when
//! one comes that was never delivered before. A worker that dies again and again therefore spends
//! one delivery of the letter in its hand, and none of its neighbours'.

use std::sync::Arc;

use futures::StreamExt;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Consumer};
use tokio::sync::Mutex;

use crate::envelope::Parcel;
use crate::fault::Fault;
use crate::inbox::{Held, Inbox};
use crate::options::Settings;
use crate::topology::short;

/// How many letters that were returned once are in hand together.
const FEW: u16 = 16;

/// The consumer tag in force; `None` when the session receives no more.
pub(crate) type Tag = Arc<Mutex<Option<ShortString>>>;

/// How many letters may be in hand together when one comes that was delivered so often before.
fn width(delivered: u32, prefetch: u16) -> u16 {
    match delivered {
        0 => prefetch,
        1 => FEW.min(prefetch),
        _ => 1,
    }
}

/// Carries deliveries from the broker into the inbox.
pub(crate) struct Subscription {
    channel: Channel,
    settings: Arc<Settings>,
    inbox: Arc<Inbox>,
    tag: Tag,
    stream: Consumer,
    width: u16,
}

impl Subscription {
    /// Starts to receive, one letter at a time.
    pub(crate) async fn start(
        channel: &Channel,
        settings: &Arc<Settings>,
        inbox: &Arc<Inbox>,
    ) -> Result<(Self, Tag), Fault> {
        let stream = consume(channel, settings, 1).await?;
        let tag = Arc::new(Mutex::new(Some(stream.tag())));
        let this = Self {
            channel: channel.clone(),
            settings: Arc::clone(settings),
            inbox: Arc::clone(inbox),
            tag: Arc::clone(&tag),
            stream,
            width: 1,
        };
        Ok((this, tag))
    }

    /// Receives until the subscription ends, which is a fault whatever its reason: a deleted queue
    /// and a consumer that the broker cancelled end it without an error.
    pub(crate) async fn pump(mut self) -> Fault {
        loop {
            match self.next().await {
                Ok(Some(delivered)) => {
                    let wider = width(delivered, self.settings.prefetch);
                    if wider > self.width
                        && let Err(fault) = self.widen(wider).await
                    {
                        return fault;
                    }
                }
                Ok(None) => return Fault::away("receive: the broker ended the subscription"),
                Err(fault) => return fault,
            }
        }
    }

    /// Takes one delivery into the inbox; returns how often it was delivered before.
    async fn next(&mut self) -> Result<Option<u32>, Fault> {
        let Some(next) = self.stream.next().await else {
            return Ok(None);
        };
        let delivery = next.map_err(|error| Fault::from_broker("receive", &error))?;
        let (parcel, counted) = Parcel::read(&delivery.properties, delivery.data);
        let delivered = counted.max(u32::from(delivery.redelivered));
        self.inbox.put(delivery.delivery_tag, Held { parcel, delivered });
        Ok(Some(delivered))
    }

    /// Replaces the subscription by a wider one on the same channel: the limit of a consumer
    /// cannot be changed. What is in hand stays in hand, beyond the new limit until it is settled.
    async fn widen(&mut self, width: u16) -> Result<(), Fault> {
        let tag = Arc::clone(&self.tag);
        let mut tag = tag.lock().await;
        let Some(old) = tag.take() else {
            return Ok(());
        };
        let cancel = self.channel.basic_cancel(old, BasicCancelOptions::default());
        self.settings.within("widen the subscription", cancel).await?;
        // What came before the broker heard of it.
        while self.next().await?.is_some() {}
        self.stream = consume(&self.channel, &self.settings, width).await?;
        self.width = width;
        *tag = Some(self.stream.tag());
        Ok(())
    }
}

async fn consume(channel: &Channel, settings: &Settings, width: u16) -> Result<Consumer, Fault> {
    let qos = channel.basic_qos(width, BasicQosOptions::default());
    settings.within("set the prefetch limit", qos).await?;
    let consume = channel.basic_consume(
        short(&settings.incoming)?,
        ShortString::default(),
        BasicConsumeOptions::default(),
        FieldTable::default(),
    );
    settings.within("start receiving", consume).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_often_a_letter_came_back_the_fewer_are_in_hand_with_it() {
        assert_eq!(width(0, 256), 256);
        assert_eq!(width(1, 256), FEW);
        assert_eq!(width(1, 4), 4);
        assert_eq!(width(2, 256), 1);
        assert_eq!(width(u32::MAX, 256), 1);
    }
}
