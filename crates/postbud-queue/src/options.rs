//! What an operator sets, and the checked form of it.

use std::fmt;
use std::time::Duration;

use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties};
use postbud_pipeline::CertificateFiles;
use postbud_pipeline::ports::QueueError;

use crate::certificates;
use crate::fault::Fault;
use crate::wire::Wire;

/// How to reach the broker and how to behave there.
#[derive(Clone)]
pub struct RabbitOptions {
    /// `amqp://user@host:5672/vhost`, or `amqps://` for TLS. Without a path the virtual host is
    /// `/`.
    pub url: String,
    /// The password, where it is not part of the address.
    pub password: Option<String>,
    /// The queues are `<prefix>.incoming`, `<prefix>.retry` and `<prefix>.dead`.
    pub prefix: String,
    /// The most messages that the broker hands over before some are settled; 1 to 10,000.
    pub prefetch: u16,
    /// How many attempts a message gets before it is a dead letter; at least 1.
    pub attempts: u32,
    /// How long a message waits for its next attempt, in milliseconds; at most a day.
    pub retry_delay_ms: u32,
    /// The deadline of each single exchange with the broker, in milliseconds.
    pub call_deadline_ms: u32,
    /// Declare the queues. Without it they must be there already, and the account needs no
    /// `configure` permission.
    pub declare: bool,
    /// For `amqps`: whom to trust and who we are.
    pub certificates: CertificateFiles,
    /// The share of letters whose messages carry the header `traceparent`, as their traces are kept.
    pub trace_share: f64,
}

impl Default for RabbitOptions {
    fn default() -> Self {
        Self {
            url: "amqp://guest@127.0.0.1:5672".to_owned(),
            password: None,
            prefix: "postbud".to_owned(),
            prefetch: 256,
            attempts: 3,
            retry_delay_ms: 30_000,
            call_deadline_ms: 10_000,
            declare: true,
            certificates: CertificateFiles::default(),
            trace_share: 0.0,
        }
    }
}

impl fmt::Debug for RabbitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.url.parse::<AMQPUri>().map_or_else(|_| "?".to_owned(), |uri| place(&uri));
        f.debug_struct("RabbitOptions")
            .field("place", &place)
            .field("prefix", &self.prefix)
            .field("prefetch", &self.prefetch)
            .field("attempts", &self.attempts)
            .field("retry_delay_ms", &self.retry_delay_ms)
            .field("call_deadline_ms", &self.call_deadline_ms)
            .field("declare", &self.declare)
            .finish_non_exhaustive()
    }
}

/// The longest name that AMQP allows a queue, and the longest id of a message.
pub(crate) const NAME_BYTES: usize = 255;
/// How long a failed connection may take to say goodbye.
pub(crate) const GOODBYE: Duration = Duration::from_secs(1);
const LONGEST_RETRY_DELAY_MS: u32 = 86_400_000;
const MOST_PREFETCH: u16 = 10_000;
/// Half of this passes before a dead peer is suspected.
const HEARTBEAT_S: u16 = 10;

/// The checked options.
pub(crate) struct Settings {
    pub(crate) uri: AMQPUri,
    pub(crate) place: String,
    pub(crate) incoming: String,
    pub(crate) retry: String,
    pub(crate) dead: String,
    pub(crate) prefetch: u16,
    pub(crate) attempts: u32,
    pub(crate) retry_delay_ms: u32,
    pub(crate) deadline: Duration,
    pub(crate) declare: bool,
    certificates: CertificateFiles,
    pub(crate) trace_share: f64,
}

impl Settings {
    /// Checks the options; a fault says which one and what to write instead.
    pub(crate) fn new(options: RabbitOptions) -> Result<Self, QueueError> {
        let wrong = |what: &str| QueueError::Unavailable {
            place: "queue.url".to_owned(),
            what: what.to_owned(),
            source: None,
        };
        // The library's message repeats the address, password and all: it is not passed on.
        let mut uri: AMQPUri = options.url.parse().map_err(|_| {
            wrong("it is no AMQP address; write amqp://user@host:5672/vhost, or amqps:// for TLS")
        })?;
        if uri.authority.host.is_empty() {
            return Err(wrong("it names no host; write amqp://user@host:5672/vhost"));
        }
        if uri.vhost.is_empty() {
            "/".clone_into(&mut uri.vhost);
        }
        uri.query.heartbeat.get_or_insert(HEARTBEAT_S);
        if let Some(password) = options.password {
            uri.authority.userinfo.password = password;
        }
        let place = place(&uri);
        let refused = |what: String| Err(Fault::Refused { what }.at(&place));
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if !(1..=200).contains(&options.prefix.len()) || !options.prefix.bytes().all(plain) {
            return refused(
                "a queue prefix has 1 to 200 of a-z, A-Z, 0-9, '.', '_' and '-'".into(),
            );
        }
        if !(1..=MOST_PREFETCH).contains(&options.prefetch) {
            return refused(format!("prefetch must be 1 to {MOST_PREFETCH}"));
        }
        if options.attempts == 0 {
            return refused("attempts must be at least 1".into());
        }
        if options.retry_delay_ms > LONGEST_RETRY_DELAY_MS {
            return refused(format!("the retry delay must be at most {LONGEST_RETRY_DELAY_MS} ms"));
        }
        if options.call_deadline_ms == 0 {
            return refused("the call deadline must be at least 1 ms".into());
        }
        certificates::tls(&options.certificates).map_err(|fault| fault.at(&place))?;
        Ok(Self {
            uri,
            place,
            incoming: format!("{}.incoming", options.prefix),
            retry: format!("{}.retry", options.prefix),
            dead: format!("{}.dead", options.prefix),
            prefetch: options.prefetch,
            attempts: options.attempts,
            retry_delay_ms: options.retry_delay_ms,
            deadline: Duration::from_millis(options.call_deadline_ms.into()),
            declare: options.declare,
            certificates: options.certificates,
            trace_share: options.trace_share,
        })
    }

