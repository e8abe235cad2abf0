//! A connection to the mail server: TCP, TLS, sign-in.

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use postbud_pipeline::{CertificateFiles, Renewed};
use tokio::net::TcpStream;

use super::fault::{SmtpFault, Stage};
use crate::{SmtpOptions, SmtpTls};

/// Opens connections, always in the same way.
pub(super) struct Connector {
    host: String,
    port: u16,
    hello: ClientId,
    tls: Option<Renewed<TlsParameters>>,
    mode: SmtpTls,
    credentials: Option<Credentials>,
}

impl Connector {
    /// Loads the certificates that are trusted.
    ///
    /// # Errors
    /// A sentence that says what is wrong with them.
    pub(super) fn new(options: &SmtpOptions, domain: &str) -> Result<Self, String> {
        let tls = match options.tls {
            SmtpTls::None => None,
            SmtpTls::Starttls | SmtpTls::Tls => Some(parameters(options)?),
        };
        let credentials = match (&options.user, &options.password) {
            (Some(user), Some(password)) => Some(Credentials::new(user.clone(), password.clone())),
            _ => None,
        };
        Ok(Self {
            host: options.host.clone(),
            port: options.port,
            hello: ClientId::Domain(domain.to_owned()),
            tls,
            mode: options.tls,
            credentials,
        })
    }

    /// The server as people know it.
    pub(super) fn server(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// A connection that is ready for a letter.
    pub(super) async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpFault> {
        let tls = self.tls.as_ref().map(Renewed::current);
        let mut connection = match (self.mode, &tls) {
            (SmtpTls::Tls, Some(tls)) => self.open_tls(tls.clone()).await?,
            _ => self.open().await?,
        };
        if let (SmtpTls::Starttls, Some(tls)) = (self.mode, &tls) {
            let secured = connection.starttls(tls.clone(), &self.hello).await;
            secured.map_err(|error| self.fault(Stage::Connect, &error))?;
        }
        if let Some(credentials) = &self.credentials {
            let signed_in =
                connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await;
            signed_in.map_err(|error| self.fault(Stage::Auth, &error))?;
        }
        Ok(connection)
    }

    /// lettre leaves Nagle's algorithm on and ends each letter with a write of its own, which then
    /// waits 40 ms for an acknowledgement; a socket of ours does not.
    async fn open(&self) -> Result<AsyncSmtpConnection, SmtpFault> {
        let socket = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .and_then(|socket| socket.set_nodelay(true).map(|()| socket))
            .map_err(|error| {
                SmtpFault::transient(format!("{} cannot be reached: {error}", self.server()))
            })?;
        AsyncSmtpConnection::connect_with_transport(Box::new(socket), &self.hello)
            .await
            .map_err(|error| self.fault(Stage::Connect, &error))
    }

    /// For TLS from the first byte lettre takes no socket, so here the 40 ms stay.
    async fn open_tls(&self, tls: TlsParameters) -> Result<AsyncSmtpConnection, SmtpFault> {
        let address = (self.host.as_str(), self.port);
        AsyncSmtpConnection::connect_tokio1(address, None, &self.hello, Some(tls), None)
            .await
            .map_err(|error| self.fault(Stage::Connect, &error))
    }

    fn fault(&self, stage: Stage, error: &Error) -> SmtpFault {
        SmtpFault::new(stage, error, &self.server(), &[])
    }
}

/// TLS to the server, by the authorities that the file holds at the time.
fn parameters(options: &SmtpOptions) -> Result<Renewed<TlsParameters>, String> {
    let host = options.host.clone();
    let certificates = CertificateFiles { ca: options.ca.clone(), identity: None };
    let renewed = certificates.renewed(move |pem| {
        let mut builder = TlsParameters::builder(host.clone());
        if let Some(pem) = &pem.ca {
            let certificate = Certificate::from_pem(pem)
                .map_err(|error| format!("ca is no certificate in PEM form: {error}"))?;
            builder = builder.add_root_certificate(certificate);
        }
        builder.build().map_err(|error| format!("TLS to {host} cannot be set up: {error}"))
    });
    renewed.map_err(|what| format!("smtp: {what}"))
}
