//! From a configuration to running parts: the one place where adapters meet the application.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use postbud_deliver::{DeliverOptions, Deliverer, SmtpOptions, SmtpTls};
use postbud_pipeline::ports::{Classifier, Documents, Queue};
use postbud_pipeline::{
    AllTerms, DispatcherOptions, Keyed, NotMine, RetryPolicy, RouterOptions, SECRET_BYTES, Steps,
};
use postbud_queue::{RabbitOptions, RabbitQueue};
use postbud_store::{EmbeddedOptions, EmbeddedQueue, SqlStore, StoreOptions};
use postbud_trace::{Spans, TracedQueue};

use crate::cli::ConfigArgs;
use crate::config::{self, Config, QueueKind, Tls};
use crate::exit::{self, Failure};
use crate::keys;
use crate::outlets;
use crate::scanner;

/// Reads a configuration; its warnings go to standard error.
pub(crate) fn load(path: &Path) -> anyhow::Result<Config> {
    let (config, warnings) = config::load(path)
        .map_err(|report| Failure::new(exit::CONFIGURATION, report.to_string()))?;
    for warning in warnings {
        eprintln!("{}: {warning}", path.display());
    }
    Ok(config)
}

/// The installation a command works on: the file it names, else ./postbud.toml, else the demo
/// that was run in this folder.
pub(crate) fn installation(args: &ConfigArgs) -> anyhow::Result<Config> {
    if let Some(path) = &args.config {
        return load(path);
    }
    let here = Path::new("postbud.toml");
    if here.exists() {
        return load(here);
    }
    let demo = PathBuf::from("postbud-data");
    if demo.is_dir() {
        return Ok(config::demo(&demo));
    }
    Err(Failure::new(
        exit::CONFIGURATION,
        "there is no ./postbud.toml and no demo in ./postbud-data\n\
         name a configuration with --config, write one with `postbud init`, or run `postbud demo` first",
    )
    .into())
}

/// Opens the store.
pub(crate) async fn store(config: &Config) -> anyhow::Result<SqlStore> {
    let mut options = StoreOptions::new(config.store.expose());
    options.keys = keys::load(config).await?;
    postbud_store::open(&options).await.context("the store cannot be opened")
}

/// Opens the queue.
pub(crate) async fn queue(config: &Config, store: &SqlStore) -> anyhow::Result<Arc<dyn Queue>> {
    match &config.queue.kind {
        QueueKind::Embedded => Ok(Arc::new(embedded(config, store))),
        QueueKind::Amqp { url } => {
            let rabbit = RabbitQueue::connect(rabbit_options(config, url.expose()))
                .await
                .context("the queue cannot be opened")?;
            Ok(Arc::new(rabbit))
        }
    }
}

/// Starts to keep the traces of letters, where the configuration wants them. `part` is what this
/// process runs.
pub(crate) fn spans(config: &Config, part: &'static str) -> anyhow::Result<Option<Arc<Spans>>> {
    let spans = config.traces.as_ref().map(|traces| Spans::start(traces, part)).transpose();
    spans.context("traces cannot be kept; look at [traces]")
}

/// The queue, with its letters' traces where they are kept.
pub(crate) fn traced(queue: Arc<dyn Queue>, spans: Option<&Arc<Spans>>) -> Arc<dyn Queue> {
    match spans {
        Some(spans) => Arc::new(TracedQueue::new(queue, Arc::clone(spans))),
        None => queue,
    }
}

/// Sends the last spans.
pub(crate) async fn finish(spans: Option<Arc<Spans>>) {
    if let Some(spans) = spans {
        spans.finish().await;
    }
}

fn embedded(config: &Config, store: &SqlStore) -> EmbeddedQueue {
    let options = EmbeddedOptions {
        attempts: config.queue.attempts,
        retry_delay_ms: millis(config.queue.retry_delay),
        ..EmbeddedOptions::default()
    };
    EmbeddedQueue::new(store.clone(), options)
}

/// How the broker at `url` is used.
pub(crate) fn rabbit_options(config: &Config, url: &str) -> RabbitOptions {
    RabbitOptions {
        prefix: config.queue.prefix.clone(),
        prefetch: config.queue.prefetch,
        attempts: config.queue.attempts,
        retry_delay_ms: u32::try_from(config.queue.retry_delay.as_millis()).unwrap_or(u32::MAX),
        url: url.to_owned(),
        trace_share: config.traces.as_ref().map_or(0.0, |traces| traces.share),
        certificates: outlets::files(&config.queue.certificates),
        ..RabbitOptions::default()
    }
}

/// The steps of a letter, with the configured model or another one, and with what reads documents.
pub(crate) fn steps(
    config: &Config,
    classifier: Arc<dyn Classifier>,
    documents: Option<Arc<dyn Documents>>,
) -> Steps {
    let steps = Steps::new(config.limits.clone(), config.settings.clone(), classifier);
    let steps = match documents {
        Some(documents) => steps.with_documents(documents),
        None => steps,
    };
    match scanner::scanner(config) {
        Some(scanner) => steps.with_scanner(scanner),
        None => steps,
    }
}

