//! How fast is the queue? Publishes and consumes letters of 8 KiB on the broker at
//! `POSTBUD_TEST_AMQP`, then measures how soon it works again after its queue was deleted.
//!
//! `cargo run --release -p postbud-queue --example rate [letters] [prefetch]`

use std::time::{Duration, Instant};

use bytes::Bytes;
use lapin::options::QueueDeleteOptions;
use lapin::{Connection, ConnectionProperties};
use postbud_pipeline::ports::{Body, Message, Queue, Settlement};
use postbud_queue::{RabbitOptions, RabbitQueue};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let argument = |n: usize, otherwise: u32| -> Outcome<u32> {
        Ok(std::env::args()
            .nth(n)
            .map_or(Ok(otherwise), |text| text.parse())?)
    };
    let (letters, prefetch) = (argument(1, 50_000)?, argument(2, 256)?);
    let options = RabbitOptions {
        url: std::env::var("POSTBUD_TEST_AMQP").map_err(|_| "set POSTBUD_TEST_AMQP")?,
        prefix: format!("rate-{}", std::process::id()),
        prefetch: u16::try_from(prefetch)?,
        ..RabbitOptions::default()
    };
    let queue = RabbitQueue::connect(options.clone()).await?;
    let body = Bytes::from(vec![b'x'; 8 << 10]);
    let message = |n: u32| Message {
        body: Body::Inline(body.clone()),
        id: format!("{n}"),
    };

    let start = Instant::now();
    for first in (0..letters).step_by(500) {
        let last = (first + 500).min(letters);
        queue.publish((first..last).map(message).collect()).await?;
    }
    let rate = |start: Instant| f64::from(letters) / start.elapsed().as_secs_f64();
    println!("published, each confirmed: {:.0} letters/s", rate(start));

    let start = Instant::now();
    let mut received = 0;
    while received < letters {
        let batch = queue.receive(128, Duration::from_secs(5)).await?;
        received += u32::try_from(batch.len())?;
        queue
            .settle(
                batch
                    .iter()
                    .map(|one| (one.token, Settlement::Done))
                    .collect(),
            )
            .await?;
    }
    println!(
        "received and settled:      {:.0} letters/s (prefetch {prefetch})",
        rate(start)
    );

    let admin = Connection::connect(&options.url, ConnectionProperties::default()).await?;
    let admin = admin.create_channel().await?;
    let incoming = format!("{}.incoming", options.prefix);
    let start = Instant::now();
    admin
        .queue_delete(incoming.as_str().into(), QueueDeleteOptions::default())
        .await?;
    while queue.publish(vec![message(0)]).await.is_err() {}
    while queue
        .receive(1, Duration::from_secs(1))
        .await
        .map_or(0, |batch| batch.len())
        == 0
    {}
    println!(
        "its queue deleted: publishing and receiving again after {:.0?}",
        start.elapsed()
    );
    queue.shutdown().await?;
    for name in ["incoming", "retry", "dead"] {
        let name = format!("{}.{name}", options.prefix);
        admin
            .queue_delete(name.as_str().into(), QueueDeleteOptions::default())
            .await?;
    }
    Ok(())
}
