//! The three queues.
//!
//! All are quorum queues: what a publisher was told is safe survives while most of the brokers do.
//! The names and arguments are the ones in deploy/rabbitmq; a queue cannot change its arguments,
//! so nothing that an operator may want to tune is one of them.

use lapin::Connection;
use lapin::options::QueueDeclareOptions;
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};

use crate::fault::Fault;
use crate::options::Settings;

/// After so many deliveries without a settlement the broker itself makes a message a dead letter.
pub(crate) const DELIVERY_LIMIT: u32 = 20;
/// Listing dead letters is a delivery each time. A broker from 4.0 on would drop a letter after
/// 20 of them unless a limit is set; "unlimited" has no spelling that 3.10 takes too.
const NEVER: i64 = 1_000_000_000;
/// More waiting messages than this are refused. Dead-lettering that loses nothing needs a limit;
/// an operator can set a lower one with a policy.
const MOST_WAITING: i64 = 1_000_000;

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(LongString::from(value))
}

fn quorum(extra: &[(&str, AMQPValue)]) -> FieldTable {
    let mut table = FieldTable::default();
    table.insert("x-queue-type".into(), text("quorum"));
    for (name, value) in extra {
        table.insert((*name).into(), value.clone());
    }
    table
}

/// A queue whose messages end in another one, without loss on the way: at-least-once dead
/// lettering works only together with refusing publishers at the length limit.
fn ending_in(target: &str, extra: &[(&str, AMQPValue)]) -> FieldTable {
    let mut table = quorum(extra);
    table.insert("x-dead-letter-exchange".into(), text(""));
    table.insert("x-dead-letter-routing-key".into(), text(target));
    table.insert("x-dead-letter-strategy".into(), text("at-least-once"));
    table.insert("x-overflow".into(), text("reject-publish"));
    table.insert("x-max-length".into(), AMQPValue::LongLongInt(MOST_WAITING));
    table
}

/// Declares the queues, or (when told not to) checks that they are there.
pub(crate) async fn declare(connection: &Connection, settings: &Settings) -> Result<(), Fault> {
    let channel = settings.within("open a channel", connection.create_channel()).await?;
    let limit = |n: i64| ("x-delivery-limit", AMQPValue::LongLongInt(n));
    let queues = [
        (&settings.dead, quorum(&[limit(NEVER)])),
        (&settings.incoming, ending_in(&settings.dead, &[limit(DELIVERY_LIMIT.into())])),
        (&settings.retry, ending_in(&settings.incoming, &[])),
    ];
    for (name, arguments) in queues {
        let options =
            QueueDeclareOptions { passive: !settings.declare, ..QueueDeclareOptions::durable() };
        let what = format!("declare the queue {name}");
        let declared = channel.queue_declare(short(name)?, options, arguments);
        settings.within(&what, declared).await.map_err(|fault| explain(name, fault))?;
    }
    settings.within("close a channel", channel.close(200, "done".into())).await
}

/// What to do about a queue that cannot be declared.
fn explain(name: &str, fault: Fault) -> Fault {
    let Fault::Refused { what } = fault else {
        return fault;
    };
    let advice = if what.contains("PRECONDITION_FAILED") {
        format!(
            "another kind of queue is called {name}; delete it once it is empty, \
             or set another queue prefix ({what})"
        )
    } else if what.contains("NOT_FOUND") {
        format!("there is no queue {name}; declare it from deploy/rabbitmq ({what})")
    } else {
        what
    };
    Fault::Refused { what: advice }
}

/// A queue's name in the library's form. The prefix is checked, so it always fits.
pub(crate) fn short(name: &str) -> Result<ShortString, Fault> {
    let refuse = |_| Fault::Refused { what: "the name of the queue is too long".to_owned() };
    ShortString::try_new(name).map_err(refuse)
}
