//! The mail listener, spoken to word by word.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use postbud_intake::{Identity, Room, Smtp, SmtpOptions};
use postbud_pipeline::{Stopper, stop_pair};
use postbud_testkit::Authority;
use rustls::pki_types::ServerName;
use support::{House, mail, tls_client, until};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

fn options() -> SmtpOptions {
    SmtpOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        lmtp: false,
        name: "in.klit.example".to_owned(),
        recipients: vec!["@klit.example".to_owned(), "main@other.example".to_owned()],
        clients: vec!["127.0.0.0/8".parse().unwrap()],
        identity: None,
        require_tls: false,
        max_recipients: 3,
        sessions: 4,
        idle: Duration::from_secs(2),
        deadline: Duration::from_secs(10),
    }
}

/// A running listener.
struct Served {
    address: SocketAddr,
    smtp: Arc<Smtp>,
    stopper: Stopper,
    task: tokio::task::JoinHandle<()>,
}

async fn serve(house: &House, options: SmtpOptions, room: Room) -> Served {
    let smtp = Arc::new(Smtp::open(options, room).await.unwrap());
    let (stopper, stop) = stop_pair();
    let (ours, acceptor) = (Arc::clone(&smtp), house.acceptor());
    let task = tokio::spawn(async move { ours.run(&acceptor, &stop).await });
    Served { address: smtp.address(), smtp, stopper, task }
}

/// A client that says what it is told.
struct Client<S>(BufReader<S>);

impl Client<TcpStream> {
    async fn connect(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    async fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).await.unwrap();
        self.0.get_mut().flush().await.unwrap();
    }

    /// The next reply, all its lines; empty when the connection is closed.
    async fn hear(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let mut line = String::new();
            let read = self.0.read_line(&mut line).await.unwrap_or(0);
            reply.push_str(&line);
            if read == 0 || line.as_bytes().get(3) != Some(&b'-') {
                return reply;
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.send(&format!("{line}\r\n")).await;
        self.hear().await
    }

    /// Says each line and compares how the reply begins.
    async fn talk(&mut self, lines: &[(&str, &str)]) {
        for (line, expected) in lines {
            let reply = self.say(line).await;
            assert!(reply.starts_with(expected), "{line:?}: {reply:?}");
        }
    }
}

async fn ready(address: SocketAddr) -> Client<TcpStream> {
    let mut client = Client::connect(address).await;
    assert!(client.hear().await.starts_with("220 in.klit.example ESMTP"));
    client
        .talk(&[("EHLO me", "250-in.klit.example\r\n250-PIPELINING\r\n250-SIZE 3145728\r\n")])
        .await;
    client
}

const ENVELOPE: [(&str, &str); 3] =
    [("MAIL FROM:<a@b.example>", "250"), ("RCPT TO:<post@KLIT.example>", "250"), ("DATA", "354")];

#[tokio::test]
async fn a_letter_is_accepted_when_it_is_durable_and_not_before() {
    let house = House::new().await;
    let served = serve(&house, options(), Room::new(16 << 20)).await;
    let mut client = ready(served.address).await;
    client.talk(&ENVELOPE).await;
    let letter = mail("one");
    assert!(client.say(&format!("{letter}.")).await.starts_with("250 2.6.0 accepted as sha-"));
    assert_eq!(house.letters().await, [letter.as_bytes()]);
    house.away(true);
    client.talk(&ENVELOPE).await;
    assert!(client.say(&format!("{letter}.")).await.starts_with("451 4.3.0"));
    assert_eq!(served.smtp.activity().reading().trouble, Some("not-taken"));
    house.away(false);
    client.talk(&ENVELOPE).await;
    assert!(client.say(&format!("{letter}.")).await.starts_with("250"));
    assert_eq!(served.smtp.activity().reading().trouble, None);
    assert_eq!(house.waiting().await, 1);
    // Said before the end of a message: nothing is taken.
    client.talk(&ENVELOPE).await;
    client.send("Subject: half\r\n\r\n").await;
    served.stopper.stop();
    assert!(client.hear().await.starts_with("421 4.3.2"));
    served.task.await.unwrap();
    assert_eq!(house.waiting().await, 1);
}

