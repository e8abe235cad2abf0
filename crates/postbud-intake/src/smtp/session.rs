//! One SMTP or LMTP session (RFC 5321, RFC 2033): a letter is accepted when it is durable.

use std::sync::Arc;

use smtp_proto::{Error as Syntax, MAIL_BODY_BINARYMIME, MailFrom, Request};
use tokio::time::timeout;
use tracing::info;

use super::data::{Data, DataFault};
use super::wire::{Ends, Wire};
use super::{Shared, SmtpOptions};
use crate::acceptor::{AcceptError, Kind};
use crate::arriving::Arriving;

/// So many commands that are none end the session.
const FAULTS: usize = 10;

/// What a session knows of the letter that is coming.
#[derive(Default)]
struct Envelope {
    sender: bool,
    recipients: usize,
}

/// A session with one client.
pub(super) struct Session {
    shared: Arc<Shared>,
    wire: Option<Wire>,
    greeted: bool,
    encrypted: bool,
    envelope: Envelope,
    faults: usize,
}

/// What to do after a command.
enum Next {
    Go,
    Quit,
}

impl Session {
    pub(super) fn new(shared: Arc<Shared>, wire: Wire) -> Self {
        let envelope = Envelope::default();
        Self { shared, wire: Some(wire), greeted: false, encrypted: false, envelope, faults: 0 }
    }

    /// Serves the client until it leaves.
    pub(super) async fn serve(mut self) {
        let kind = if self.options().lmtp { "LMTP" } else { "ESMTP" };
        let greeting = format!("220 {} {kind} Postbud\r\n", self.options().name);
        let mut ended = self.reply(&greeting).await;
        while ended.is_ok() {
            match self.command().await {
                Ok(Next::Go) => {}
                Ok(Next::Quit) => return,
                Err(end) => ended = Err(end),
            }
        }
        let last = match ended {
            Err(Ends::Stopping) => format!("421 4.3.2 {} closes\r\n", self.options().name),
            Err(Ends::Late) => {
                self.shared.activity.broke_off("slow", "the letter did not come in time");
                "421 4.4.2 the letter did not come in time\r\n".to_owned()
            }
            Err(Ends::Wrong(what)) => {
                self.shared.activity.broke_off("protocol", what);
                format!("500 5.5.2 {what}\r\n")
            }
            _ => return,
        };
        // Whoever has left does not hear it.
        let _ = self.reply(&last).await;
    }

    fn options(&self) -> &SmtpOptions {
        &self.shared.options
    }

    fn wire(&mut self) -> Result<&mut Wire, Ends> {
        self.wire.as_mut().ok_or(Ends::Gone)
    }

    async fn reply(&mut self, text: &str) -> Result<(), Ends> {
        self.wire()?.reply(text).await
    }

    async fn command(&mut self) -> Result<Next, Ends> {
        let mut line = self.wire()?.line().await?;
        line.extend_from_slice(b"\r\n");
        let request = Request::parse(&mut line.iter());
        match request {
            Ok(Request::Ehlo { .. } | Request::Helo { .. } | Request::Lhlo { .. })
                if self.wrong_greeting(request.as_ref().ok()) =>
            {
                let right = if self.options().lmtp { "LHLO" } else { "EHLO" };
                self.fault(&format!("500 5.5.1 begin with {right}\r\n")).await?;
            }
            Ok(Request::Helo { .. }) => {
                self.begin();
                let name = self.options().name.clone();
                self.reply(&format!("250 {name}\r\n")).await?;
            }
            Ok(Request::Ehlo { .. } | Request::Lhlo { .. }) => {
                self.begin();
                let extensions = self.extensions();
                self.reply(&extensions).await?;
            }
            Ok(Request::StartTls) => self.start_tls().await?,
            Ok(Request::Mail { from }) => {
                let reply = self.mail(&from);
                self.reply(reply).await?;
            }
            Ok(Request::Rcpt { to }) => {
                let reply = self.recipient(&to.address);
                self.reply(reply).await?;
            }
            Ok(Request::Data) => self.data().await?,
            Ok(Request::Rset) => {
                self.envelope = Envelope::default();
                self.reply("250 2.0.0 forgotten\r\n").await?;
            }
            Ok(Request::Noop { .. }) => self.reply("250 2.0.0 ok\r\n").await?,
            Ok(Request::Vrfy { .. }) => self.reply("252 2.5.0 send it and see\r\n").await?,
            Ok(Request::Quit) => {
                self.reply("221 2.0.0 goodbye\r\n").await?;
                return Ok(Next::Quit);
            }
            Ok(_) => self.fault("502 5.5.1 not served here\r\n").await?,
            Err(error) => self.fault(syntax(&error)).await?,
        }
        Ok(Next::Go)
    }