/// What brings letters to their mailboxes.
pub(crate) fn deliverer(config: &Config) -> anyhow::Result<Deliverer> {
    let smtp = config.delivery.smtp.as_ref();
    let smtp = smtp.map(|smtp| SmtpOptions {
        ca: smtp.ca.clone(),
        port: smtp.port,
        tls: match smtp.tls {
            Tls::StartTls => SmtpTls::Starttls,
            Tls::Tls => SmtpTls::Tls,
            Tls::None => SmtpTls::None,
        },
        user: smtp.login.as_ref().map(|login| login.user.clone()),
        password: smtp.login.as_ref().map(|login| login.password.expose().to_owned()),
        timeout_ms: u64::try_from(smtp.timeout.as_millis()).unwrap_or(u64::MAX),
        connections: smtp.connections,
        ..SmtpOptions::new(&smtp.host, &smtp.from)
    });
    let options = DeliverOptions {
        mailboxes: config.settings.mailboxes.clone(),
        smtp,
        domain: config.delivery.domain.clone(),
        language: config.delivery.language,
        letter_limits: config.limits.clone(),
        not_mine: not_mine(config)?,
        webhook: outlets::webhook(config),
        sf2900: outlets::sf2900(config),
        queue_letter_bytes: config.delivery.queue.as_ref().map_or(0, |queue| queue.letter_bytes),
    };
    let deliverer = Deliverer::new(options)
        .map_err(|error| Failure::new(exit::CONFIGURATION, error.to_string()))?;
    Ok(match outlets::queues(config)? {
        Some(queues) => deliverer.with_outlet(queues),
        None => deliverer,
    })
}

/// The links with which mailboxes send letters back, where the desk has an address and a key.
pub(crate) fn not_mine(config: &Config) -> anyhow::Result<Option<NotMine>> {
    let Some(links) = config.desk.as_ref().and_then(|desk| desk.checks.links.as_ref()) else {
        return Ok(None);
    };
    let path = links.key_file.display();
    let failure = |what: String| Failure::new(exit::CONFIGURATION, what);
    let secret = std::fs::read(&links.key_file)
        .map_err(|error| failure(format!("key_file in [desk] cannot be read: {path}: {error}")))?;
    let keyed = Keyed::new(secret.trim_ascii()).ok_or_else(|| {
        failure(format!(
            "the key in {path} is too short: put at least {SECRET_BYTES} random bytes there, for \
             instance with `openssl rand -hex 32 > {path}`"
        ))
    })?;
    Ok(Some(NotMine::new(keyed, &links.url)))
}

/// How the router works under this configuration.
pub(crate) fn router_options(config: &Config) -> RouterOptions {
    let prefetch = usize::from(config.queue.prefetch);
    let batch = (prefetch / 2).clamp(1, 64);
    // The rest is for letters that need no reader.
    let aside = (prefetch * 3 / 4).max(1);
    let usual = RouterOptions::default();
    let steps_deadline = steps_deadline().unwrap_or(usual.steps_deadline);
    let readers = config.documents.as_ref().map_or(1, |documents| documents.workers);
    RouterOptions { batch, aside, readers, steps_deadline, ..usual }
}

/// How long reading and deciding may take for a small letter, where the environment says so.
fn steps_deadline() -> Option<Duration> {
    let seconds: u64 = std::env::var("POSTBUD_STEPS_SECONDS").ok()?.parse().ok()?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// How the dispatcher works under this configuration.
pub(crate) fn dispatcher_options(config: &Config) -> DispatcherOptions {
    // What a target takes for one letter at most; a Maildir has a minute.
    let delivery = &config.delivery;
    let mail = delivery.smtp.as_ref().map_or(Duration::ZERO, |smtp| smtp.timeout);
    let webhook = delivery.webhook.as_ref().map_or(Duration::ZERO, |webhook| webhook.timeout);
    let sf2900 = delivery.sf2900.as_ref().map_or(Duration::ZERO, |sf2900| sf2900.timeout);
    let slowest = mail.max(webhook).max(sf2900);
    DispatcherOptions {
        send_deadline: slowest.max(Duration::from_secs(60)) + Duration::from_secs(60),
        retry: RetryPolicy {
            attempts: config.delivery.attempts,
            first: config.delivery.first_retry,
            longest: config.delivery.longest_retry,
        },
        ..DispatcherOptions::default()
    }
}

/// How letters are sent again, and how fast, for every mailbox.
pub(crate) fn terms(config: &Config) -> AllTerms {
    let usual = AllTerms::new(dispatcher_options(config).retry);
    let special = config.delivery.terms.iter();
    special.fold(usual, |terms, (mailbox, special)| terms.with(mailbox.clone(), *special))
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
