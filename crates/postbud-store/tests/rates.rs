//! How many letters a second: a measurement, not a test. Run it alone and optimised:
//! `cargo test -p postbud-store --release --test rates -- --ignored --nocapture`

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on is over")]

mod support;

use std::time::{Duration, Instant};

use bytes::Bytes;
use postbud_pipeline::ports::{
    Body, Entry, Message, OutboxOutcome, Queue as _, Recorded, Settlement, Store as _,
};
use postbud_store::{EmbeddedOptions, EmbeddedQueue};
use support::{Fixture, MANY_BYTES, at, entry, raw_id};

const LETTERS: usize = 8_192;

/// A letter of 8 kB whose bytes do not compress well.
fn large_entry(n: usize) -> Entry {
    let mut raw = Vec::with_capacity(8_192);
    let mut seed = n as u64 + 1;
    while raw.len() < 8_192 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        raw.push(b'0' + (seed >> 58) as u8);
    }
    let mut entry =
        entry(&format!("00000000-0000-4000-8000-{n:012}"), "", (n % 5 < 4).then_some("Miljø"));
    entry.raw_id = raw_id(&raw);
    entry.raw = Bytes::from(raw);
    entry.received_at = at(n as i64);
    entry
}

fn print(what: &str, count: usize, since: Instant) {
    println!("{what}: {:.0}/s", count as f64 / since.elapsed().as_secs_f64());
}

async fn record(fixture: &Fixture, kind: &str, start: usize, batch: usize, workers: usize) {
    let entries: Vec<Entry> = (start..start + LETTERS).map(large_entry).collect();
    let since = Instant::now();
    let mut work = Vec::new();
    for part in entries.chunks(LETTERS / workers) {
        let (store, part) = (fixture.store.clone(), part.to_vec());
        work.push(tokio::spawn(async move {
            for batch in part.chunks(batch) {
                let answers = store.record(batch).await.unwrap();
                assert!(answers.iter().all(|answer| *answer == Recorded::New));
            }
        }));
    }
    for worker in work {
        worker.await.unwrap();
    }
    print(&format!("{kind}: record, batch {batch}, {workers} workers"), LETTERS, since);
}

async fn send(fixture: &Fixture, kind: &str) {
    let since = Instant::now();
    let mut count = 0;
    loop {
        let items = fixture.store.claim_outbox(64, MANY_BYTES, at(1 << 40), 60_000).await.unwrap();
        if items.is_empty() {
            break;
        }
        count += items.len();
        let outcomes: Vec<_> =
            items.into_iter().map(|item| (item.key, OutboxOutcome::Delivered)).collect();
        fixture.store.settle_outbox(&outcomes, at(0)).await.unwrap();
    }
    print(&format!("{kind}: claim and settle the outbox, batch 64"), count, since);
}

async fn queue(fixture: &Fixture, kind: &str, batch: usize) {
    let queue = EmbeddedQueue::new(fixture.store.clone(), EmbeddedOptions::default());
    let entries: Vec<Entry> = (0..LETTERS).map(|n| large_entry(n + 10_000_000 * batch)).collect();
    let since = Instant::now();
    for part in entries.chunks(batch) {
        let messages = part
            .iter()
            .map(|entry| Message {
                body: Body::Inline(entry.raw.clone()),
                id: entry.letter.as_str().to_owned(),
            })
            .collect();
        queue.publish(messages).await.unwrap();
    }
    print(&format!("{kind}: queue publish, batch {batch}"), LETTERS, since);
    let since = Instant::now();
    let mut count = 0;
    while count < LETTERS {
        let received = queue.receive(batch, Duration::from_secs(5)).await.unwrap();
        count += received.len();
        let done = received.into_iter().map(|message| (message.token, Settlement::Done)).collect();
        queue.settle(done).await.unwrap();
    }
    print(&format!("{kind}: queue receive and settle, batch {batch}"), LETTERS, since);
    let since = Instant::now();
    for part in entries.chunks(batch) {
        fixture.store.record(part).await.unwrap();
    }
    print(&format!("{kind}: record what was on the queue, batch {batch}"), LETTERS, since);
}