    async fn fault(&mut self, reply: &str) -> Result<(), Ends> {
        self.faults += 1;
        if self.faults >= FAULTS {
            return Err(Ends::Wrong("too many commands that are none"));
        }
        self.reply(reply).await
    }

    fn wrong_greeting<T>(&self, request: Option<&Request<T>>) -> bool {
        matches!(request, Some(Request::Lhlo { .. })) != self.options().lmtp
    }

    fn begin(&mut self) {
        self.greeted = true;
        self.envelope = Envelope::default();
    }

    fn extensions(&self) -> String {
        let tls =
            if self.shared.tls.is_some() && !self.encrypted { "250-STARTTLS\r\n" } else { "" };
        format!(
            "250-{}\r\n250-PIPELINING\r\n250-SIZE {}\r\n{tls}250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n",
            self.options().name,
            self.shared.acceptor.letter_bytes()
        )
    }

    async fn start_tls(&mut self) -> Result<(), Ends> {
        let Some(tls) = self.shared.tls.as_ref().filter(|_| !self.encrypted) else {
            return self.fault("502 5.5.1 not served here\r\n").await;
        };
        let config = tls.current();
        // What was sent in the clear must not be read as if it had come encrypted.
        if self.wire()?.has_more() {
            return Err(Ends::Wrong("nothing may follow STARTTLS before its reply"));
        }
        self.reply("220 2.0.0 go ahead\r\n").await?;
        let wire = self.wire.take().ok_or(Ends::Gone)?;
        match wire.encrypt(config).await {
            Ok(wire) => self.wire = Some(wire),
            Err(error) => {
                self.shared.activity.broke_off("handshake", &error);
                return Err(Ends::Gone);
            }
        }
        self.encrypted = true;
        self.greeted = false;
        self.envelope = Envelope::default();
        Ok(())
    }

