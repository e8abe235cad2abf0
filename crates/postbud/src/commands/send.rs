//! `postbud send`: letters from files to the queue.

use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use postbud_letter::{Limits, read};
use postbud_pipeline::ports::{Body, Message, Queue, Store, Timestamp};
use postbud_store::SqlStore;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::cli::SendArgs;
use crate::exit::{self, Failure};
use crate::input::{self, Input};
use crate::{output, telemetry, wiring};

/// Larger letters go into the store, and the queue carries a reference.
const INLINE_BYTES: usize = 1 << 20;
/// Messages are published in groups of at most this many.
const GROUP: usize = 64;

/// What was sent and what was not.
#[derive(Serialize)]
struct Report {
    sent: usize,
    refused: Vec<Refused>,
}

#[derive(Serialize)]
struct Refused {
    file: String,
    reason: String,
}

/// Sends every letter it can and says which it could not.
pub(crate) async fn run(args: &SendArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let store = wiring::store(&config).await?;
    let queue = wiring::queue(&config, &store).await?;
    let spans = wiring::spans(&config, "send")?;
    let queue = wiring::traced(queue, spans.as_ref());
    // Files are read while others are on their way, never more than a few ahead.
    let (inputs, mut arriving) = mpsc::channel::<Input>(4);
    let (files, limits) = (args.files.clone(), config.limits.clone());
    let reader = tokio::task::spawn_blocking(move || {
        input::letters(&files, &limits, &mut |input| {
            // The receiver is gone only when sending failed; there is nobody to tell.
            let _ = inputs.blocking_send(input);
        });
    });
    let bar = output::bar("sending", 0);
    let mut report = Report { sent: 0, refused: Vec::new() };
    let mut sender = Sender {
        store,
        queue: Arc::clone(&queue),
        limits: config.limits.clone(),
        group: Vec::new(),
    };
    while let Some(input) = arriving.recv().await {
        match input.raw {
            Ok(raw) => {
                sender.add(raw).await.context("sending stopped; send the same files again, what arrived already is recognised")?;
                report.sent += 1;
            }
            Err(reason) => {
                bar.suspend(|| eprintln!("{} {reason}", input.name));
                report.refused.push(Refused { file: input.name, reason });
            }
        }
        bar.inc_length(1);
        bar.inc(1);
    }
    sender.flush().await.context(
        "sending stopped; send the same files again, what arrived already is recognised",
    )?;
    reader.await.context("the reader of the files failed")?;
    bar.finish_and_clear();
    wiring::finish(spans).await;
    queue.shutdown().await.context("the queue did not close in order; everything was sent")?;
    print(&report, args.output.json)
}

fn print(report: &Report, json: bool) -> anyhow::Result<()> {
    if json {
        output::json(report)?;
    } else {
        output::line(&format!("{} letters sent, {} refused", report.sent, report.refused.len()))?;
    }
    if report.refused.is_empty() && report.sent > 0 {
        return Ok(());
    }
    let message = if report.sent == 0 && report.refused.is_empty() {
        "there was no letter to send".to_owned()
    } else {
        format!("{} could not be sent; each is named above", report.refused.len())
    };
    Err(Failure::new(exit::FAILED, message).into())
}

/// Publishes letters in groups; large ones by way of the store.
pub(crate) struct Sender {
    pub(crate) store: SqlStore,
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) limits: Limits,
    pub(crate) group: Vec<Message>,
}

impl Sender {
    /// Takes a letter; it is durable after the next [`Sender::flush`].
    pub(crate) async fn add(&mut self, raw: Bytes) -> anyhow::Result<()> {
        let id = read(&raw, &self.limits).id.to_string();
        let body = if raw.len() > INLINE_BYTES {
            Body::Stored(self.store.put_raw(raw, Timestamp::now()).await?)
        } else {
            Body::Inline(raw)
        };
        self.group.push(Message { body, id });
        if self.group.len() >= GROUP { self.flush().await } else { Ok(()) }
    }

    /// Publishes what was taken; returns when all of it is durable.
    pub(crate) async fn flush(&mut self) -> anyhow::Result<()> {
        if !self.group.is_empty() {
            self.queue.publish(std::mem::take(&mut self.group)).await?;
        }
        Ok(())
    }
}
