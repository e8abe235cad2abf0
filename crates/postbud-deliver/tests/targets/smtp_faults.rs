//! A mail server that refuses, hangs or goes away: what people read, and what happens next.

use std::fs;

use crate::common::lenient::{Lenient, Manners};
use crate::common::{
    ADDRESS, SUBJECT, deliverer, item, mail, mailbox, options, options_with, told,
};
use futures::future::join_all;
use postbud_decide::Target;
use postbud_deliver::{Deliverer, SmtpTls};
use postbud_pipeline::ports::{DeliveryError, Target as _};
use postbud_testkit::{Failure, SmtpServer, Step, free_port};

/// Delivers a letter to a server that fails once in this way.
async fn failing(step: Step, failure: Failure) -> (SmtpServer, Result<(), DeliveryError>) {
    let server = SmtpServer::start().unwrap();
    server.fail_once(step, failure);
    let options = options_with(server.port(), |smtp| smtp.timeout_ms = 1_000);
    let result = Deliverer::new(options).unwrap().deliver(&item("o-1", &mail("hej\r\n"))).await;
    (server, result)
}

fn reply(code: u16, text: &str) -> Failure {
    Failure::Reply(code, text.to_owned())
}

/// One line: final or not, and the text without the port.
fn line(server: &SmtpServer, result: Result<(), DeliveryError>) -> String {
    let (kind, text) = told(result);
    format!("{kind}: {}", text.replace(&server.port().to_string(), "PORT"))
}