    fn mail<T>(&mut self, from: &MailFrom<T>) -> &'static str {
        let limit = self.shared.acceptor.letter_bytes();
        if !self.greeted {
            return "503 5.5.1 greet first\r\n";
        }
        if self.options().require_tls && !self.encrypted {
            return "530 5.7.0 STARTTLS first\r\n";
        }
        if self.envelope.sender {
            return "503 5.5.1 one letter at a time\r\n";
        }
        if from.size > limit {
            return "552 5.3.4 the letter is too large\r\n";
        }
        if from.flags & MAIL_BODY_BINARYMIME != 0 {
            return "555 5.6.1 BINARYMIME is not served here\r\n";
        }
        self.envelope.sender = true;
        "250 2.1.0 ok\r\n"
    }

    fn recipient(&mut self, address: &str) -> &'static str {
        if !self.envelope.sender {
            return "503 5.5.1 MAIL first\r\n";
        }
        if self.envelope.recipients >= self.options().max_recipients {
            return "452 4.5.3 too many recipients\r\n";
        }
        if !self.options().takes(address) {
            return "550 5.1.1 no such recipient here\r\n";
        }
        self.envelope.recipients += 1;
        "250 2.1.5 ok\r\n"
    }

    async fn data(&mut self) -> Result<(), Ends> {
        if self.envelope.recipients == 0 {
            return self.reply("503 5.5.1 RCPT first\r\n").await;
        }
        if self.wire()?.has_more() {
            return Err(Ends::Wrong("the message comes after the reply to DATA"));
        }
        self.reply("354 go ahead, and end with a dot\r\n").await?;
        let deadline = self.options().deadline;
        let received = timeout(deadline, self.receive()).await.map_err(|_| Ends::Late)??;
        let reply = match received {
            Err(refused) => refused,
            // From here on nothing is cut short: the client is told what really became of it.
            Ok(letter) => self.accept(letter).await,
        };
        if reply.starts_with('5') {
            self.shared.activity.refused();
        }
        let envelope = std::mem::take(&mut self.envelope);
        let times = if self.options().lmtp { envelope.recipients } else { 1 };
        self.reply(&reply.repeat(times)).await
    }

    /// Reads the message to its end, also one that will be refused.
    async fn receive(&mut self) -> Result<Result<Arriving, String>, Ends> {
        let shared = Arc::clone(&self.shared);
        // What cannot be read goes to a person: the sender cannot send it any better.
        let mut letter = Ok(shared.acceptor.arriving(&shared.room, Kind::Anything, None));
        let (mut data, mut beyond) = (Data::new(), 0_usize);
        let mut out = Vec::new();
        loop {
            out.clear();
            let wire = self.wire()?;
            let (read, done) = data.feed(wire.chunk().await?, &mut out);
            wire.consume(read);
            match &mut letter {
                Ok(arriving) => {
                    if let Err(error) = arriving.push(&out).await {
                        letter = Err(self.refusal(&error));
                    }
                }
                Err(_) => {
                    beyond = beyond.saturating_add(out.len());
                    if beyond > shared.acceptor.letter_bytes() {
                        return Err(Ends::Wrong("the letter has no end"));
                    }
                }
            }
            if done {
                break;
            }
        }
        let fault = match data.fault() {
            None => return Ok(letter),
            Some(DataFault::BareLineEnd) => "ends with CR or LF alone",
            Some(DataFault::LongLine) => "is too long",
        };
        Ok(Err(format!("554 5.6.0 a line of the letter {fault}\r\n")))
    }

    async fn accept(&self, letter: Arriving) -> String {
        match letter.finish().await {
            Ok(letter) => {
                self.shared.activity.accepted();
                self.shared.activity.well();
                let (id, bytes) = (letter.id, letter.bytes);
                info!(letter = %id, bytes, tls = self.encrypted, "taken by mail");
                format!("250 2.6.0 accepted as {id}\r\n")
            }
            Err(error) => self.refusal(&error),
        }
    }

    /// What the client hears of a letter that is not taken.
    fn refusal(&self, error: &AcceptError) -> String {
        match error {
            AcceptError::TooLarge { .. } => "552 5.3.4 the letter is too large\r\n".to_owned(),
            AcceptError::NoRoom => {
                self.shared.activity.broke_off("no-room", &error.to_string());
                "452 4.3.1 too many letters at once, come again\r\n".to_owned()
            }
            error if error.is_final() => format!("554 5.6.0 {error}\r\n"),
            error => {
                self.shared.activity.trouble("not-taken", error);
                "451 4.3.0 letters cannot be kept now, come again\r\n".to_owned()
            }
        }
    }
}

fn syntax(error: &Syntax) -> &'static str {
    match error {
        Syntax::UnknownCommand => "500 5.5.1 no such command\r\n",
        Syntax::InvalidSenderAddress => "501 5.1.7 no such address\r\n",
        Syntax::InvalidRecipientAddress => "501 5.1.3 no such address\r\n",
        Syntax::UnsupportedParameter { .. } => "555 5.5.4 a parameter is not served here\r\n",
        _ => "501 5.5.2 the command is not complete\r\n",
    }
}
