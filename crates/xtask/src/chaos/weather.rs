//! The network between the worker and its servers: cut, silent, late, narrow.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use postbud_testkit::{Proxy, Weather};

use super::place::Addresses;
use super::stage::{PATIENCE, Stage};

/// Twice the deadline of a single call.
const NOTHING_STUCK: Duration = Duration::from_secs(20);

/// Between worker and RabbitMQ.
pub(super) fn broker(stage: &mut Stage<'_>) -> Result<()> {
    let proxy = Proxy::start(stage.campaign.rabbit.port())?;
    let postgres_port = stage.campaign.postgres.port();
    stage.through(&Addresses { amqp_port: proxy.port(), postgres_port })?;
    changes(stage, &proxy)
}

/// Between worker and PostgreSQL.
pub(super) fn database(stage: &mut Stage<'_>) -> Result<()> {
    let proxy = Proxy::start(stage.campaign.postgres.port())?;
    let amqp_port = stage.campaign.rabbit.port();
    stage.through(&Addresses { amqp_port, postgres_port: proxy.port() })?;
    changes(stage, &proxy)
}

fn changes(stage: &mut Stage<'_>, proxy: &Proxy) -> Result<()> {
    let load = stage.flow()?;
    let mut worker = stage.worker(None)?;
    worker.at_work(PATIENCE)?;
    let kinds = [
        Weather::Cut,
        Weather::Silent,
        Weather::Late(Duration::from_millis(200)),
        Weather::Narrow(1_000),
    ];
    let short = stage.campaign.short;
    loop {
        for weather in kinds {
            proxy.set(weather);
            if short {
                thread::sleep(Duration::from_secs(2));
            } else {
                stage.sleep(2_000..25_000);
            }
            proxy.set(Weather::Clear);
            stage.faults += 1;
            let back = worker.delivers_again(PATIENCE)?;
            stage.recovered(back, NOTHING_STUCK);
        }
        if !stage.goes_on() {
            break;
        }
    }
    stage.notes.push(format!("{} connections", proxy.accepted()));
    // In order, and through the same network: nothing may be stuck.
    worker.terminate(Duration::from_secs(10))?;
    stage.end_flow(load)?;
    stage.through(&Addresses {
        amqp_port: stage.campaign.rabbit.port(),
        postgres_port: stage.campaign.postgres.port(),
    })
}
