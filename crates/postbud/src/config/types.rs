//! What `postbud.toml` says, checked and with every default filled in.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use postbud_decide::{Lang, MailboxId, Settings};
use postbud_extract::Budget;
use postbud_letter::Limits;
use postbud_pipeline::Terms;
use postbud_trace::TraceOptions;

use super::clamd::Clamd;
use super::desk::Desk;
use super::intake::Intake;
use super::keys::Keys;
use super::outlets::{Certificates, Outlet, Sf2900, Webhook};
use super::privacy::Privacy;
use super::retrain::Retrain;
use super::secret::Secret;

/// A checked configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where letters and decisions are kept.
    pub(crate) store: Store,
    /// Under which keys letters lie encrypted; `None`: in plain.
    pub(crate) store_keys: Option<Keys>,
    /// Where letters come from.
    pub(crate) queue: Queue,
    /// A model file, or a directory with versions of a model.
    pub(crate) model: PathBuf,
    /// What automatic routing promises.
    pub(crate) promise: Promise,
    /// How letters leave.
    pub(crate) delivery: Delivery,
    /// How much of a letter is read.
    pub(crate) limits: Limits,
    /// How much reading documents may cost; `None` when they are not read.
    pub(crate) documents: Option<Budget>,
    /// The malware scanner; `None` when nobody looks for malware.
    pub(crate) clamd: Option<Clamd>,
    /// How letters come beside the queue; `None` when they only come by queue.
    pub(crate) intake: Option<Intake>,
    /// Whose data is kept, and how long.
    pub(crate) privacy: Privacy,
    /// How new models come about.
    pub(crate) retrain: Retrain,
    /// Where people decide; `None` when this installation serves no desk.
    pub(crate) desk: Option<Desk>,
    /// Where metrics and health are served; `None`: nowhere.
    pub(crate) metrics: Option<SocketAddr>,
    /// Where the traces of letters go; `None`: nowhere.
    pub(crate) traces: Option<TraceOptions>,
    /// How Postbud logs.
    pub(crate) log: Log,
    /// Mailboxes, rules and the must-not-miss limit.
    pub(crate) settings: Settings,
}

/// `[store]`.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    /// A file on this machine.
    Sqlite {
        /// The database file.
        path: PathBuf,
    },
    /// A server.
    Postgres {
        /// Its URL, with the password when there is one.
        url: Address,
    },
}

/// `[queue]`.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    /// Which queue.
    pub(crate) kind: QueueKind,
    /// The broker's certificates, for `amqps`.
    pub(crate) certificates: Certificates,
    /// What the names of queues and exchanges begin with.
    pub(crate) prefix: String,
    /// How many letters are on their way at once.
    pub(crate) prefetch: u16,
    /// How often a letter is tried before it goes to the dead letters.
    pub(crate) attempts: u32,
    /// How long a letter rests between two attempts.
    pub(crate) retry_delay: Duration,
}

/// Which queue.
#[derive(Debug, Clone)]
pub(crate) enum QueueKind {
    /// The one that is built in; it lies in the store's database.
    Embedded,
    /// RabbitMQ.
    Amqp {
        /// The broker's URL, with the password when there is one.
        url: Address,
    },
}

/// `[promise]`, without `must_not_miss_probability`, which is part of [`Settings`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Promise {
    /// At most this share of the letters routed automatically may go wrong.
    pub(crate) target_error: f64,
    /// How sure to be of that.
    pub(crate) confidence: f64,
}

/// `[delivery]`.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// How often a delivery is tried before the letter goes to a person.
    pub(crate) attempts: u32,
    /// How long the first pause is; each further one is twice as long.
    pub(crate) first_retry: Duration,
    /// The longest pause.
    pub(crate) longest_retry: Duration,
    /// The domain of the Message-IDs that Postbud makes.
    pub(crate) domain: String,
    /// The language of what caseworkers read.
    pub(crate) language: Lang,
    /// The mail server, when a mailbox is reached by mail.
    pub(crate) smtp: Option<Smtp>,
    /// Specialist systems over HTTPS, when a mailbox may be one.
    pub(crate) webhook: Option<Webhook>,
    /// How letters are handed over by KLE subject; `None` when `[delivery.sf2900]` is not there.
    pub(crate) sf2900: Option<Sf2900>,
    /// The broker with the mailboxes' queues, when there is one.
    pub(crate) queue: Option<Outlet>,
    /// Mailboxes for which other terms hold.
    pub(crate) terms: Vec<(MailboxId, Terms)>,
}

/// `[delivery.smtp]`.
#[derive(Debug, Clone)]
pub(crate) struct Smtp {
    /// The server's name.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
    /// How the connection is encrypted.
    pub(crate) tls: Tls,
    /// Authorities to trust beside those of the operating system.
    pub(crate) ca: Option<PathBuf>,
    /// Who Postbud is to the server.
    pub(crate) login: Option<Login>,
    /// The envelope sender, which receives bounces.
    pub(crate) from: String,
    /// How long one delivery may take.
    pub(crate) timeout: Duration,
    /// How many connections at once.
    pub(crate) connections: u32,
}

/// A user and a password.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    /// The user.
    pub(crate) user: String,
    /// The password.
    pub(crate) password: Secret,
}

/// How a mail connection is encrypted.
#[expect(clippy::enum_variant_names, reason = "the words that the configuration uses")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tls {
    /// Plain at first, encrypted before anything is said; refused when the server cannot.
    StartTls,
    /// Encrypted from the first byte.
    Tls,
    /// Not at all.
    None,
}

/// `[log]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Log {
    /// For people or for programs.
    pub(crate) format: LogFormat,
    /// How much.
    pub(crate) level: LogLevel,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogLevel {
    /// What needs someone.
    Error,
    /// And what may soon.
    Warn,
    /// And what happened.
    Info,
    /// And how.
    Debug,
    /// And everything else.
    Trace,
}

impl LogLevel {
    /// The word that `tracing` and the configuration use.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// The URL of a server. Shown without its password.
#[derive(Clone)]
pub(crate) struct Address {
    shown: String,
    full: Secret,
}

impl Address {
    pub(super) fn new(shown: String, full: Secret) -> Self {
        Self { shown, full }
    }

    /// The URL with its password, for the library that connects. Never print it.
    pub(crate) fn expose(&self) -> &str {
        self.full.expose()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.shown)
    }
}

impl Store {
    /// The URL for the library that connects: `sqlite:PATH` or `postgres://…`. Never print it.
    pub(crate) fn expose(&self) -> String {
        match self {
            Self::Sqlite { path } => format!("sqlite:{}", path.display()),
            Self::Postgres { url } => url.expose().to_owned(),
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => write!(f, "sqlite:{}", path.display()),
            Self::Postgres { url } => url.fmt(f),
        }
    }
}

impl fmt::Display for QueueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("embedded"),
            Self::Amqp { url } => url.fmt(f),
        }
    }
}
