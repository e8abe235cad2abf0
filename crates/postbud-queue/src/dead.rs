//! Looking at the queues from outside: depths, dead letters, replay.

use lapin::options::{BasicAckOptions, BasicGetOptions, BasicNackOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel};
use postbud_pipeline::ports::{DeadJudge, DeadLetter, Depth};

use crate::envelope::Parcel;
use crate::fault::Fault;
use crate::options::Settings;
use crate::publisher::{Shipment, publish};
use crate::session::Session;
use crate::topology::short;

/// More dead letters than this are not looked at in one call.
const MOST: u64 = 100_000;
/// How often to look whether returned letters are back, 10 ms apart.
const LOOKS: u32 = 50;

/// How many messages are ready in a queue.
async fn ready(channel: &Channel, settings: &Settings, queue: &str) -> Result<u64, Fault> {
    let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
    let declared = channel.queue_declare(short(queue)?, passive, FieldTable::default());
    let counted = settings.within("count messages", declared).await?;
    Ok(counted.message_count().into())
}

/// The depths of the three queues.
pub(crate) async fn depth(channel: &Channel, settings: &Settings) -> Result<Depth, Fault> {
    Ok(Depth {
        waiting: ready(channel, settings, &settings.incoming).await?,
        retrying: ready(channel, settings, &settings.retry).await?,
        dead: ready(channel, settings, &settings.dead).await?,
    })
}

/// The next dead letter, fetched and not acknowledged, with its tag; `None` when there is no more.
async fn next(
    channel: &Channel,
    settings: &Settings,
) -> Result<Option<(u64, Parcel, BasicProperties)>, Fault> {
    let get = channel.basic_get(short(&settings.dead)?, BasicGetOptions::default());
    let Some(message) = settings.within("fetch a dead letter", get).await? else {
        return Ok(None);
    };
    let delivery = message.delivery;
    let (parcel, _) = Parcel::read(&delivery.properties, delivery.data);
    Ok(Some((delivery.delivery_tag, parcel, delivery.properties)))
}

/// The oldest dead letters. They are fetched without being acknowledged, and given back.
pub(crate) async fn list(
    channel: &Channel,
    settings: &Settings,
    max: usize,
) -> Result<Vec<DeadLetter>, Fault> {
    let there = ready(channel, settings, &settings.dead).await?;
    let most = there.min(MOST).min(max as u64);
    let mut letters = Vec::new();
    let mut last = None;
    for _ in 0..most {
        let Some((tag, parcel, properties)) = next(channel, settings).await? else { break };
        last = Some(tag);
        letters.push(parcel.dead_letter(&properties));
    }
    put_back(channel, settings, last, there).await?;
    Ok(letters)
}

/// Publishes dead letters to the incoming queue, and acknowledges each only when that is
/// confirmed. Interrupted, it can leave a letter on both queues, never on none.
pub(crate) async fn replay(
    channel: &Channel,
    publishing: &Session,
    settings: &Settings,
    id: Option<&str>,
    max: usize,
) -> Result<u64, Fault> {
    let there = ready(channel, settings, &settings.dead).await?;
    let mut replayed = 0;
    let mut skipped = None;
    // Counted once, so that a letter that dies again meanwhile is not replayed again.
    for _ in 0..there.min(MOST) {
        if replayed >= max as u64 {
            break;
        }
        let Some((tag, parcel, _)) = next(channel, settings).await? else { break };
        if id.is_some_and(|id| id != parcel.id) {
            skipped = Some(tag);
            continue;
        }
        let parcel = Parcel { attempts: 0, returned: 0, reason: None, given_up_at: None, ..parcel };
        let queue = settings.incoming.as_str();
        let shipment = Shipment { queue, parcel, expires_after_ms: None };
        publish(publishing, &[shipment], settings.deadline).await?;
        let ack = channel.basic_ack(tag, BasicAckOptions::default());
        settings.within("acknowledge a dead letter", ack).await?;
        replayed += 1;
    }
    put_back(channel, settings, skipped, there.saturating_sub(replayed)).await?;
    Ok(replayed)
}

/// Acknowledges the dead letters that `judge` condemns, and with that they are gone. All others are
/// given back. What cannot be understood is no letter that could be judged, and stays.
pub(crate) async fn erase(
    channel: &Channel,
    settings: &Settings,
    judge: &dyn DeadJudge,
) -> Result<u64, Fault> {
    let there = ready(channel, settings, &settings.dead).await?;
    let (mut erased, mut kept) = (0, None);
    for _ in 0..there.min(MOST) {
        let Some((tag, parcel, properties)) = next(channel, settings).await? else { break };
        let condemned = match parcel.body() {
            Ok(body) => {
                let id = parcel.id.clone();
                let given_up_at = parcel.dead_letter(&properties).at;
                judge.condemns(&id, &body, given_up_at).await
            }
            Err(_) => false,
        };
        if !condemned {
            kept = Some(tag);
            continue;
        }
        let ack = channel.basic_ack(tag, BasicAckOptions::default());
        settings.within("erase a dead letter", ack).await?;
        erased += 1;
    }
    put_back(channel, settings, kept, there.saturating_sub(erased)).await?;
    Ok(erased)
}

/// Returns everything fetched up to this tag, and waits a moment until it is back, so that who
/// looks next sees it.
async fn put_back(
    channel: &Channel,
    settings: &Settings,
    last: Option<u64>,
    expected: u64,
) -> Result<(), Fault> {
    let Some(tag) = last else { return Ok(()) };
    let all = BasicNackOptions { multiple: true, requeue: true };
    settings.within("give dead letters back", channel.basic_nack(tag, all)).await?;
    for _ in 0..LOOKS {
        if ready(channel, settings, &settings.dead).await? >= expected {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    Ok(())
}