#[tokio::test]
async fn the_envelope_is_checked() {
    let house = House::new().await;
    let served = serve(&house, options(), Room::new(16 << 20)).await;
    let mut client = Client::connect(served.address).await;
    client.hear().await;
    client
        .talk(&[
            ("MAIL FROM:<a@b.example>", "503"),
            ("LHLO me", "500 5.5.1 begin with EHLO"),
            ("HELO me", "250 in.klit.example"),
            ("RCPT TO:<post@klit.example>", "503"),
            ("DATA", "503"),
            ("MAIL FROM:<a@b.example> SIZE=9999999", "552"),
            ("MAIL FROM:<>", "250"),
            ("MAIL FROM:<a@b.example>", "503"),
            ("DATA", "503"),
            ("RCPT TO:<post@elsewhere.example>", "550"),
            ("RCPT TO:<post@notklit.example>", "550"),
            ("RCPT TO:<Main@other.example>", "250"),
            ("RCPT TO:<a@klit.example>", "250"),
            ("RCPT TO:<b@klit.example>", "250"),
            ("RCPT TO:<c@klit.example>", "452 4.5.3"),
            ("RSET", "250"),
            ("DATA", "503"),
            ("STARTTLS", "502"),
            ("AUTH PLAIN AGEAYg==", "502"),
            ("VRFY a", "252"),
            ("NOOP", "250"),
            ("QUIT", "221"),
        ])
        .await;
    assert_eq!(client.hear().await, "");
}

#[tokio::test]
async fn a_letter_that_does_not_come_to_its_end_is_told_so_and_counted() {
    let house = House::new().await;
    let hurried = SmtpOptions { deadline: Duration::from_millis(300), ..options() };
    let served = serve(&house, hurried, Room::new(16 << 20)).await;
    let mut client = ready(served.address).await;
    client.say("MAIL FROM:<a@b.example>").await;
    client.say("RCPT TO:<post@klit.example>").await;
    assert!(client.say("DATA").await.starts_with("354"));
    client.send("Subject: x\r\n\r\nEn linje, og s\u{e5}").await;
    assert!(client.hear().await.starts_with("421 4.4.2"));
    assert_eq!(client.hear().await, "");
    let reading = served.smtp.activity().reading();
    assert_eq!((reading.failures, reading.trouble), (1, None));
    assert_eq!(house.waiting().await, 0);
}

#[tokio::test]
async fn what_breaks_the_protocol_is_ended() {
    let house = House::new().await;
    let served = serve(&house, options(), Room::new(16 << 20)).await;
    let mut client = ready(served.address).await;
    client.send("NOOP\n").await;
    assert!(client.hear().await.starts_with("500 5.5.2 a command ends"));
    assert_eq!(client.hear().await, "");
    let mut client = ready(served.address).await;
    client.send(&"x".repeat(10_000)).await;
    assert!(client.hear().await.starts_with("500 5.5.2 the command is too long"));
    // As a page in a browser could send it.
    let mut client = Client::connect(served.address).await;
    client.hear().await;
    for _ in 0..9 {
        assert!(client.say("GET / HTTP/1.1").await.starts_with("500"));
    }
    assert!(client.say("GET / HTTP/1.1").await.contains("too many"));
    // The message before it was asked for.
    let mut client = ready(served.address).await;
    client.talk(&ENVELOPE[..2]).await;
    client.send("DATA\r\nSubject: x\r\n\r\n.\r\n").await;
    assert!(client.hear().await.starts_with("500 5.5.2 the message comes after"));
    // Silence.
    let mut client = ready(served.address).await;
    assert_eq!(client.hear().await, "");
    assert_eq!(house.waiting().await, 0);
}

