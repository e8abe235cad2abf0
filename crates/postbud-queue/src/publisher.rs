//! Publishing so that nothing is believed delivered that is not.

use std::time::Duration;

use lapin::options::BasicPublishOptions;
use lapin::types::ShortString;
use lapin::{BasicProperties, Confirmation, PublisherConfirm};

use crate::envelope::Parcel;
use crate::fault::Fault;
use crate::session::Session;
use crate::topology::short;

/// At most so many messages wait for their confirms together.
const WINDOW: usize = 512;
/// And at most so many bytes.
const WINDOW_BYTES: usize = 8 << 20;

/// A parcel on its way to a queue.
pub(crate) struct Shipment<'a> {
    pub(crate) queue: &'a str,
    pub(crate) parcel: Parcel,
    /// It leaves that queue for the next one after so long.
    pub(crate) expires_after_ms: Option<u32>,
}

/// A turn at a channel. When it is dropped before its confirms have all come (the caller gave up
/// waiting), the session ends: a late confirm must not be taken for one of the next turn.
struct Turn<'a> {
    session: &'a Session,
    complete: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.complete {
            self.session.fail_late(Fault::away("publish: interrupted"));
        }
    }
}

/// Publishes all; `Ok` means that each is durable on its queue. The deadline holds for each window
/// of at most 512 messages and 8 MiB.
pub(crate) async fn publish(
    session: &Session,
    shipments: &[Shipment<'_>],
    deadline: Duration,
) -> Result<(), Fault> {
    let Ok(_lock) = tokio::time::timeout(deadline, session.turn.lock()).await else {
        return Err(Fault::late("publish: wait for an earlier batch", deadline));
    };
    let mut rest = shipments;
    while !rest.is_empty() {
        if session.blocked() {
            let what = "publish: the broker is short of memory or disk and takes no messages";
            return Err(Fault::away(what));
        }
        let (window, later) = rest.split_at(window_of(rest));
        let mut turn = Turn { session, complete: false };
        match tokio::time::timeout(deadline, ship(session, window)).await {
            Ok(Ok(())) => turn.complete = true,
            Ok(Err(fault)) => {
                turn.complete =
                    matches!(fault, Fault::Refused { .. }) && session.channel.status().connected();
                if !turn.complete {
                    // An unroutable message too: the next session declares the queue again.
                    session.fail(fault.clone());
                }
                return Err(fault);
            }
            Err(_) => {
                let fault = Fault::late("publish", deadline);
                session.fail_late(fault.clone());
                return Err(fault);
            }
        }
        rest = later;
    }
    Ok(())
}

fn window_of(shipments: &[Shipment<'_>]) -> usize {
    let mut bytes = 0;
    let fits = |shipment: &&Shipment<'_>| {
        bytes += shipment.parcel.payload.len();
        bytes <= WINDOW_BYTES
    };
    shipments.iter().take(WINDOW).take_while(fits).count().max(1)
}

async fn ship(session: &Session, window: &[Shipment<'_>]) -> Result<(), Fault> {
    let mut confirms = Vec::with_capacity(window.len());
    for shipment in window {
        let queue = short(shipment.queue)?;
        let properties = shipment.parcel.properties(shipment.expires_after_ms);
        let sent = send(session, queue, &shipment.parcel.payload, properties).await;
        confirms.push(sent.map_err(|error| Fault::from_broker("publish", &error))?);
    }
    let mut outcome = Ok(());
    for (confirm, shipment) in confirms.into_iter().zip(window) {
        let confirmation = confirm.await.map_err(|error| Fault::from_broker("publish", &error))?;
        if let Err(fault) = judge(confirmation, shipment.queue)
            && outcome.is_ok()
        {
            outcome = Err(fault);
        }
    }
    outcome
}

async fn send(
    session: &Session,
    queue: ShortString,
    payload: &[u8],
    properties: BasicProperties,
) -> lapin::Result<PublisherConfirm> {
    let mandatory = BasicPublishOptions { mandatory: true, immediate: false };
    session
        .channel
        .basic_publish(ShortString::default(), queue, mandatory, payload, properties)
        .await
}

/// A broker confirms a message that it has no queue for, and hands it back: that is no delivery.
fn judge(confirmation: Confirmation, queue: &str) -> Result<(), Fault> {
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned)) => {
            Err(Fault::Unroutable { queue: returned.routing_key.as_str().to_owned() })
        }
        Confirmation::Nack(None) => Err(Fault::Refused {
            what: format!("the queue {queue} is full, or its leader is away"),
        }),
        Confirmation::NotRequested => {
            Err(Fault::Refused { what: "the broker does not confirm what it takes".to_owned() })
        }
    }
}
