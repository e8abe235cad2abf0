//! Telling the broker what became of its messages.

use std::collections::BTreeSet;

use lapin::options::{BasicAckOptions, BasicNackOptions};
use lapin::types::DeliveryTag;
use postbud_pipeline::ports::{Settlement, Timestamp};

use crate::fault::Fault;
use crate::inbox::Held;
use crate::options::Settings;
use crate::publisher::{Shipment, publish};
use crate::session::Session;
use crate::topology::DELIVERY_LIMIT;

/// Up to here a released message is simply returned. Brokers before 4.3 count that as one of its
/// deliveries, so from here on it is published anew instead: releasing must never make a dead
/// letter.
const RETURNS: u32 = DELIVERY_LIMIT / 2;

/// Acknowledges messages, with as few words as possible.
pub(crate) async fn acknowledge(
    session: &Session,
    settings: &Settings,
    done: &BTreeSet<DeliveryTag>,
) -> Result<(), Fault> {
    for (tag, multiple) in session.inbox.acknowledge(done) {
        let ack = session.channel.basic_ack(tag, BasicAckOptions { multiple });
        ended(session, settings.within("acknowledge", ack).await)?;
    }
    Ok(())
}

/// Gives messages back to their queue.
pub(crate) async fn give_back(
    session: &Session,
    settings: &Settings,
    tags: &BTreeSet<DeliveryTag>,
) -> Result<(), Fault> {
    session.inbox.acknowledge(tags);
    for tag in tags {
        let requeue = BasicNackOptions { multiple: false, requeue: true };
        let nack = session.channel.basic_nack(*tag, requeue);
        ended(session, settings.within("give a message back", nack).await)?;
    }
    Ok(())
}

/// Publishes messages anew and acknowledges them: the broker counts their deliveries from the
/// beginning, and their own header remembers.
pub(crate) async fn renew(
    session: &Session,
    publisher: &Session,
    settings: &Settings,
    messages: Vec<(DeliveryTag, Held)>,
) -> Result<(), Fault> {
    let now = Timestamp::now();
    let tags: Vec<DeliveryTag> = messages.iter().map(|(tag, _)| *tag).collect();
    let shipments: Vec<Shipment<'_>> = messages
        .into_iter()
        .map(|(_, held)| shipment(held, &Settlement::Release, settings, now))
        .collect();
    publish(publisher, &shipments, settings.deadline).await?;
    for tag in tags {
        let ack = session.channel.basic_ack(tag, BasicAckOptions::default());
        ended(session, settings.within("acknowledge", ack).await)?;
    }
    Ok(())
}

/// Any fault here ends the session: what is unsettled then comes again.
fn ended(session: &Session, outcome: Result<(), Fault>) -> Result<(), Fault> {
    outcome.inspect_err(|fault| session.fail(fault.clone()))
}

/// Can this release be a plain return?
pub(crate) fn returns(held: &Held) -> bool {
    held.delivered < RETURNS
}

/// Where a message goes that is not simply acknowledged or returned.
pub(crate) fn shipment<'a>(
    held: Held,
    settlement: &Settlement,
    settings: &'a Settings,
    now: Timestamp,
) -> Shipment<'a> {
    let mut parcel = held.parcel;
    parcel.returned = parcel.returned.saturating_add(held.delivered);
    let (reason, last) = match settlement {
        Settlement::Retry { reason } => {
            parcel.attempts = parcel.attempts.saturating_add(1);
            (reason, parcel.attempts >= settings.attempts)
        }
        Settlement::Dead { reason } => {
            parcel.attempts = parcel.attempts.saturating_add(1);
            (reason, true)
        }
        Settlement::Done | Settlement::Release => {
            return Shipment { queue: &settings.incoming, parcel, expires_after_ms: None };
        }
    };
    parcel.reason = Some(reason.clone());
    if last {
        parcel.given_up_at = Some(now);
        return Shipment { queue: &settings.dead, parcel, expires_after_ms: None };
    }
    let expires_after_ms = Some(settings.retry_delay_ms);
    Shipment { queue: &settings.retry, parcel, expires_after_ms }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::Parcel;
    use crate::options::RabbitOptions;
    use bytes::Bytes;
    use postbud_pipeline::ports::{Body, Message};

    fn held(attempts: u32, delivered: u32) -> Held {
        let body = Body::Inline(Bytes::from_static(b"x"));
        let mut parcel = Parcel::new(Message { body, id: "a".into() });
        parcel.attempts = attempts;
        Held { parcel, delivered }
    }

    #[test]
    fn the_last_attempt_leads_to_the_dead_letters() {
        let settings = Settings::new(RabbitOptions::default()).unwrap();
        let retry = Settlement::Retry { reason: "no store".into() };
        let way = |attempts| {
            let shipment = shipment(held(attempts, 0), &retry, &settings, Timestamp(5));
            (shipment.queue.to_owned(), shipment.parcel.attempts, shipment.parcel.given_up_at)
        };
        assert_eq!(way(0), ("postbud.retry".to_owned(), 1, None));
        assert_eq!(way(1), ("postbud.retry".to_owned(), 2, None));
        assert_eq!(way(2), ("postbud.dead".to_owned(), 3, Some(Timestamp(5))));
        assert_eq!(way(u32::MAX).0, "postbud.dead");
    }

    #[test]
    fn a_release_spends_no_attempt_and_keeps_the_count_of_returns() {
        let settings = Settings::new(RabbitOptions::default()).unwrap();
        assert!(returns(&held(1, 9)));
        assert!(!returns(&held(1, 10)));
        let back = shipment(held(1, 10), &Settlement::Release, &settings, Timestamp(5));
        assert_eq!((back.queue, back.expires_after_ms), ("postbud.incoming", None));
        assert_eq!((back.parcel.attempts, back.parcel.returned), (1, 10));
    }
}