#[tokio::test]
async fn letters_that_cannot_be_taken_are_refused_and_the_session_goes_on() {
    let house = House::new().await;
    let served = serve(&house, options(), Room::new(2 << 20)).await;
    let mut client = ready(served.address).await;
    let line = format!("{}\r\n", "x".repeat(998));
    for (letter, expected) in [
        ("a\r\nb\nc\r\n.".to_owned(), "554 5.6.0 a line of the letter ends"),
        ("a\rb\r\n.".to_owned(), "554 5.6.0 a line of the letter ends"),
        (format!("{}\r\n.", "x".repeat(70_000)), "554 5.6.0 a line of the letter is too long"),
        (".".to_owned(), "554 5.6.0 it is empty"),
        (format!("{}.", line.repeat(3_200)), "452 4.3.1 too many letters"),
    ] {
        client.talk(&ENVELOPE).await;
        let reply = client.say(&letter).await;
        assert!(reply.starts_with(expected), "{reply}");
    }
    client.talk(&ENVELOPE).await;
    client.say("not even a mail\r\n.").await;
    assert_eq!(house.letters().await, [&b"not even a mail\r\n"[..]], "a person reads it");
    // What is told from its beginning does not have to fit into the memory for letters.
    let large = mail("stort") + &line.repeat(2_500);
    client.talk(&ENVELOPE).await;
    assert!(client.say(&format!("{large}.")).await.starts_with("250 2.6.0 accepted as sha-"));
    assert_eq!(house.letters().await, [large.as_bytes()]);
    let served = serve(&house, options(), Room::new(16 << 20)).await;
    let mut client = ready(served.address).await;
    client.talk(&ENVELOPE).await;
    assert!(client.say(&format!("{}.", line.repeat(3_200))).await.starts_with("552 5.3.4"));
    client.talk(&ENVELOPE).await;
    client.send(&line.repeat(3_200)).await;
    // Without an end the session does not go on.
    for _ in 0..4 {
        let _ = client.0.get_mut().write_all(line.repeat(1_000).as_bytes()).await;
    }
    assert_ne!(client.hear().await.get(..3), Some("250"));
    assert_eq!(house.waiting().await, 0);
}

#[tokio::test]
async fn lmtp_answers_for_each_recipient() {
    let house = House::new().await;
    let served = serve(&house, SmtpOptions { lmtp: true, ..options() }, Room::new(16 << 20)).await;
    let mut client = Client::connect(served.address).await;
    client.hear().await;
    client
        .talk(&[
            ("EHLO me", "500 5.5.1 begin with LHLO"),
            ("LHLO me", "250-"),
            ("MAIL FROM:<a@b.example>", "250"),
            ("RCPT TO:<a@klit.example>", "250"),
            ("RCPT TO:<a@elsewhere.example>", "550"),
            ("RCPT TO:<b@klit.example>", "250"),
            ("DATA", "354"),
        ])
        .await;
    client.send(&format!("{}.\r\nNOOP\r\n", mail("two"))).await;
    for expected in ["250 2.6.0", "250 2.6.0", "250 2.0.0"] {
        assert!(client.hear().await.starts_with(expected));
    }
    assert_eq!(house.letters().await.len(), 1, "one letter, whoever it was for");
}

#[tokio::test]
async fn starttls_encrypts_and_nothing_slips_in_before_it() {
    let house = House::new().await;
    let authority = Authority::new().unwrap();
    let issued = authority.issue("smtp").unwrap();
    let identity = Some(Identity { certificate: issued.certificate, key: issued.key });
    let options = SmtpOptions { identity, require_tls: true, ..options() };
    let served = serve(&house, options, Room::new(16 << 20)).await;
    let mut client = ready(served.address).await;
    client.talk(&[("MAIL FROM:<a@b.example>", "530"), ("STARTTLS", "220")]).await;
    let config = tls_client(&authority, None);
    let name = ServerName::try_from("localhost").unwrap();
    let stream = client.0.into_inner();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let mut client = Client(BufReader::new(stream));
    client.talk(&[("MAIL FROM:<a@b.example>", "503"), ("STARTTLS", "502")]).await;
    let reply = client.say("EHLO me").await;
    assert!(!reply.contains("STARTTLS"), "{reply}");
    client.talk(&ENVELOPE).await;
    assert!(client.say(&format!("{}.", mail("secret"))).await.starts_with("250"));
    let mut client = ready(served.address).await;
    client.send("STARTTLS\r\nNOOP\r\n").await;
    assert!(client.hear().await.starts_with("500 5.5.2 nothing may follow"));
    assert_eq!(house.waiting().await, 1);
}

#[tokio::test]
async fn strangers_and_crowds_are_turned_away() {
    let house = House::new().await;
    let clients = vec!["10.0.0.0/8".parse().unwrap()];
    let served = serve(&house, SmtpOptions { clients, ..options() }, Room::new(1 << 20)).await;
    assert!(Client::connect(served.address).await.hear().await.starts_with("554 5.7.1"));
    let few = SmtpOptions { sessions: 1, ..options() };
    let served = serve(&house, few, Room::new(1 << 20)).await;
    let first = ready(served.address).await;
    assert!(Client::connect(served.address).await.hear().await.starts_with("421 4.3.2"));
    drop(first);
    until("a free place", async || {
        Client::connect(served.address).await.hear().await.starts_with("220")
    })
    .await;
}