    /// Opens a connection, under the deadline.
    pub(crate) async fn connect(&self, properties: ConnectionProperties) -> Result<Wire, Fault> {
        let tls = certificates::tls(&self.certificates)?;
        let connecting = async {
            let runtime = lapin::runtime::default_runtime()?;
            let uri = self.uri.clone();
            let opened = Connection::connect_uri_with_config(uri, properties, tls, runtime).await;
            opened.map(Wire::from)
        };
        self.within("connect", connecting).await
    }

    /// The outcome of one exchange with the broker, under the deadline.
    pub(crate) async fn within<T>(
        &self,
        what: &str,
        call: impl Future<Output = lapin::Result<T>>,
    ) -> Result<T, Fault> {
        match tokio::time::timeout(self.deadline, call).await {
            Ok(outcome) => outcome.map_err(|error| Fault::from_broker(what, &error)),
            Err(_) => Err(Fault::late(what, self.deadline)),
        }
    }
}

/// The address without user, password and parameters.
fn place(uri: &AMQPUri) -> String {
    let vhost = if uri.vhost == "/" { "" } else { uri.vhost.as_str() };
    let slash = if vhost.is_empty() { "" } else { "/" };
    format!("{}://{}:{}{slash}{vhost}", uri.scheme, uri.authority.host, uri.authority.port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(url: &str) -> Result<Settings, QueueError> {
        Settings::new(RabbitOptions { url: url.to_owned(), ..RabbitOptions::default() })
    }

    #[test]
    fn the_place_shows_no_user_and_no_password() {
        let settings = with("amqp://anna:hemmelig@mq.example:5673/post?heartbeat=5").unwrap();
        assert_eq!(settings.place, "amqp://mq.example:5673/post");
        assert_eq!(settings.uri.query.heartbeat, Some(5));
    }

    #[test]
    fn an_empty_virtual_host_is_the_default_one() {
        assert_eq!(with("amqp://mq.example/").unwrap().uri.vhost, "/");
        assert_eq!(with("amqp://mq.example").unwrap().uri.vhost, "/");
        assert_eq!(with("amqp://mq.example/%2f").unwrap().uri.vhost, "/");
    }

    #[test]
    fn no_error_and_no_debug_output_repeats_the_password() {
        for url in ["http://anna:hemmelig@mq.example", "amqp:anna:hemmelig", "hemmelig", ""] {
            let error = with(url).err().map(|error| format!("{error} {error:?}"));
            assert!(error.is_some_and(|text| !text.contains("hemmelig")), "{url}");
            let options = RabbitOptions { url: url.to_owned(), ..RabbitOptions::default() };
            assert!(!format!("{options:?}").contains("hemmelig"));
        }
        let options = RabbitOptions {
            url: "amqp://anna:hemmelig@mq.example".to_owned(),
            password: Some("hemmelig".to_owned()),
            ..RabbitOptions::default()
        };
        assert!(!format!("{options:?}").contains("hemmelig"));
    }

    #[test]
    fn a_password_of_its_own_wins() {
        let settings = Settings::new(RabbitOptions {
            url: "amqp://anna:old@mq.example".to_owned(),
            password: Some("p@ss/word".to_owned()),
            ..RabbitOptions::default()
        });
        assert_eq!(settings.unwrap().uri.authority.userinfo.password, "p@ss/word");
    }

    #[test]
    fn limits_are_kept() {
        let base = RabbitOptions::default;
        for bad in [
            RabbitOptions { prefix: String::new(), ..base() },
            RabbitOptions { prefix: "a b".into(), ..base() },
            RabbitOptions { prefix: "x".repeat(201), ..base() },
            RabbitOptions { prefetch: 0, ..base() },
            RabbitOptions { prefetch: 10_001, ..base() },
            RabbitOptions { attempts: 0, ..base() },
            RabbitOptions { retry_delay_ms: 86_400_001, ..base() },
            RabbitOptions { call_deadline_ms: 0, ..base() },
        ] {
            assert!(matches!(Settings::new(bad), Err(QueueError::Refused { .. })));
        }
    }
}
