//! A queue of somebody else's: consumed as it is, never declared, bound, or written to.
//!
//! Such queues are made for us under a name that we are told (KOMBIT's Beskedfordeler names them by
//! UUIDs, on a virtual host of its own). Messages are taken as bytes; headers mean nothing, so that
//! no foreign message can pass for one of ours that points into the store.

use std::fmt;
use std::path::PathBuf;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use lapin::auth::AuthProvider;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions};
use lapin::types::{FieldTable, LongString, ShortString};
use lapin::{Channel, ConnectionProperties, Consumer};
use postbud_pipeline::ports::{
    Body, DeadJudge, DeadLetter, Depth, Message, Queue, QueueError, Received, Settlement, Token,
};
use postbud_pipeline::{CertificateFiles, small_file};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::fault::Fault;
use crate::options::{NAME_BYTES, RabbitOptions, Settings};
use crate::wire::Wire;

/// Numbers connections, so that no token of one is taken for one of another.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// How a foreign queue is reached.
#[derive(Clone)]
pub struct ForeignOptions {
    /// `amqps://user@host:5671/vhost`; with `?auth_mechanism=external` the certificate or the
    /// token says who we are.
    pub url: String,
    /// The password, for SASL PLAIN.
    pub password: Option<String>,
    /// The queue.
    pub queue: String,
    /// The most messages that the broker hands over before some are settled.
    pub prefetch: u16,
    /// The deadline of each single exchange with the broker, in milliseconds.
    pub call_deadline_ms: u32,
    /// For `amqps`: whom to trust and who we are.
    pub certificates: CertificateFiles,
    /// A file whose contents are the response to SASL EXTERNAL, read anew for each connection:
    /// whoever renews the token replaces the file.
    pub token_file: Option<PathBuf>,
}

impl fmt::Debug for ForeignOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignOptions").field("queue", &self.queue).finish_non_exhaustive()
    }
}

/// An open connection.
struct Open {
    number: u64,
    connection: Wire,
    channel: Channel,
    stream: Consumer,
}

/// A queue of somebody else's, behind the same port: it can be received from and settled, and
/// nothing else.
pub struct ForeignQueue {
    options: ForeignOptions,
    settings: Settings,
    open: Mutex<Option<Open>>,
}

impl ForeignQueue {
    /// Checks the options; connects to nobody yet.
    ///
    /// # Errors
    /// When the address or the queue's name cannot be used.
    pub fn new(options: ForeignOptions) -> Result<Self, QueueError> {
        let settings = Settings::new(RabbitOptions {
            url: options.url.clone(),
            password: options.password.clone(),
            prefetch: options.prefetch,
            call_deadline_ms: options.call_deadline_ms,
            declare: false,
            certificates: options.certificates.clone(),
            ..RabbitOptions::default()
        })?;
        if options.queue.is_empty() || options.queue.len() > NAME_BYTES {
            let what = format!("the name of a queue has 1 to {NAME_BYTES} bytes");
            return Err(QueueError::Refused { what });
        }
        Ok(Self { options, settings, open: Mutex::new(None) })
    }

