//! How fast is the queue, and how soon does it work again after a fault? Starts a broker of its
//! own, publishes and consumes letters of 8 KiB, closes the connections, kills the broker, and
//! deletes the queue.
//!
//! `cargo run --release -p postbud-queue --example rate [letters] [prefetch]`

use std::time::{Duration, Instant};

use bytes::Bytes;
use lapin::options::QueueDeleteOptions;
use lapin::{Connection, ConnectionProperties};
use postbud_pipeline::ports::{Body, Message, Queue, Settlement};
use postbud_queue::{RabbitOptions, RabbitQueue};
use postbud_testkit::RabbitServer;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let argument = |n: usize, otherwise: u32| -> Outcome<u32> {
        Ok(std::env::args().nth(n).map_or(Ok(otherwise), |text| text.parse())?)
    };
    let (letters, prefetch) = (argument(1, 50_000)?, argument(2, 256)?);
    let mut server = RabbitServer::start()?;
    let options = RabbitOptions {
        url: server.url(),
        prefetch: u16::try_from(prefetch)?,
        ..RabbitOptions::default()
    };
    let queue = RabbitQueue::connect(options.clone()).await?;

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
        received += receive(&queue, usize::from(options.prefetch) / 2).await?;
    }
    println!("received and settled:      {:.0} letters/s (prefetch {prefetch})", rate(start));

    server.close_all_connections()?;
    let start = Instant::now();
    println!("works again after connections are closed: {:.0?}", again(&queue, start).await?);

    server.kill_dash_nine()?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    server.restart()?;
    let start = Instant::now();
    println!("works again after the broker is back:     {:.0?}", again(&queue, start).await?);

    tokio::time::sleep(Duration::from_secs(2)).await;
    // Last: RabbitMQ 3.10 may trip over its own log files when a queue is deleted under load.
    let admin = Connection::connect(&options.url, ConnectionProperties::default()).await?;
    let admin = admin.create_channel().await?;
    let start = Instant::now();
    admin.queue_delete("postbud.incoming".into(), QueueDeleteOptions::default()).await?;
    println!("works again after its queue was deleted:  {:.0?}", again(&queue, start).await?);
    queue.shutdown().await?;
    Ok(())
}

fn message(n: u32) -> Message {
    Message { body: Body::Inline(Bytes::from(vec![b'x'; 8 << 10])), id: format!("{n}") }
}

/// Receives and settles once; returns how many.
async fn receive(queue: &RabbitQueue, max: usize) -> Outcome<u32> {
    let batch = queue.receive(max, Duration::from_secs(5)).await?;
    queue.settle(batch.iter().map(|one| (one.token, Settlement::Done)).collect()).await?;
    Ok(u32::try_from(batch.len())?)
}

/// How long until a letter can be published, and one received.
async fn again(queue: &RabbitQueue, start: Instant) -> Outcome<Duration> {
    while queue.publish(vec![message(0)]).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    while receive(queue, 1).await.unwrap_or(0) == 0 {}
    Ok(start.elapsed())
}
