//! What arrives behind a mail server is what was sent, whatever the letter holds.

use crate::common::lenient::{Lenient, Manners};
use crate::common::{ADDRESS, MEMO, deliverer, item, mail};
use mail_parser::{MessageParser, MimeHeaders};
use postbud_letter::Limits;
use postbud_pipeline::ports::Target as _;
use postbud_testkit::SmtpServer;

/// Delivers `raw` through the strict server and returns what it got.
async fn through(raw: &[u8]) -> (Vec<u8>, Vec<String>) {
    let server = SmtpServer::start().unwrap();
    deliverer(server.port()).deliver(&item("o-1", raw)).await.unwrap();
    let mut mails = server.mails();
    assert_eq!(mails.len(), 1);
    let mail = mails.remove(0);
    assert_eq!(mail.from, "postbud@klitkobing.dk");
    assert_eq!(mail.recipients, [ADDRESS]);
    assert_eq!(mail.helo, "klitkobing.dk");
    (mail.data, mail.parameters)
}

/// The only attachment of a carrying mail.
fn carried(data: &[u8]) -> Vec<u8> {
    assert!(data.is_ascii());
    let parsed = MessageParser::new().parse(data).unwrap();
    assert_eq!(parsed.attachment_count(), 1);
    let part = parsed.attachment(0).unwrap();
    assert_eq!(part.attachment_name(), Some("original.eml"));
    part.contents().to_vec()
}

#[tokio::test]
async fn a_mail_arrives_untouched_behind_its_trace() {
    let raw = mail("Hej\r\n\r\n.\r\n..\r\n.x\r\nVenlig hilsen\r\n\r\n");
    let (data, parameters) = through(&raw).await;
    assert!(data.ends_with(&raw));
    assert!(data.starts_with(b"X-Postbud-Letter: "));
    assert_eq!(parameters, Vec::<String>::new());
}

#[tokio::test]
async fn a_mail_without_a_last_line_end_gets_one() {
    let raw = mail("sidste linje");
    let (data, _) = through(&raw).await;
    assert!(data.ends_with(&[&raw[..], b"\r\n"].concat()));
}

#[tokio::test]
async fn lf_becomes_crlf_when_all_lines_end_so() {
    let raw = mail("a\r\n.\r\nb\r\n");
    let unix: Vec<u8> = raw.iter().copied().filter(|&b| b != b'\r').collect();
    let (data, _) = through(&unix).await;
    assert!(data.ends_with(&raw));
}

#[tokio::test]
async fn eight_bit_mail_is_announced_and_untouched() {
    let raw = mail("Blåbærgrød på Strandvej\r\n");
    let (data, parameters) = through(&raw).await;
    assert!(data.ends_with(&raw));
    assert_eq!(parameters, ["BODY=8BITMIME"]);
}

#[tokio::test]
async fn eight_bit_mail_is_carried_where_the_server_wants_ascii() {
    let server = Lenient::start(Manners::default());
    let raw = mail("Blåbærgrød\r\n");
    deliverer(server.port).deliver(&item("o-1", &raw)).await.unwrap();
    assert_eq!(carried(&server.messages()[0]), raw);
}

#[tokio::test]
async fn long_lines_nuls_and_mixed_line_ends_are_carried() {
    let long = format!("{}\r\n", "x".repeat(999));
    for body in [long.as_str(), "a\0b\r\n", "a\nb\r\n", "a\rb\r\n"] {
        let raw = mail(body);
        let (data, _) = through(&raw).await;
        assert_eq!(carried(&data), raw, "{body:?}");
    }
}

#[tokio::test]
async fn a_letter_cannot_smuggle_a_second_one() {
    let payload = "MAIL FROM:<evil@example.org>\r\nRCPT TO:<chef@klitkobing.dk>\r\nDATA\r\n\
                   Subject: falsk\r\n\r\nudbetal straks\r\n.\r\nQUIT\r\n";
    for end in
        ["\n.\r\n", "\r\n.\n", "\n.\n", "\r.\r\n", "\r\n.\r", "\r\n.\r\n", "\n\n.\r\n", "\0\n.\n"]
    {
        let raw = mail(&format!("a{end}{payload}"));
        let server = Lenient::start(Manners { extensions: &["8BITMIME"], ..Manners::default() });
        deliverer(server.port).deliver(&item("o-1", &raw)).await.unwrap();
        assert_eq!(server.messages().len(), 1, "{end:?}");
        let commands = server.commands().join("\n");
        assert!(!commands.contains("evil") && !commands.contains("chef"), "{end:?}: {commands}");
    }
}

#[tokio::test]
async fn headers_cannot_smuggle_either() {
    // A lone LF in the header: the line after it must not become a header of the carrying mail.
    let raw = b"Subject: x\nBcc: evil@example.org\r\nFrom: a@b.dk\r\n\r\nhej\r\n";
    let (data, _) = through(raw).await;
    let parsed = MessageParser::new().parse(&data).unwrap();
    assert!(parsed.bcc().is_none());
    assert_eq!(carried(&data), raw);
}

#[tokio::test]
async fn a_letter_from_digital_post_arrives_with_its_documents() {
    let raw = MEMO.as_bytes();
    let (data, parameters) = through(raw).await;
    assert_eq!(parameters, Vec::<String>::new());
    let parsed = MessageParser::new().parse(&data).unwrap();
    let letter = postbud_letter::read(raw, &Limits::default());
    let attached: Vec<&[u8]> =
        parsed.attachments().map(mail_parser::MessagePart::contents).collect();
    let mut expected: Vec<&[u8]> = letter.documents.iter().map(|d| &d.bytes[..]).collect();
    expected.push(raw);
    assert_eq!(attached, expected);
    assert!(parsed.body_text(0).unwrap().contains("Vi vil gerne have Ida i børnehaven"));
    assert_eq!(parsed.message_id(), Some("postbud.o-1@klitkobing.dk"));
}

#[tokio::test]
async fn every_attempt_sends_the_same_bytes() {
    for raw in [mail("hej\r\n"), MEMO.as_bytes().to_vec(), mail("a\nb\r\n")] {
        assert_eq!(through(&raw).await, through(&raw).await);
    }
}
