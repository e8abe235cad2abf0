//! A bare relay, to measure the router against: consume, publish with confirm, acknowledge.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::StreamExt;
use futures::future::try_join_all;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use postbud_pipeline::ports::QueueError;

use crate::RabbitOptions;
use crate::fault::Fault;
use crate::options::Settings;

/// Messages on their way at once, and half of it the size of a batch: the fastest of the sizes
/// tried with quorum queues.
const PREFETCH: u16 = 1024;
/// The whole measurement ends by then.
const LIMIT: Duration = Duration::from_secs(900);

/// Messages per second that a relay without any work of its own brings from one quorum queue to
/// another: persistent, mandatory, confirmed, acknowledged in batches. Uses two queues of its own
/// (`<prefix>.relay-in`, `<prefix>.relay-out`) and deletes them.
///
/// # Errors
/// What the broker said.
pub async fn relay_rate(options: &RabbitOptions, bodies: &[Bytes]) -> Result<f64, QueueError> {
    let settings = Settings::new(options.clone())?;
    let measured = tokio::time::timeout(LIMIT, relay(&settings, &options.prefix, bodies)).await;
    measured
        .map_err(|_| Fault::late("relay", LIMIT).at(&settings.place))?
        .map_err(|error| Fault::from_broker("relay", &error).at(&settings.place))
}

async fn relay(settings: &Settings, prefix: &str, bodies: &[Bytes]) -> lapin::Result<f64> {
    let properties = ConnectionProperties::default();
    let connection = Connection::connect_uri(settings.uri.clone(), properties).await?;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    // A checked prefix has at most 200 characters, so both names are short.
    let name = |end: &str| ShortString::try_new(format!("{prefix}.{end}")).unwrap_or_default();
    let (from, to) = (name("relay-in"), name("relay-out"));
    for queue in [&from, &to] {
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
        let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(queue.clone(), durable, arguments).await?;
    }
    for group in bodies.chunks(usize::from(PREFETCH / 2)) {
        publish(&channel, &to_slices(group), &from).await?;
    }
    let seconds = pass_on(&connection, &channel, &from, &to, bodies.len()).await?;
    for queue in [&from, &to] {
        channel.queue_delete(queue.clone(), QueueDeleteOptions::default()).await?;
    }
    connection.close(200, "measured".into()).await?;
    Ok(bodies.len() as f64 / seconds)
}

fn to_slices(group: &[Bytes]) -> Vec<&[u8]> {
    group.iter().map(|body| &body[..]).collect()
}

async fn publish(channel: &Channel, bodies: &[&[u8]], queue: &ShortString) -> lapin::Result<()> {
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let mut confirms = Vec::with_capacity(bodies.len());
    for body in bodies {
        let properties = BasicProperties::default().with_delivery_mode(2);
        confirms.push(
            channel.basic_publish("".into(), queue.clone(), options, body, properties).await?,
        );
    }
    try_join_all(confirms).await.map(drop)
}

/// Seconds from the first message to the last acknowledgement.
async fn pass_on(
    connection: &Connection,
    publisher: &Channel,
    from: &ShortString,
    to: &ShortString,
    count: usize,
) -> lapin::Result<f64> {
    let channel = connection.create_channel().await?;
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    let begun = Instant::now();
    let consumer = channel
        .basic_consume(
            from.clone(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;
    let mut batches = consumer.ready_chunks(usize::from(PREFETCH / 2));
    let mut passed = 0;
    while passed < count {
        let Some(batch) = batches.next().await else {
            break;
        };
        let deliveries = batch.into_iter().collect::<lapin::Result<Vec<_>>>()?;
        let bodies: Vec<&[u8]> = deliveries.iter().map(|delivery| &delivery.data[..]).collect();
        publish(publisher, &bodies, to).await?;
        if let Some(last) = deliveries.last() {
            last.acker.ack(BasicAckOptions { multiple: true }).await?;
        }
        passed += deliveries.len();
    }
    let seconds = begun.elapsed().as_secs_f64();
    channel.close(200, "measured".into()).await?;
    Ok(seconds)
}
