//! Can a server be reached? Connects, waits for its first words where it has any, and says nothing.

use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use super::finding::{Finding, fault, good};

/// How long a server may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server, and what it says first.
pub(super) struct Server {
    /// Host and port.
    pub(super) address: String,
    /// What it greets with; `None` where the client speaks first.
    pub(super) greeting: Option<&'static str>,
}

impl Server {
    /// A server that waits for its client's words.
    pub(super) fn silent(host: &str, port: u16) -> Self {
        Self { address: format!("{host}:{port}"), greeting: None }
    }

    /// The server behind an address; `None` where it names none.
    pub(super) fn of(url: &Url) -> Option<Self> {
        let usual = match url.scheme() {
            "amqps" => Some(5671),
            "amqp" => Some(5672),
            _ => url.port_or_known_default(),
        };
        Some(Self::silent(url.host_str()?, url.port().or(usual)?))
    }

    /// Connects. The error says why that is not possible.
    async fn reach(&self) -> Result<(), String> {
        let talk = async {
            let stream = TcpStream::connect(&self.address).await;
            let mut stream = stream.map_err(|error| error.to_string())?;
            let Some(greeting) = self.greeting else { return Ok(()) };
            let mut said = vec![0; greeting.len()];
            stream.read_exact(&mut said).await.map_err(|error| error.to_string())?;
            if said == greeting.as_bytes() {
                Ok(())
            } else {
                Err("it greets like no server of this kind".to_owned())
            }
        };
        timeout(PATIENCE, talk).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    /// What is found of it, as `part`, which `table` of the configuration names.
    pub(super) async fn look(&self, part: &'static str, table: &str) -> Finding {
        let address = &self.address;
        match self.reach().await {
            Ok(()) => good(part, format!("{address} answers"), format!("{address} svarer")),
            Err(why) => fault(part, format!("{address}: {why}"), format!("{address}: {why}")).advise(
                &format!("check the address in {table}, that the server runs, and the firewall between"),
                &format!("se efter adressen i {table}, at serveren kører, og firewallen imellem"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;
    use std::io::Write as _;
    use std::net::TcpListener;

    fn server(says: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = stream.unwrap().write_all(says.as_bytes());
            }
        });
        port
    }

    #[tokio::test]
    async fn a_server_is_known_by_its_greeting() {
        let level = async |port: u16, greeting| {
            let server = Server { greeting, ..Server::silent("127.0.0.1", port) };
            server.look("target", "[delivery.smtp]").await.level
        };
        let mail = server("220 mail.example ESMTP\r\n");
        assert_eq!(level(mail, Some("220")).await, Level::Good);
        assert_eq!(level(mail, None).await, Level::Good);
        assert_eq!(level(mail, Some("* OK")).await, Level::Fault);
        assert_eq!(level(1, None).await, Level::Fault);
        assert_eq!(level(server(""), Some("220")).await, Level::Fault, "it hangs up");
    }

    #[test]
    fn ports_are_those_of_the_protocol() {
        let of = |url: &str| Server::of(&url.parse().unwrap()).map(|server| server.address);
        assert_eq!(of("https://fag.example/post").as_deref(), Some("fag.example:443"));
        assert_eq!(of("amqps://u@mq.example/v").as_deref(), Some("mq.example:5671"));
        assert_eq!(of("amqp://mq.example:99").as_deref(), Some("mq.example:99"));
        assert_eq!(of("data:x"), None);
    }
}
