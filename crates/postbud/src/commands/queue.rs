//! `postbud queue`: how much waits where, dead letters, and sending them again.

use std::sync::Arc;

use anyhow::Context;
use postbud_pipeline::ports::{Access, DeadLetter, Desk as _, Queue, Timestamp};
use postbud_pipeline::replay_slowly;
use serde_json::json;

use crate::cli::{
    ConfigArgs, QueueArgs, QueueCommand, QueueDeadArgs, QueueDepthArgs, QueueReplayArgs,
};
use crate::exit::{self, Failure};
use crate::{output, telemetry, wiring};

/// More dead letters of one id than this are sent again in several calls.
const REPLAY_MAX: usize = 1_000_000;

/// Does what was asked.
pub(crate) async fn run(args: &QueueArgs) -> anyhow::Result<()> {
    match &args.command {
        QueueCommand::Depth(args) => depth(args).await,
        QueueCommand::Dead(args) => dead(args).await,
        QueueCommand::Replay(args) => replay(args).await,
    }
}

async fn open(args: &ConfigArgs) -> anyhow::Result<Arc<dyn Queue>> {
    let config = wiring::installation(args)?;
    telemetry::start(config.log.format, "warn");
    let store = wiring::store(&config).await?;
    wiring::queue(&config, &store).await
}

async fn depth(args: &QueueDepthArgs) -> anyhow::Result<()> {
    let queue = open(&args.config).await?;
    let depth = queue.depth().await?;
    queue.shutdown().await?;
    if args.output.json {
        return output::json(&json!({
            "waiting": depth.waiting, "retrying": depth.retrying, "dead": depth.dead,
        }));
    }
    let row = |name: &str, count: u64| (name.to_owned(), count.to_string(), String::new());
    output::line(&output::figures(&[
        row("waiting", depth.waiting),
        row("waiting for their next attempt", depth.retrying),
        row("dead", depth.dead),
    ]))
}

async fn dead(args: &QueueDeadArgs) -> anyhow::Result<()> {
    let queue = open(&args.config).await?;
    let dead = queue.dead(args.limit as usize).await?;
    queue.shutdown().await?;
    if args.output.json {
        let rows: Vec<_> = dead.iter().map(document).collect();
        return output::json(&json!({ "dead": rows }));
    }
    let words = output::words(output::lang(args.output.lang));
    if dead.is_empty() {
        return output::line(words.no_dead);
    }
    let rows = dead
        .iter()
        .map(|dead| {
            vec![
                dead.id.clone(),
                dead.attempts.to_string(),
                dead.bytes.to_string(),
                dead.reason.clone(),
            ]
        })
        .collect();
    let header = [words.letter, words.attempts, words.bytes, words.reason];
    output::line(&output::table(&header, &[1, 2], rows))?;
    output::line(
        "\nWhen the cause is mended: postbud queue replay ID, or postbud queue replay --all",
    )
}

fn document(dead: &DeadLetter) -> serde_json::Value {
    json!({
        "id": dead.id,
        "reason": dead.reason,
        "attempts": dead.attempts,
        "bytes": dead.bytes,
        "at": dead.at,
    })
}

async fn replay(args: &QueueReplayArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let store = wiring::store(&config).await?;
    let queue = wiring::queue(&config, &store).await?;
    // Before it is done, so that nothing is done of which there is no trace.
    let access = Access {
        at: Timestamp::now(),
        by: args.by.clone(),
        letter: args.id.clone().unwrap_or_else(|| "all dead letters".to_owned()),
        why: "replay".to_owned(),
    };
    store.log_access(&access).await.context("who replays what cannot be written down")?;
    let replayed = match &args.id {
        Some(id) => queue.replay(Some(id), REPLAY_MAX).await,
        None => replay_slowly(&*queue, args.per_second, |_| ()).await,
    };
    let replayed = replayed.context("some may be back on the queue already; none is lost")?;
    queue.shutdown().await?;
    if args.output.json {
        output::json(&json!({ "replayed": replayed }))?;
    } else {
        output::line(&format!("{replayed} letters are back on the queue"))?;
    }
    match &args.id {
        Some(id) if replayed == 0 => {
            let message = format!("there is no dead letter {id}; `postbud queue dead` lists them");
            Err(Failure::new(exit::FAILED, message).into())
        }
        _ => Ok(()),
    }
}
