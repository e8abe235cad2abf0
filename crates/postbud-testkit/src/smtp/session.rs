//! One SMTP session.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::{ServerConnection, StreamOwned};

use super::{Failure, Mail, Shared, Step};

const LONGEST_LINE: u64 = 1 << 20;
const LARGEST_MESSAGE: usize = 100 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

enum Line {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
    /// While one becomes the other.
    Gone,
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

/// What has been said so far.
#[derive(Default)]
struct Envelope {
    from: Option<(String, Vec<String>)>,
    recipients: Vec<String>,
}

struct Session<'a> {
    line: BufReader<Line>,
    shared: &'a Shared,
    helo: String,
    tls: bool,
    envelope: Envelope,
}

/// Serves one client to its end. An error is the end too.
pub(super) fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut session = Session {
        line: BufReader::new(Line::Plain(stream)),
        shared,
        helo: String::new(),
        tls: false,
        envelope: Envelope::default(),
    };
    if session.trouble(Step::Connect)? {
        return Ok(());
    }
    session.say("220 localhost ESMTP test sink")?;
    while session.command()? {}
    Ok(())
}

impl Session<'_> {
    fn say(&mut self, reply: &str) -> io::Result<()> {
        self.line.get_mut().write_all(format!("{reply}\r\n").as_bytes())?;
        self.line.get_mut().flush()
    }

    /// A line with its end; empty at the end of the stream.
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        self.line.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        Ok(line)
    }

    /// Does something go wrong here? A reply ends only this command; anything else the session.
    fn trouble(&mut self, step: Step) -> io::Result<bool> {
        match self.shared.failure(step) {
            None => Ok(false),
            Some(Failure::Reply(code, text)) => {
                self.say(&format!("{code} {text}"))?;
                Ok(true)
            }
            Some(Failure::Hang) => {
                self.hang();
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            Some(Failure::Close | Failure::KeepAndClose) => {
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
    }

    fn hang(&self) {
        while !self.shared.stopped() {
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Serves one command; `false` ends the session.
    fn command(&mut self) -> io::Result<bool> {
        let line = self.read()?;
        let Some(text) = line.strip_suffix(b"\r\n").and_then(|line| std::str::from_utf8(line).ok())
        else {
            if !line.is_empty() {
                self.say("500 5.5.2 a command is a line of text that ends in CR LF")?;
            }
            return Ok(false);
        };
        let (verb, rest) = text.split_once([' ', ':']).unwrap_or((text, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.hello(rest, true)?,
            "HELO" => self.hello(rest, false)?,
            "MAIL" => self.sender(text)?,
            "RCPT" => self.recipient(text)?,
            "DATA" => self.data()?,
            "RSET" => {
                self.envelope = Envelope::default();
                self.say("250 2.0.0 forgotten")?;
            }
            "NOOP" => self.say("250 2.0.0 yes")?,
            "STARTTLS" => self.start_tls()?,
            "QUIT" => {
                self.say("221 2.0.0 goodbye")?;
                return Ok(false);
            }
            _ => self.say("502 5.5.1 unknown command")?,
        }
        Ok(true)
    }

    fn hello(&mut self, name: &str, extended: bool) -> io::Result<()> {
        self.helo = name.trim().to_owned();
        self.envelope = Envelope::default();
        if !extended {
            return self.say("250 localhost");
        }
        self.say("250-localhost")?;
        if self.shared.tls.is_some() && !self.tls {
            self.say("250-STARTTLS")?;
        }
        self.say(&format!("250-SIZE {LARGEST_MESSAGE}"))?;
        self.say("250-8BITMIME\r\n250-SMTPUTF8\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES")
    }

    fn sender(&mut self, text: &str) -> io::Result<()> {
        if self.trouble(Step::Sender)? {
            return Ok(());
        }
        let Some((address, parameters)) = path(text, "FROM") else {
            return self.say("501 5.5.4 write MAIL FROM:<address>");
        };
        if self.helo.is_empty() || self.envelope.from.is_some() {
            return self.say("503 5.5.1 not now");
        }
        self.envelope.from = Some((address, parameters));
        self.say("250 2.1.0 sender noted")
    }

    fn recipient(&mut self, text: &str) -> io::Result<()> {
        if self.trouble(Step::Recipient)? {
            return Ok(());
        }
        let Some((address, _)) = path(text, "TO").filter(|(address, _)| !address.is_empty()) else {
            return self.say("501 5.5.4 write RCPT TO:<address>");
        };
        if self.envelope.from.is_none() {
            return self.say("503 5.5.1 MAIL first");
        }
        self.envelope.recipients.push(address);
        self.say("250 2.1.5 recipient noted")
    }

    fn data(&mut self) -> io::Result<()> {
        if self.trouble(Step::Data)? {
            return Ok(());
        }
        if self.envelope.recipients.is_empty() {
            return self.say("503 5.5.1 RCPT first");
        }
        self.say("354 end with a line of one dot")?;
        let failure = self.shared.failure(Step::Message);
        let Some(data) = self.message(failure == Some(Failure::Close))? else {
            return self.say("552 5.3.4 too large");
        };
        let envelope = std::mem::take(&mut self.envelope);
        let (from, parameters) = envelope.from.unwrap_or_default();
        let recipients = envelope.recipients;
        let mail =
            Mail { helo: self.helo.clone(), tls: self.tls, from, parameters, recipients, data };
        match failure {
            None | Some(Failure::Close) => {
                self.shared.keep(mail);
                self.say("250 2.0.0 accepted")
            }
            Some(Failure::Reply(code, text)) => self.say(&format!("{code} {text}")),
            Some(Failure::Hang) => {
                self.hang();
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            Some(Failure::KeepAndClose) => {
                self.shared.keep(mail);
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
    }

    /// Reads to the final dot; `None` when the message is too large.
    fn message(&mut self, close: bool) -> io::Result<Option<Vec<u8>>> {
        let mut data = Vec::new();
        let mut whole = true;
        let mut fits = true;
        loop {
            let line = self.read()?;
            if line.is_empty() || close {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            // A dot after a bare line feed is text: taking it for the end would let one message
            // smuggle in another.
            if whole && line == b".\r\n" {
                return Ok(fits.then_some(data));
            }
            let unstuffed = if whole { line.strip_prefix(b".").unwrap_or(&line) } else { &line };
            fits = fits && data.len() + unstuffed.len() <= LARGEST_MESSAGE;
            if fits {
                data.extend_from_slice(unstuffed);
            }
            whole = line.ends_with(b"\r\n");
        }
    }

    fn start_tls(&mut self) -> io::Result<()> {
        let Some(config) = self.shared.tls.clone().filter(|_| !self.tls) else {
            return self.say("502 5.5.1 no TLS here");
        };
        self.say("220 2.0.0 go ahead")?;
        // What came in clear text before the handshake must not be read as if it were protected.
        if !self.line.buffer().is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let Line::Plain(stream) = std::mem::replace(self.line.get_mut(), Line::Gone) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
        let line = Line::Tls(Box::new(StreamOwned::new(connection, stream)));
        self.line = BufReader::new(line);
        self.tls = true;
        self.helo = String::new();
        self.envelope = Envelope::default();
        Ok(())
    }
}

/// `MAIL FROM:<a@b> BODY=8BITMIME` → `a@b`, `BODY=8BITMIME`.
fn path(text: &str, word: &str) -> Option<(String, Vec<String>)> {
    let (_, rest) = text.split_once(' ')?;
    let (found, rest) = rest.split_once(':')?;
    if !found.trim().eq_ignore_ascii_case(word) {
        return None;
    }
    let (address, rest) = rest.trim_start().strip_prefix('<')?.split_once('>')?;
    Some((address.to_owned(), rest.split_whitespace().map(str::to_owned).collect()))
}
