//! Letters out through a mail server.
//!
//! lettre's feature `tracing` must stay off: it writes whole messages to the log.

mod connect;
mod fault;
mod pool;
mod wire;

use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use tokio::time::timeout;

use crate::SmtpOptions;
use connect::Connector;
use fault::Stage;
use pool::Pool;

pub(crate) use fault::SmtpFault;
pub(crate) use wire::Wire;

/// A mail is written in pieces of this size, so that its dot-stuffed copy stays small.
const PIECE_BYTES: usize = 64 << 10;
/// How long to wait for an answer to QUIT.
const QUIT_WAIT: Duration = Duration::from_secs(1);

/// A mail on its way, with what may be said about it.
pub(crate) struct Parcel {
    /// The mail as it should go.
    pub(crate) wire: Wire,
    /// Texts of the letter that must not come back in an error.
    pub(crate) secrets: Vec<String>,
}

/// Sends mails through one server, over a bounded number of connections.
pub(crate) struct SmtpSender {
    connector: Connector,
    pool: Pool,
    from: Address,
    deadline: Duration,
}

impl SmtpSender {
    /// Checks the settings; opens no connection.
    ///
    /// # Errors
    /// A sentence that says what to change.
    pub(crate) fn new(options: &SmtpOptions, domain: &str) -> Result<Self, String> {
        let from = options
            .from
            .parse()
            .map_err(|_| format!("smtp.from {:?} is no mail address", options.from))?;
        Ok(Self {
            connector: Connector::new(options, domain)?,
            pool: Pool::new(options.connections),
            from,
            deadline: Duration::from_millis(options.timeout_ms),
        })
    }

    /// Sends `parcel` to one address within the deadline. `carried` makes the same mail in ASCII
    /// for a server that takes nothing else.
    pub(crate) async fn send(
        &self,
        to: &Address,
        parcel: Parcel,
        carried: impl FnOnce() -> Option<Wire> + Send + 'static,
    ) -> Result<(), SmtpFault> {
        match timeout(self.deadline, self.deliver(to, parcel, carried)).await {
            Ok(result) => result,
            // What was under way is dropped here, and its connection closed with it.
            Err(_) => Err(SmtpFault::transient(format!(
                "{} did not take the letter within {} s",
                self.connector.server(),
                self.deadline.as_secs()
            ))),
        }
    }

    /// Says goodbye on all idle connections. Later letters are refused as transient faults.
    pub(crate) async fn close(&self) {
        for mut connection in self.pool.close() {
            let _ = timeout(QUIT_WAIT, connection.abort()).await;
        }
    }

    async fn deliver(
        &self,
        to: &Address,
        mut parcel: Parcel,
        carried: impl FnOnce() -> Option<Wire> + Send + 'static,
    ) -> Result<(), SmtpFault> {
        let Some(_slot) = self.pool.slot().await else {
            return Err(SmtpFault::transient("Postbud is stopping"));
        };
        let mut carried = Some(carried);
        let mut connection = loop {
            let parked = self.pool.take();
            let fresh = parked.is_none();
            let mut connection = match parked {
                Some(connection) => connection,
                None => self.connector.connect().await?,
            };
            if parcel.wire.is_eight_bit()
                && !connection.server_info().supports_feature(Extension::EightBitMime)
                && let Some(make) = carried.take()
            {
                parcel.wire = remade(make).await?;
            }
            match self.begin(&mut connection, to, &parcel.wire).await {
                Ok(()) => break connection,
                // A parked connection may have died in the meantime.
                Err(Begin::Smtp(error)) if !fresh && is_dead(&error) => {}
                Err(Begin::Smtp(error)) => {
                    return Err(self.give_up(connection, Stage::Sender, &error, &parcel).await);
                }
                Err(Begin::Fault(fault)) => {
                    let _ = timeout(QUIT_WAIT, connection.abort()).await;
                    return Err(fault);
                }
            }
        };
        match self.transfer(&mut connection, to, &parcel.wire).await {
            Ok(()) => {
                self.pool.put(connection);
                Ok(())
            }
            Err((stage, error)) => Err(self.give_up(connection, stage, &error, &parcel).await),
        }
    }

    /// MAIL FROM, with what the mail needs from the server.
    async fn begin(
        &self,
        connection: &mut AsyncSmtpConnection,
        to: &Address,
        wire: &Wire,
    ) -> Result<(), Begin> {
        let mut parameters = Vec::new();
        if !(to.user().is_ascii() && to.domain().is_ascii()) {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(Begin::Fault(SmtpFault {
                    permanent: true,
                    what: format!(
                        "{} takes no address with letters such as æ, ø, å; give the mailbox one \
                         without",
                        self.connector.server()
                    ),
                }));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        // Raw 8-bit text in a header would strictly need SMTPUTF8, but a relay further on that
        // lacks it would bounce such a mail; without it, servers pass the bytes on.
        if wire.is_eight_bit() {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let mail = Mail::new(Some(self.from.clone()), parameters);
        connection.command(mail).await.map(drop).map_err(Begin::Smtp)
    }

    /// RCPT TO, DATA and the mail. The server's last answer is the moment of delivery.
    async fn transfer(
        &self,
        connection: &mut AsyncSmtpConnection,
        to: &Address,
        wire: &Wire,
    ) -> Result<(), (Stage, Error)> {
        let recipient = Rcpt::new(to.clone(), Vec::new());
        connection.command(recipient).await.map_err(|error| (Stage::Recipient, error))?;
        connection.command(Data).await.map_err(|error| (Stage::Letter, error))?;
        connection
            .message_iter(wire.bytes().chunks(PIECE_BYTES))
            .await
            .map(drop)
            .map_err(|error| (Stage::Letter, error))
    }

    async fn give_up(
        &self,
        mut connection: AsyncSmtpConnection,
        stage: Stage,
        error: &Error,
        parcel: &Parcel,
    ) -> SmtpFault {
        let secrets: Vec<&str> = parcel.secrets.iter().map(String::as_str).collect();
        let fault = SmtpFault::new(stage, error, &self.connector.server(), &secrets);
        // Only a server that still answers gets a goodbye; with any other the wait is for nothing.
        if error.status().is_some() {
            let _ = timeout(QUIT_WAIT, connection.abort()).await;
        }
        fault
    }
}

/// Why a delivery did not begin.
enum Begin {
    Smtp(Error),
    Fault(SmtpFault),
}

/// Does the error say that the connection was gone before anything was sent on it?
fn is_dead(error: &Error) -> bool {
    error.status().is_none_or(|code| u16::from(code) == 421)
}

/// The mail in ASCII, made off the threads that wait for the network.
async fn remade(make: impl FnOnce() -> Option<Wire> + Send + 'static) -> Result<Wire, SmtpFault> {
    match tokio::task::spawn_blocking(make).await {
        Ok(Some(wire)) => Ok(wire),
        Err(error) if error.is_cancelled() => Err(SmtpFault::transient("Postbud is stopping")),
        _ => Err(SmtpFault {
            permanent: true,
            what: "the letter could not be made into a mail".to_owned(),
        }),
    }
}