    async fn connect(&self) -> Result<Open, Fault> {
        let mut properties =
            ConnectionProperties::default().with_connection_name("postbud taking letters".into());
        if let Some(path) = self.options.token_file.clone() {
            properties = properties.with_auth_provider(TokenFile(path));
        }
        let connection = self.settings.connect(properties).await?;
        let channel = self.settings.within("open a channel", connection.create_channel()).await?;
        let qos = channel.basic_qos(self.settings.prefetch, BasicQosOptions::default());
        self.settings.within("set the prefetch limit", qos).await?;
        let queue = ShortString::from(self.options.queue.as_str());
        let consume = channel.basic_consume(
            queue,
            ShortString::default(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        );
        let stream = self.settings.within("start receiving", consume).await?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(Open { number, connection, channel, stream })
    }

    async fn abandon(&self, open: Option<Open>) {
        if let Some(open) = open {
            open.connection.abandon().await;
        }
    }

    fn only_received(&self) -> QueueError {
        let what = "a foreign queue is only received from".to_owned();
        QueueError::Refused { what }
    }
}

/// The first delivery, and those that are there already.
async fn take(open: &mut Open, max: usize, until: Instant) -> Result<Vec<Received>, Fault> {
    let mut received = Vec::new();
    while received.len() < max {
        let until = if received.is_empty() { until } else { Instant::now() };
        let next = match timeout_at(until, open.stream.next()).await {
            Ok(Some(next)) => next,
            Ok(None) => return Err(Fault::away("receive: the broker ended the subscription")),
            Err(_) => break,
        };
        let delivery = next.map_err(|error| Fault::from_broker("receive", &error))?;
        let id = delivery.properties.message_id().as_ref().map(ToString::to_string);
        received.push(Received {
            token: Token { session: open.number, number: delivery.delivery_tag },
            id: id.unwrap_or_default(),
            body: Ok(Body::Inline(Bytes::from(delivery.data))),
            attempts: 0,
            returned: u32::from(delivery.redelivered),
        });
    }
    Ok(received)
}

#[async_trait]
impl Queue for ForeignQueue {
    async fn publish(&self, _messages: Vec<Message>) -> Result<(), QueueError> {
        Err(self.only_received())
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, QueueError> {
        let until = Instant::now() + wait;
        let mut open = self.open.lock().await;
        if open.is_none() {
            let connected = self.connect().await;
            *open = Some(connected.map_err(|fault| fault.at(&self.settings.place))?);
        }
        let Some(current) = open.as_mut() else { return Ok(Vec::new()) };
        match take(current, max, until).await {
            Ok(received) => Ok(received),
            Err(fault) => {
                // What was taken is not settled and comes again on the next connection.
                self.abandon(open.take()).await;
                Err(fault.at(&self.settings.place))
            }
        }
    }

    async fn settle(&self, outcomes: Vec<(Token, Settlement)>) -> Result<(), QueueError> {
        let mut open = self.open.lock().await;
        for (token, outcome) in outcomes {
            // Of a connection that is gone: the message comes again.
            let Some(current) = open.as_ref().filter(|open| open.number == token.session) else {
                continue;
            };
            let nack = |requeue| {
                let options = BasicNackOptions { multiple: false, requeue };
                current.channel.basic_nack(token.number, options)
            };
            let settled = match outcome {
                Settlement::Done => {
                    let ack = current.channel.basic_ack(token.number, BasicAckOptions::default());
                    self.settings.within("acknowledge", ack).await
                }
                Settlement::Dead { .. } => self.settings.within("refuse", nack(false)).await,
                Settlement::Retry { .. } | Settlement::Release => {
                    self.settings.within("give back", nack(true)).await
                }
            };
            if let Err(fault) = settled {
                self.abandon(open.take()).await;
                return Err(fault.at(&self.settings.place));
            }
        }
        Ok(())
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        Err(self.only_received())
    }

    async fn dead(&self, _max: usize) -> Result<Vec<DeadLetter>, QueueError> {
        Err(self.only_received())
    }

    async fn replay(&self, _id: Option<&str>, _max: usize) -> Result<u64, QueueError> {
        Err(self.only_received())
    }

    async fn erase_dead(&self, _judge: &dyn DeadJudge) -> Result<u64, QueueError> {
        Err(self.only_received())
    }

    async fn shutdown(&self) -> Result<(), QueueError> {
        let open = self.open.lock().await.take();
        if open.is_some() {
            // Acknowledgements are not confirmed: so long after the last one they have arrived.
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        self.abandon(open).await;
        Ok(())
    }
}

/// The response to SASL EXTERNAL, from a file.
struct TokenFile(PathBuf);

impl AuthProvider for TokenFile {
    fn auth_starter(&self) -> Result<LongString, String> {
        let mut token = small_file(&self.0).map_err(|error| error.line())?;
        let end = token.iter().rposition(|b| !b.is_ascii_whitespace()).map_or(0, |last| last + 1);
        token.truncate(end);
        Ok(LongString::from(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str, queue: &str) -> ForeignOptions {
        ForeignOptions {
            url: url.to_owned(),
            password: Some("hemmelig".to_owned()),
            queue: queue.to_owned(),
            prefetch: 16,
            call_deadline_ms: 1000,
            certificates: CertificateFiles::default(),
            token_file: None,
        }
    }

    #[test]
    fn options_are_checked_and_tell_no_password() {
        let good = options("amqps://bf@mq.example/BF?auth_mechanism=external", "a-uuid");
        assert!(!format!("{good:?}").contains("hemmelig"));
        assert!(ForeignQueue::new(good).is_ok());
        for (url, queue) in [("http://mq", "q"), ("amqp://mq", ""), ("amqp://mq", &"q".repeat(256))]
        {
            assert!(ForeignQueue::new(options(url, queue)).is_err(), "{url} {queue}");
        }
    }

    #[test]
    fn a_token_is_read_anew_and_without_its_line_end() {
        let path = std::env::temp_dir().join(format!("postbud-token-{}", std::process::id()));
        let file = TokenFile(path.clone());
        assert!(file.auth_starter().is_err());
        for token in ["one", "two"] {
            std::fs::write(&path, format!("{token}\r\n")).unwrap();
            assert_eq!(file.auth_starter().unwrap().as_bytes(), token.as_bytes());
        }
        std::fs::remove_file(path).unwrap();
    }

    #[tokio::test]
    async fn it_is_only_received_from() {
        let queue = ForeignQueue::new(options("amqp://127.0.0.1:1", "q")).unwrap();
        assert!(matches!(queue.publish(Vec::new()).await, Err(QueueError::Refused { .. })));
        let away = queue.receive(1, Duration::from_millis(10)).await;
        assert!(matches!(away, Err(QueueError::Unavailable { .. })), "{away:?}");
        assert!(queue.shutdown().await.is_ok());
    }
}
