//! The servers that some tests need, and how the tests find them.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use postbud_testkit::{PostgresServer, RabbitServer};

use crate::install::ensure_servers;

pub(crate) const AMQP: &str = "POSTBUD_TEST_AMQP";
pub(crate) const POSTGRES: &str = "POSTBUD_TEST_POSTGRES";

/// Servers that are stopped when this is dropped, and when the process is killed.
pub(crate) struct Servers {
    rabbit: RabbitServer,
    postgres: PostgresServer,
}

impl Servers {
    pub(crate) fn start(install: bool) -> Result<Self> {
        ensure_servers(install)?;
        println!("starting a private RabbitMQ and a private PostgreSQL");
        let rabbit = thread::spawn(RabbitServer::start);
        let postgres = PostgresServer::start()?;
        let rabbit = rabbit.join().map_err(|_| anyhow::anyhow!("starting RabbitMQ panicked"))??;
        Ok(Self { rabbit, postgres })
    }

    /// Copies what the servers wrote down into `folder`.
    pub(crate) fn keep_logs(&self, folder: &Path) -> Result<()> {
        for (name, log) in [("rabbitmq", self.rabbit.log()), ("postgresql", self.postgres.log())] {
            let to = folder.join(format!("{name}.log"));
            fs::copy(&log, to).with_context(|| format!("copy {}", log.display()))?;
        }
        Ok(())
    }

    /// The variables through which tests find them.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        [(AMQP, self.rabbit.url()), (POSTGRES, self.postgres.url())]
    }
}

/// Starts the servers, prints their addresses and keeps them until the process is ended.
pub(crate) fn serve(install: bool) -> Result<()> {
    let servers = Servers::start(install)?;
    for (name, value) in servers.variables() {
        println!("export {name}={value}");
    }
    println!("# running until Ctrl-C");
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}
