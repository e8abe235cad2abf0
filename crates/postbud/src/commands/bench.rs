//! `postbud bench`: how fast, with everything durable; and how fast the model is.

mod desk;
mod model;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use postbud_letter::write::Draft;
use postbud_letter::{Channel, read};
use postbud_pipeline::ports::{Body, Message, Queue, Store};
use postbud_pipeline::stop_pair;
use serde::Serialize;

use crate::classifier::ModelClassifier;
use crate::cli::{BenchArgs, BenchCommand, BenchPipelineArgs};
use crate::commands::run;
use crate::config::{self, Config, QueueKind};
use crate::input::Line;
use crate::shipped::LETTERS;
use crate::{output, telemetry, wiring};

/// A run that takes longer than this has failed.
const LIMIT: Duration = Duration::from_secs(3600);
/// Looking how far it has come takes one part in so many of the time.
const SHARE_OF_COUNTING: u32 = 20;

/// What was measured. Rates are letters (or messages) per second.
#[derive(Serialize)]
struct Report {
    letters: u32,
    bytes_each: usize,
    queue: String,
    store: String,
    relay_per_second: Option<f64>,
    pipeline_per_second: f64,
    ratio: Option<f64>,
    routed_automatically: u64,
    cpu_seconds_per_second: f64,
    peak_memory_mib: f64,
}

/// Measures what was asked.
pub(crate) async fn run(args: &BenchArgs) -> anyhow::Result<()> {
    match &args.command {
        BenchCommand::Pipeline(args) => pipeline(args).await,
        BenchCommand::Model(args) => model::run(args),
        BenchCommand::Desk(args) => desk::run(args).await,
    }
}

async fn pipeline(args: &BenchPipelineArgs) -> anyhow::Result<()> {
    let data = std::env::temp_dir().join(format!("postbud-bench-{}", std::process::id()));
    let config = measured(&args.config, &data)?;
    telemetry::start(config.log.format, "error");
    let letters = letters(args.letters, args.bytes as usize);
    let bytes_each = letters.iter().map(Bytes::len).sum::<usize>() / letters.len().max(1);
    let relay = match &config.queue.kind {
        QueueKind::Amqp { url } => {
            let options = wiring::rabbit_options(&config, url.expose());
            Some(postbud_queue::relay_rate(&options, &letters).await?)
        }
        QueueKind::Embedded => None,
    };
    let classifier = Arc::new(ModelClassifier::shipped(&config)?);
    let store = wiring::store(&config).await?;
    let queue = wiring::queue(&config, &store).await?;
    publish(&queue, &letters, &config).await?;

    let before = store.tally().await?;
    let (stopper, stop) = stop_pair();
    let work = run::route(&config, classifier, store.clone(), Arc::clone(&queue), &stop);
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    let wanted = before.received + u64::from(args.letters);
    let bar = output::bar("routing", u64::from(args.letters));
    let watch = async {
        loop {
            let asked = Instant::now();
            let tally = store.tally().await?;
            // Counting a store with many letters takes its time, which is not the pipeline's.
            let pause = (asked.elapsed() * SHARE_OF_COUNTING).max(Duration::from_millis(50));
            bar.set_position(tally.received - before.received);
            if tally.received >= wanted && tally.routed == 0 || begun.elapsed() > LIMIT {
                break;
            }
            stop.sleep(pause).await;
        }
        let seconds = begun.elapsed().as_secs_f64();
        stopper.stop();
        anyhow::Ok(seconds)
    };
    let (worked, seconds) = tokio::join!(work, watch);
    worked?;
    let seconds = seconds?;
    bar.finish_and_clear();
    let after = store.tally().await?;
    queue.shutdown().await?;
    let pipeline_per_second = f64::from(args.letters) / seconds;
    let report = Report {
        letters: args.letters,
        bytes_each,
        queue: config.queue.kind.to_string(),
        store: config.store.to_string(),
        relay_per_second: relay,
        pipeline_per_second,
        ratio: relay.map(|relay| pipeline_per_second / relay),
        routed_automatically: after.delivered - before.delivered,
        cpu_seconds_per_second: (cpu_seconds() - cpu) / seconds,
        peak_memory_mib: peak_memory_mib(),
    };
    // Mailboxes of invented letters: nobody wants them afterwards.
    std::fs::remove_dir_all(&data)
        .with_context(|| format!("{} cannot be removed", data.display()))?;
    print(&report, args.output.json)
}

/// Queue and store as configured, everything else as in the demo, queues under a name of their own.
fn measured(path: &Path, data: &Path) -> anyhow::Result<Config> {
    let configured = wiring::load(path)?;
    std::fs::create_dir_all(data).with_context(|| format!("{} cannot be made", data.display()))?;
    let mut config = config::demo(data);
    config.store = configured.store;
    config.queue = configured.queue;
    config.queue.prefix = format!("postbud-bench-{}", std::process::id());
    Ok(config)
}

async fn publish(queue: &Arc<dyn Queue>, letters: &[Bytes], config: &Config) -> anyhow::Result<()> {
    let bar = output::bar("publishing", letters.len() as u64);
    for group in letters.chunks(256) {
        let messages = group
            .iter()
            .map(|raw| Message {
                id: read(raw, &config.limits).id.to_string(),
                body: Body::Inline(raw.clone()),
            })
            .collect();
        queue.publish(messages).await?;
        bar.inc(group.len() as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

/// Different letters of about `bytes` each: the text of a real one, and an annex up to the size.
fn letters(count: u32, bytes: usize) -> Vec<Bytes> {
    let lines: Vec<Line> = LETTERS.lines().filter_map(|text| Line::parse(text).ok()).collect();
    let run = std::process::id();
    (0..count as usize)
        .map(|number| {
            let line = &lines[number % lines.len()];
            let text = line.text();
            let annex = bytes.saturating_sub(text.1.len() + 600);
            let body = format!("{}\n\n> {}", text.1, "gammel tekst ".repeat(annex / 13));
            let id = format!("bench {run} {number}");
            Draft::new(&id, Channel::Email, text.0, &body, 1_767_600_000_000).to_bytes().into()
        })
        .collect()
}

/// Processor time of this process so far, user and system, in seconds.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Fields 14 and 15, counted from the name in parentheses on; in clock ticks of 10 ms.
    let ticks = |n: usize| -> f64 {
        let after = stat.rsplit(')').next().unwrap_or_default();
        after.split_whitespace().nth(n).and_then(|field| field.parse().ok()).unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_memory_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

fn print(report: &Report, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(report);
    }
    let row = |name: &str, figure: String| (name.to_owned(), figure, String::new());
    let mut rows = vec![
        row("letters", format!("{} of {} bytes", report.letters, report.bytes_each)),
        row("queue", report.queue.clone()),
        row("store", report.store.clone()),
    ];
    if let Some(relay) = report.relay_per_second {
        rows.push(row(
            "bare relay (consume, publish confirmed, ack)",
            format!("{relay:.0} a second"),
        ));
    }
    rows.push(row(
        "Postbud, everything durable",
        format!("{:.0} a second", report.pipeline_per_second),
    ));
    if let Some(ratio) = report.ratio {
        rows.push(row("share of the relay", format!("{ratio:.3}")));
    }
    rows.push(row(
        "delivered to Maildirs, the rest in review",
        report.routed_automatically.to_string(),
    ));
    rows.push(row("processors used by Postbud", format!("{:.2}", report.cpu_seconds_per_second)));
    rows.push(row("peak memory of Postbud", format!("{:.0} MiB", report.peak_memory_mib)));
    output::line(&output::figures(&rows))
}
