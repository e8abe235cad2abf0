//! The SMTP sink over a plain socket.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use postbud_testkit::{Failure, SmtpServer, Step};

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(server: &SmtpServer) -> Self {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(BufReader::new(stream))
    }

    fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// The code of the next reply, or `None` when the server has closed.
    fn reply(&mut self) -> Option<u16> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap_or(0) == 0 {
                return None;
            }
            if line.as_bytes().get(3) == Some(&b' ') {
                return line[..3].parse().ok();
            }
        }
    }

    fn says(&mut self, text: &str) -> Option<u16> {
        self.send(text);
        self.reply()
    }

    fn envelope(&mut self) {
        assert_eq!(self.reply(), Some(220));
        assert_eq!(self.says("EHLO test\r\n"), Some(250));
        assert_eq!(self.says("MAIL FROM:<a@b.dk> BODY=8BITMIME\r\n"), Some(250));
        assert_eq!(self.says("RCPT TO:<c@d.dk>\r\n"), Some(250));
        assert_eq!(self.says("DATA\r\n"), Some(354));
    }
}

#[test]
fn a_message_is_kept_with_its_envelope() {
    let server = SmtpServer::start().unwrap();
    let mut client = Client::connect(&server);
    client.envelope();
    assert_eq!(client.says("Subject: Hej\r\n\r\n..et punktum\r\n.\r\n"), Some(250));
    let mails = server.wait_for(1, Duration::from_secs(20)).unwrap();
    assert_eq!(mails[0].from, "a@b.dk");
    assert_eq!(mails[0].recipients, ["c@d.dk"]);
    assert_eq!(mails[0].parameters, ["BODY=8BITMIME"]);
    assert_eq!(mails[0].data, b"Subject: Hej\r\n\r\n.et punktum\r\n");
    assert!(!mails[0].tls);
    assert_eq!(client.says("QUIT\r\n"), Some(221));
}

#[test]
fn a_dot_after_a_bare_line_feed_ends_nothing() {
    let server = SmtpServer::start().unwrap();
    let mut client = Client::connect(&server);
    client.envelope();
    assert_eq!(client.says("a\n.\r\nMAIL FROM:<evil@b.dk>\r\n.\r\n"), Some(250));
    assert_eq!(server.mails().len(), 1);
    assert_eq!(server.mails()[0].data, b"a\n.\r\nMAIL FROM:<evil@b.dk>\r\n");
}

#[test]
fn commands_may_come_all_at_once() {
    let server = SmtpServer::start().unwrap();
    let mut client = Client::connect(&server);
    client.send("EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.dk>\r\nRCPT TO:<c@d.dk>\r\nDATA\r\n");
    let replies: Vec<_> = (0..6).map(|_| client.reply()).collect();
    assert_eq!(replies, [Some(220), Some(250), Some(250), Some(250), Some(250), Some(354)]);
    assert_eq!(client.says("x\r\n.\r\n"), Some(250));
    assert_eq!(server.mails()[0].recipients.len(), 2);
}

#[test]
fn failures_happen_where_they_were_asked_for_and_once() {
    let server = SmtpServer::start().unwrap();
    server.fail_once(Step::Recipient, Failure::Reply(451, "4.3.0 later".into()));
    server.fail_once(Step::Message, Failure::Close);
    server.fail_once(Step::Message, Failure::KeepAndClose);
    let mut client = Client::connect(&server);
    assert_eq!(client.reply(), Some(220));
    client.says("EHLO x\r\n");
    client.says("MAIL FROM:<>\r\n");
    assert_eq!(client.says("RCPT TO:<a@b.dk>\r\n"), Some(451));
    assert_eq!(client.says("RCPT TO:<a@b.dk>\r\n"), Some(250));
    assert_eq!(client.says("DATA\r\n"), Some(354));
    assert_eq!(client.says("half of it\r\n"), None);
    assert!(server.mails().is_empty());

    let mut client = Client::connect(&server);
    client.envelope();
    assert_eq!(client.says("all of it\r\n.\r\n"), None);
    assert_eq!(server.mails().len(), 1);

    let mut client = Client::connect(&server);
    client.envelope();
    assert_eq!(client.says("all of it\r\n.\r\n"), Some(250));
    assert_eq!(server.sessions(), 3);
}

#[test]
fn a_standing_failure_stands_until_recovery() {
    let server = SmtpServer::start().unwrap();
    server.fail_always(Step::Connect, Failure::Reply(421, "4.3.2 closed".into()));
    assert_eq!(Client::connect(&server).reply(), Some(421));
    assert_eq!(Client::connect(&server).reply(), Some(421));
    server.recover();
    assert_eq!(Client::connect(&server).reply(), Some(220));
}
