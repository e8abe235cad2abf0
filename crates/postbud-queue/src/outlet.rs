//! Queues that mailboxes read from: one letter after the other, each confirmed.
//!
//! The envelope, for whoever reads such a queue:
//!
//! | property | value |
//! |---|---|
//! | body | the letter as it was received, every byte |
//! | `content_type` | `application/xml` (MeMo), `message/rfc822`, or `application/octet-stream` |
//! | `message_id` | the key of this delivery: the same when a letter comes again after a crash |
//! | `type` | `postbud.letter` |
//! | `app_id` | `postbud` |
//! | `delivery_mode` | 2: persistent |
//! | headers | `x-postbud-*`, each a text; docs/operations.md lists them |

use std::fmt;

use async_trait::async_trait;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, ConnectionProperties};
use postbud_pipeline::CertificateFiles;
use postbud_pipeline::ports::{Envelope, Outlet, QueueError};
use tokio::sync::Mutex;
use tracing::info;

use crate::fault::Fault;
use crate::options::{NAME_BYTES, RabbitOptions, Settings};
use crate::wire::Wire;

const PERSISTENT: u8 = 2;

/// How the broker with the mailboxes' queues is reached.
#[derive(Clone)]
pub struct OutletOptions {
    /// `amqp://user@host:5672/vhost`, or `amqps://` for TLS.
    pub url: String,
    /// The password, where it is not part of the address.
    pub password: Option<String>,
    /// Declare a queue (durable, quorum) before the first letter goes there. Without it the queue
    /// must be there, and the account needs no `configure` permission.
    pub declare: bool,
    /// The deadline of each single exchange with the broker, in milliseconds.
    pub call_deadline_ms: u32,
    /// For `amqps`: whom to trust and who we are.
    pub certificates: CertificateFiles,
}

impl fmt::Debug for OutletOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutletOptions").field("declare", &self.declare).finish_non_exhaustive()
    }
}

struct Open {
    connection: Wire,
    channel: Channel,
    declared: Vec<String>,
}

/// Puts letters on the mailboxes' queues. Connects when the first letter comes, and again after any
/// fault.
pub struct MailboxQueues {
    settings: Settings,
    declare: bool,
    /// Held while a letter is on its way: a message that came back must not be taken for another.
    open: Mutex<Option<Open>>,
}

impl MailboxQueues {
    /// Checks the options; connects to nobody yet.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub fn new(options: OutletOptions) -> Result<Self, QueueError> {
        let settings = Settings::new(RabbitOptions {
            url: options.url,
            password: options.password,
            call_deadline_ms: options.call_deadline_ms,
            certificates: options.certificates,
            ..RabbitOptions::default()
        })?;
        let open = Mutex::new(None);
        Ok(Self { settings, declare: options.declare, open })
    }

    async fn connect(&self) -> Result<Open, Fault> {
        let properties =
            ConnectionProperties::default().with_connection_name("postbud delivering".into());
        let connection = self.settings.connect(properties).await?;
        let channel = self.settings.within("open a channel", connection.create_channel()).await?;
        let confirms = channel.confirm_select(ConfirmSelectOptions::default());
        self.settings.within("ask for confirms", confirms).await?;
        info!(place = %self.settings.place, "connected to the broker with the mailboxes' queues");
        Ok(Open { connection, channel, declared: Vec::new() })
    }

    async fn send(&self, open: &mut Open, name: &str, envelope: &Envelope) -> Result<(), Fault> {
        let queue = ShortString::try_new(name.to_owned()).map_err(|_| Fault::Refused {
            what: format!("a queue's name has at most {NAME_BYTES} bytes"),
        })?;
        if open.connection.status().blocked() {
            let what = "publish: the broker is short of memory or disk and takes no messages";
            return Err(Fault::away(what));
        }
        if self.declare && !open.declared.iter().any(|known| known == name) {
            let mut arguments = FieldTable::default();
            arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
            let declared = open.channel.queue_declare(
                queue.clone(),
                QueueDeclareOptions::durable(),
                arguments,
            );
            self.settings.within(&format!("declare the queue {name}"), declared).await?;
            open.declared.push(name.to_owned());
        }
        let sending = async {
            let options = BasicPublishOptions { mandatory: true, immediate: false };
            let confirm = open.channel.basic_publish(
                ShortString::default(),
                queue,
                options,
                &envelope.body,
                properties(envelope),
            );
            confirm.await?.await
        };
        match self.settings.within("publish", sending).await? {
            Confirmation::Ack(None) => Ok(()),
            Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_)) => {
                Err(Fault::Unroutable { queue: name.to_owned() })
            }
            Confirmation::Nack(None) => Err(Fault::Refused {
                what: format!("the queue {name} is full, or its leader is away"),
            }),
            Confirmation::NotRequested => {
                Err(Fault::Refused { what: "the broker does not confirm what it takes".to_owned() })
            }
        }
    }
}

/// Everything a reader sees beside the bytes.
fn properties(envelope: &Envelope) -> BasicProperties {
    let mut headers = FieldTable::default();
    for (name, value) in &envelope.headers {
        let value = AMQPValue::LongString(LongString::from(value.as_bytes().to_vec()));
        headers.insert((*name).into(), value);
    }
    let short = |text: &str| ShortString::try_new(text.to_owned()).unwrap_or_default();
    BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type(short(envelope.media_type))
        .with_message_id(short(&envelope.key))
        .with_type(short("postbud.letter"))
        .with_app_id(short("postbud"))
        .with_headers(headers)
}

#[async_trait]
impl Outlet for MailboxQueues {
    async fn put(&self, queue: &str, envelope: Envelope) -> Result<(), QueueError> {
        let mut open = self.open.lock().await;
        // Taken out: when the caller gives up in the middle, a late confirm dies with it.
        let mut current = match open.take() {
            Some(current) if current.channel.status().connected() => current,
            _ => self.connect().await.map_err(|fault| fault.at(&self.settings.place))?,
        };
        match self.send(&mut current, queue, &envelope).await {
            Ok(()) => {
                *open = Some(current);
                Ok(())
            }
            Err(fault) => {
                if matches!(fault, Fault::Unroutable { .. }) && current.channel.status().connected()
                {
                    // Declared again the next time: somebody has deleted it.
                    current.declared.clear();
                    *open = Some(current);
                } else {
                    current.connection.abandon().await;
                }
                Err(fault.at(&self.settings.place))
            }
        }
    }

    async fn close(&self) {
        if let Some(open) = self.open.lock().await.take() {
            open.connection.abandon().await;
        }
    }
}