async fn measure(fixture: Option<Fixture>, kind: &str) {
    let Some(fixture) = fixture else { return };
    for (n, (batch, workers)) in [(64, 1), (256, 1), (64, 2), (256, 2)].into_iter().enumerate() {
        record(&fixture, kind, (n + 1) * 1_000_000, batch, workers).await;
    }
    send(&fixture, kind).await;
    for batch in [64, 256] {
        queue(&fixture, kind, batch).await;
    }
    let since = Instant::now();
    let tally = fixture.store.tally().await.unwrap();
    println!("{kind}: tally of {} letters in {:?}", tally.received, since.elapsed());
    fixture.end().await;
}

#[ignore = "a measurement"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_a_second() {
    measure(Fixture::sqlite("rates").await, "SQLite").await;
    measure(Fixture::postgres("rates").await, "PostgreSQL").await;
}

/// The largest letter: time and the most memory that the process ever had, beyond the letter's own.
#[ignore = "a measurement"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_letter() {
    for fixture in [Fixture::sqlite("large").await, Fixture::postgres("large").await] {
        let Some(fixture) = fixture else { continue };
        let mut entry = large_entry(1);
        entry.raw = Bytes::from(vec![b'x'; 105_000_000]);
        entry.raw_id = raw_id(&entry.raw);
        let since = Instant::now();
        fixture.store.record(std::slice::from_ref(&entry)).await.unwrap();
        println!("{}: recorded in {:?}, {}", fixture.store.place(), since.elapsed(), peak());
        let since = Instant::now();
        let items = fixture.store.claim_outbox(64, 1, at(1 << 40), 60_000).await.unwrap();
        assert_eq!(items[0].size, entry.raw.len() as u64);
        let raw = fixture.store.raw(&entry.raw_id).await.unwrap();
        assert!(raw.is_some_and(|raw| raw == entry.raw));
        println!("claimed and read in {:?}, {}", since.elapsed(), peak());
        fixture.end().await;
    }
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("no VmHWM").to_owned()
}

/// The same work with many letters in the store already.
#[ignore = "a measurement"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_many_letters() {
    const MANY: usize = 300_000;
    let numbers = format!(
        "WITH RECURSIVE g (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {MANY})"
    );
    let raw_id = "substr('0123456789abcdef', 1 + n % 16, 1) || substr('0123456789abcdef', \
                  1 + n / 16 % 16, 1) || 'old' || n";
    for (kind, fixture) in
        [("SQLite", Fixture::sqlite("many").await), ("PostgreSQL", Fixture::postgres("many").await)]
    {
        let Some(fixture) = fixture else { continue };
        record(&fixture, kind, 0, 64, 1).await;
        send(&fixture, kind).await;
        fixture
            .sql(&format!(
                "INSERT INTO letters {numbers} SELECT 'old-' || n, 'delivered', 'email', 'Om noget',
                     n, {raw_id}, 100, 'Miljø', 0.5 FROM g;
                 INSERT INTO raws {numbers} SELECT {raw_id}, 0, 1, 0, CAST('x' AS {}) FROM g;
                 INSERT INTO decisions SELECT id, 1, 'd', 0, 'postbud', '{{}}' FROM letters
                     WHERE id LIKE 'old-%';
                 INSERT INTO outbox SELECT id, 1, 'Miljø', 'done', 0, 0, NULL FROM letters
                     WHERE id LIKE 'old-%';",
                if kind == "SQLite" { "BLOB" } else { "BYTEA" }
            ))
            .await;
        println!("{kind}: {MANY} letters more");
        record(&fixture, kind, 2_000_000, 64, 1).await;
        send(&fixture, kind).await;
        fixture.end().await;
    }
}