#[tokio::test]
async fn refusals_say_whose_fault_it_is() {
    let mut lines = Vec::new();
    for (step, code, text) in [
        (Step::Connect, 554, "5.7.1 not from your address"),
        (Step::Connect, 421, "4.3.2 too busy"),
        (Step::Sender, 550, "5.7.1 <postbud@klitkobing.dk> may not send"),
        (Step::Sender, 552, "5.3.4 larger than 10485760"),
        (Step::Sender, 530, "5.7.0 authentication required"),
        (Step::Recipient, 450, "4.2.0 greylisted for 300 seconds"),
        (Step::Recipient, 550, "5.1.1 <vej@klitkobing.dk> unknown"),
        (Step::Data, 451, "4.3.0 later"),
        (Step::Data, 554, "5.5.1 no valid recipients"),
        (Step::Message, 452, "4.3.1 disk full"),
        (Step::Message, 554, "5.7.1 \"Hul i vejen\" is spam, CPR 010190-0000"),
    ] {
        let (server, result) = failing(step, reply(code, text)).await;
        lines.push(line(&server, result));
        assert!(server.mails().is_empty());
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn silence_and_broken_connections_are_tried_again() {
    let mut lines = Vec::new();
    for step in [Step::Connect, Step::Sender, Step::Recipient, Step::Data, Step::Message] {
        for failure in [Failure::Hang, Failure::Close] {
            let (server, result) = failing(step, failure.clone()).await;
            assert!(server.mails().is_empty(), "{step:?} {failure:?}");
            // How a reset looks depends on which packet comes first.
            let line = line(&server, result);
            assert!(
                line.starts_with("transient: vej cannot take letters now: localhost:PORT")
                    || line.contains("the connection to localhost:PORT broke"),
                "{line}"
            );
            if failure == Failure::Hang {
                lines.push(format!("{step:?}: {line}"));
            }
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn a_lost_answer_gives_a_duplicate_that_can_be_recognised() {
    let server = SmtpServer::start().unwrap();
    server.fail_once(Step::Message, Failure::KeepAndClose);
    let deliverer = deliverer(server.port());
    let item = item("o-1", &mail("hej\r\n"));
    assert_eq!(told(deliverer.deliver(&item).await).0, "transient");
    deliverer.deliver(&item).await.unwrap();
    let mails = server.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].data, mails[1].data);
    assert!(
        String::from_utf8_lossy(&mails[0].data)
            .contains("X-Postbud-Delivery: <postbud.o-1@klitkobing.dk>\r\n")
    );
}

#[tokio::test]
async fn a_letter_that_timed_out_does_not_spoil_the_next() {
    let server = SmtpServer::start().unwrap();
    let options = options_with(server.port(), |smtp| {
        smtp.timeout_ms = 1_000;
        smtp.connections = 1;
    });
    let deliverer = Deliverer::new(options).unwrap();
    deliverer.deliver(&item("o-1", &mail("et\r\n"))).await.unwrap();
    for step in [Step::Sender, Step::Data, Step::Message] {
        server.fail_once(step, Failure::Hang);
        assert_eq!(told(deliverer.deliver(&item("o-2", &mail("to\r\n"))).await).0, "transient");
    }
    let before = server.mails().len();
    for n in 0..3 {
        deliverer.deliver(&item(&format!("n-{n}"), &mail(&format!("nr. {n}\r\n")))).await.unwrap();
    }
    let mails = server.mails();
    assert_eq!(mails.len(), before + 3);
    assert!(mails.last().unwrap().data.ends_with(b"nr. 2\r\n"));
}

#[tokio::test]
async fn connections_are_kept_and_replaced_when_they_die() {
    let server = Lenient::start(Manners { messages_max: Some(2), ..Manners::default() });
    let deliverer = deliverer(server.port);
    for n in 0..4 {
        deliverer.deliver(&item(&format!("o-{n}"), &mail("hej\r\n"))).await.unwrap();
    }
    assert_eq!(server.messages().len(), 4);
    assert_eq!(server.connections(), 2);
    deliverer.close().await;
    assert_eq!(told(deliverer.deliver(&item("o-9", &mail("hej\r\n"))).await).0, "transient");
}

#[tokio::test]
async fn no_more_connections_than_allowed() {
    let server = SmtpServer::start().unwrap();
    let options = options_with(server.port(), |smtp| smtp.connections = 2);
    let deliverer = Deliverer::new(options).unwrap();
    let items: Vec<_> = (0..12).map(|n| item(&format!("o-{n}"), &mail("hej\r\n"))).collect();
    let results = join_all(items.iter().map(|item| deliverer.deliver(item))).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(server.mails().len(), 12);
    assert!(server.sessions() <= 2, "{}", server.sessions());
}

#[tokio::test]
async fn without_starttls_nothing_is_sent() {
    let server = Lenient::start(Manners { extensions: &["AUTH PLAIN"], ..Manners::default() });
    let options = options_with(server.port, |smtp| {
        smtp.tls = SmtpTls::Starttls;
        smtp.user = Some("postbud".to_owned());
        smtp.password = Some("hemmelig".to_owned());
    });
    let result = Deliverer::new(options).unwrap().deliver(&item("o-1", &mail("hej\r\n"))).await;
    let (kind, text) = told(result);
    assert_eq!(kind, "transient");
    assert!(text.contains("does not offer STARTTLS"), "{text}");
    assert!(server.commands().iter().all(|c| c.starts_with("EHLO") || c == "QUIT"));
}

#[tokio::test]
async fn starttls_protects_the_letter_when_the_certificate_is_trusted() {
    let server = SmtpServer::start_with_tls().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, server.certificate_pem().unwrap()).unwrap();
    let trusting = options_with(server.port(), |smtp| {
        smtp.tls = SmtpTls::Starttls;
        smtp.ca = Some(ca);
    });
    let deliverer = Deliverer::new(trusting).unwrap();
    deliverer.deliver(&item("o-1", &mail("hej\r\n"))).await.unwrap();
    assert!(server.mails()[0].tls);
    assert!(server.mails()[0].data.ends_with(&mail("hej\r\n")));

    let wary = options_with(server.port(), |smtp| smtp.tls = SmtpTls::Starttls);
    let result = Deliverer::new(wary).unwrap().deliver(&item("o-2", &mail("hej\r\n"))).await;
    let (kind, text) = told(result);
    assert_eq!(kind, "transient");
    assert!(text.contains("certificate"), "{text}");
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn a_refused_sign_in_says_what_to_check() {
    let server = Lenient::start(Manners {
        extensions: &["AUTH PLAIN LOGIN"],
        auth: Some("535 5.7.8 no such user postbud"),
        ..Manners::default()
    });
    let options = options_with(server.port, |smtp| {
        smtp.user = Some("postbud".to_owned());
        smtp.password = Some("hemmelig".to_owned());
    });
    let result = Deliverer::new(options).unwrap().deliver(&item("o-1", &mail("hej\r\n"))).await;
    let (kind, text) = told(result);
    assert_eq!(kind, "transient");
    assert!(text.contains("535") && text.contains("check smtp.user and smtp.password"), "{text}");
    assert!(!text.contains("hemmelig"));
    assert!(server.messages().is_empty());
}

#[tokio::test]
async fn an_address_with_danish_letters_needs_a_server_that_takes_it() {
    let with_address = |port| {
        let mut options = options(port);
        let address = "børn@klitkobing.dk".to_owned();
        options.mailboxes = vec![mailbox("vej", Some(Target::Smtp { address }))];
        Deliverer::new(options).unwrap()
    };
    let modern = SmtpServer::start().unwrap();
    with_address(modern.port()).deliver(&item("o-1", &mail("hej\r\n"))).await.unwrap();
    assert_eq!(modern.mails()[0].recipients, ["børn@klitkobing.dk"]);
    assert!(modern.mails()[0].parameters.contains(&"SMTPUTF8".to_owned()));

    let old = Lenient::start(Manners::default());
    let (kind, text) = told(with_address(old.port).deliver(&item("o-1", &mail("hej\r\n"))).await);
    assert_eq!(kind, "permanent");
    assert!(text.contains("takes no address with letters such as æ, ø, å"), "{text}");
}

#[tokio::test]
async fn no_server_at_all_is_tried_again() {
    let port = free_port().unwrap();
    let (kind, text) = told(deliverer(port).deliver(&item("o-1", &mail("hej\r\n"))).await);
    assert_eq!(kind, "transient");
    assert!(text.contains("cannot be reached: Connection refused"), "{text}");
}

#[tokio::test]
async fn an_error_holds_nothing_of_the_letter() {
    let echo = format!("5.7.1 {SUBJECT} from Jens <jens@example.org> via {ADDRESS} refused");
    let (_server, result) = failing(Step::Message, reply(554, &echo)).await;
    let error = result.unwrap_err();
    let (text, debug) = (error.to_string(), format!("{error:?}"));
    for secret in [SUBJECT, "jens@example.org", ADDRESS] {
        assert!(!text.contains(secret) && !debug.contains(secret), "{text} {debug}");
    }
}
