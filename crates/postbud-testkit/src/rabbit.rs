//! A private RabbitMQ node.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::authority::{Authority, Issued};
use crate::find::{program, rabbit_programs};
use crate::process::{Process, Task, run, wait_until_ready};
use crate::{folder, port};

const START: Duration = Duration::from_secs(120);
const STOP: Duration = Duration::from_secs(60);
const CONTROL: Duration = Duration::from_secs(60);

/// The log of a quorum queue is written to disk before a message is confirmed, as always; only the
/// size of its files is made fit for a test. Erlang's schedulers do not spin while idle.
const CONFIG: &str = "\
raft.wal_max_size_bytes = 64000000
disk_free_limit.absolute = 50MB
log.file = false
log.console = true
log.console.level = info
";
const ERLANG: &str = "-kernel inet_dist_use_interface {127,0,0,1} \
+sbwt none +sbwtdcpu none +sbwtdio none";

/// Clients that show a certificate must show a good one, and may be known by its common name alone.
const TLS_CONFIG: &str = "\
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = false
ssl_cert_login_from = common_name
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = AMQPLAIN
auth_mechanisms.3 = EXTERNAL
";

/// A broker on a free port, with the user `guest`.
pub struct RabbitServer {
    // In this order they are dropped: the folder goes when nobody writes into it any more.
    node: Option<Process>,
    mapper: Option<Process>,
    dir: TempDir,
    programs: PathBuf,
    port: u16,
    tls_port: Option<u16>,
    distribution_port: u16,
    mapper_port: u16,
}

impl RabbitServer {
    /// Is RabbitMQ on this machine?
    #[must_use]
    pub fn installed() -> bool {
        rabbit_programs().is_some()
    }

    /// Starts a broker and waits until it answers.
    ///
    /// # Errors
    /// When RabbitMQ is not there or does not start; with the end of its log.
    pub fn start() -> Result<Self> {
        port::launch(|| Self::start_once(None))
    }

    /// The same, which also speaks TLS with a certificate of this authority, and knows clients with
    /// such a certificate by its common name (SASL EXTERNAL).
    ///
    /// # Errors
    /// As [`start`](Self::start), or when no certificate can be made.
    pub fn start_tls(authority: &Authority) -> Result<Self> {
        let own = authority.issue("localhost")?;
        port::launch(|| Self::start_once(Some((authority, &own))))
    }

    fn start_once(tls: Option<(&Authority, &Issued)>) -> Result<Self> {
        let programs = rabbit_programs()
            .context("RabbitMQ is missing: install it (Debian: apt-get install rabbitmq-server)")?;
        let dir = folder::private("rabbitmq")?;
        let tls_port = tls.map(|_| port::free_port()).transpose()?;
        let (config, plugins) = match (tls, tls_port) {
            (Some((authority, own)), Some(port)) => (
                format!(
                    "{CONFIG}{TLS_CONFIG}listeners.ssl.1 = 127.0.0.1:{port}\n\
                     ssl_options.cacertfile = {}\nssl_options.certfile = {}\nssl_options.keyfile = {}\n",
                    text(&authority.ca()),
                    text(&own.certificate),
                    text(&own.key)
                ),
                "[rabbitmq_auth_mechanism_ssl].\n",
            ),
            _ => (CONFIG.to_owned(), "[].\n"),
        };
        fs::write(dir.path().join("rabbitmq.conf"), config)?;
        fs::write(dir.path().join("enabled_plugins"), plugins)?;
        fs::write(dir.path().join("environment"), "")?;
        let mut server = Self {
            programs,
            dir,
            port: port::free_port()?,
            tls_port,
            distribution_port: port::free_port()?,
            mapper_port: port::free_port()?,
            mapper: None,
            node: None,
        };
        server.launch()?;
        Ok(server)
    }

    /// What the server writes down.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.dir.path().join("log.txt")
    }

    /// The address for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}", self.port)
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port it listens on for TLS, if it does.
    #[must_use]
    pub fn tls_port(&self) -> Option<u16> {
        self.tls_port
    }

    /// Stops it as an operator would (if it runs) and starts it again, same port, same data.
    ///
    /// # Errors
    /// When it does not stop or start; with the end of its log.
    pub fn restart(&mut self) -> Result<()> {
        if let Some(mut node) = self.node.take() {
            node.stop(Signal::SIGTERM, STOP)?;
        }
        self.launch()
    }

    /// Kills it with signal 9. [`restart`](Self::restart) brings it back.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn kill_dash_nine(&mut self) -> Result<()> {
        match self.node.take() {
            Some(mut node) => node.stop(Signal::SIGKILL, STOP),
            None => Ok(()),
        }
    }

    /// Freezes it: connections stay open and nothing answers.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn freeze(&mut self) -> Result<()> {
        self.node.as_mut().map_or(Ok(()), |node| node.signal(Signal::SIGSTOP))
    }

    /// Ends a [`freeze`](Self::freeze).
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn thaw(&mut self) -> Result<()> {
        self.node.as_mut().map_or(Ok(()), |node| node.signal(Signal::SIGCONT))
    }

    /// Runs `rabbitmqctl` and returns what it prints. Takes a second or two.
    ///
    /// # Errors
    /// When it fails; with what it printed.
    pub fn control(&self, args: &[&str]) -> Result<String> {
        let mut task = self.task(self.programs.join("rabbitmqctl"));
        task.args =
            ["-q", "-n", &self.node_name()].iter().chain(args).map(ToString::to_string).collect();
        run(&mut task.command(false), CONTROL)
    }

    /// Makes the broker close every connection that clients have.
    ///
    /// # Errors
    /// When `rabbitmqctl` fails.
    pub fn close_all_connections(&self) -> Result<()> {
        self.control(&["close_all_connections", "a test closes them"]).map(drop)
    }

    fn launch(&mut self) -> Result<()> {
        let log = self.dir.path().join("log.txt");
        if self.mapper.is_none() {
            let epmd = program("epmd").ok_or_else(|| anyhow!("Erlang's epmd is missing"))?;
            let mut task = self.task(epmd);
            task.args = ["-address", "127.0.0.1", "-port", &self.mapper_port.to_string()]
                .map(str::to_owned)
                .to_vec();
            self.mapper = Some(Process::spawn(&task, self.dir.path(), &log)?);
        }
        let server = self.task(self.programs.join("rabbitmq-server"));
        let mut node = Process::spawn(&server, self.dir.path(), &log)?;
        let port = self.port;
        wait_until_ready(&mut node, &log, START, || answers(port))?;
        self.node = Some(node);
        Ok(())
    }

    fn node_name(&self) -> String {
        format!("postbud{}@localhost", self.port)
    }

    fn task(&self, program: PathBuf) -> Task<'static> {
        let dir = self.dir.path();
        let file = |name: &str| text(&dir.join(name));
        let envs = [
            ("HOME", text(dir)),
            ("RABBITMQ_NODENAME", self.node_name()),
            ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".to_owned()),
            ("RABBITMQ_NODE_PORT", self.port.to_string()),
            ("RABBITMQ_DIST_PORT", self.distribution_port.to_string()),
            ("RABBITMQ_BASE", text(dir)),
            ("RABBITMQ_MNESIA_BASE", file("data")),
            ("RABBITMQ_LOG_BASE", file("log")),
            ("RABBITMQ_PID_FILE", file("pid")),
            ("RABBITMQ_CONFIG_FILE", file("rabbitmq.conf")),
            ("RABBITMQ_CONF_ENV_FILE", file("environment")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", file("enabled_plugins")),
            ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", ERLANG.to_owned()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".to_owned()),
            ("ERL_EPMD_PORT", self.mapper_port.to_string()),
            // Makes the start script become the node instead of watching over it.
            ("RUNNING_UNDER_SYSTEMD", "true".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
        ];
        let envs = envs.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Task { program, args: Vec::new(), envs, user: None }
    }
}

/// Does a broker answer the first words of the protocol?
fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return false;
    };
    let patience = Some(Duration::from_secs(2));
    let mut first = [0];
    stream.set_read_timeout(patience).is_ok()
        && stream.write_all(b"AMQP\x00\x00\x09\x01").is_ok()
        && stream.read_exact(&mut first).is_ok()
        && first == [1]
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
