//! Configurations and letters for the tests. Rules decide, so that no test hangs on the model.

use postbud_testkit::marks;

use crate::servers::Servers;

/// Where the shipped model is.
pub(crate) fn model() -> String {
    format!("{}/../../models/klitkobing", env!("CARGO_MANIFEST_DIR"))
}

/// Two mailboxes and the rules that lead to them; everything else is for a person.
pub(crate) fn mailboxes(by_mail: bool) -> String {
    let park = if by_mail { "smtp:park@klitkobing.example" } else { "maildir:mailboxes/vej-park" };
    format!(
        r#"
[[mailbox]]
id = "affald"
name = "Affald og Genbrug"
description = "Tømning, storskrald"
deliver = "maildir:mailboxes/affald"

[[mailbox]]
id = "vej-park"
name = "Vej, Park og Trafik"
description = "Veje og parker"
deliver = "{park}"

[[mailbox]]
id = "boern-familie"
name = "Børne- og Familieafdelingen"
description = "Underretninger"
tier = "must-not-miss"
deliver = "maildir:mailboxes/boern-familie"

[[mailbox]]
id = "andet"
name = "Andet"
description = "Hører ingen steder til"

[[rule]]
name = "Storskrald"
to = "affald"
when = {{ words = ["storskrald"] }}

[[rule]]
name = "Parkering"
to = "vej-park"
when = {{ words = ["parkering"] }}
"#
    )
}

/// Everything embedded.
pub(crate) fn embedded() -> String {
    format!(
        r#"
[store]
url = "sqlite:postbud.db"
[queue]
url = "embedded"
retry_delay_seconds = 1
[model]
path = "{}"
[delivery]
domain = "klitkobing.example"
{}"#,
        model(),
        mailboxes(false)
    )
}

/// RabbitMQ, PostgreSQL, and a mail server on loopback when there is a port.
pub(crate) fn production(servers: &Servers, smtp: Option<u16>) -> String {
    let smtp_table = smtp.map_or_else(String::new, |port| {
        format!(
            "[delivery.smtp]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
             from = \"postbud@klitkobing.example\"\n"
        )
    });
    format!(
        r#"
[store]
url = "{}"
[queue]
url = "{}"
prefix = "{}"
retry_delay_seconds = 1
[model]
path = "{}"
[delivery]
domain = "klitkobing.example"
first_retry_seconds = 1
{smtp_table}{}"#,
        servers.postgres,
        servers.amqp,
        servers.prefix,
        model(),
        mailboxes(smtp.is_some())
    )
}

/// Who writes: a mark.
fn writer() -> String {
    format!("{} <{}>", marks::NAME, marks::EMAIL)
}

/// Quoted, so that it is no part of what the letter asks for: the other marks.
fn quoted() -> String {
    format!("> {}", marks::line())
}

/// A mail with CRLF line ends, which bears marks as all letters do.
pub(crate) fn mail(subject: &str, text: &str) -> String {
    format!(
        "From: {}\r\nTo: kommunen@klitkobing.example\r\n\
         Subject: {subject}\r\nMessage-ID: <{}@borger.example>\r\n\
         Date: Mon, 23 Nov 2026 08:15:00 +0100\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         {text}\r\n\r\n{}\r\n",
        writer(),
        subject.replace(' ', "."),
        quoted()
    )
}

/// A mail with documents of these names.
pub(crate) fn mail_with(subject: &str, text: &str, documents: &[(&str, &[u8])]) -> Vec<u8> {
    let mut mail = format!(
        "From: {}\r\nTo: kommunen@klitkobing.example\r\n\
         Subject: {subject}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=graense\r\n\r\n\
         --graense\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n\r\n{}\r\n",
        writer(),
        quoted()
    )
    .into_bytes();
    for (name, bytes) in documents {
        let head = format!(
            "--graense\r\nContent-Type: application/octet-stream\r\n\
             Content-Disposition: attachment; filename=\"{name}\"\r\n\r\n"
        );
        mail.extend_from_slice(head.as_bytes());
        mail.extend_from_slice(bytes);
        mail.extend_from_slice(b"\r\n");
    }
    mail.extend_from_slice(b"--graense--\r\n");
    mail
}

/// A MeMo letter with this UUID and a text in base64, with marks in it and around it.
pub(crate) fn memo(uuid: &str, subject: &str, base64: &str) -> String {
    let (cpr, name, content) = (marks::CPR, marks::NAME, marks::quoted_in_base64(base64));
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<memo:Message xmlns:memo="https://DigitalPost.dk/MeMo-1" memoVersion="1.2">
  <memo:MessageHeader>
    <memo:messageType>DIGITALPOST</memo:messageType>
    <memo:messageUUID>{uuid}</memo:messageUUID>
    <memo:label>{subject}</memo:label>
    <memo:Sender><memo:senderID>{cpr}</memo:senderID><memo:idType>CPR</memo:idType><memo:label>{name}</memo:label></memo:Sender>
    <memo:Recipient><memo:recipientID>12345678</memo:recipientID><memo:idType>CVR</memo:idType></memo:Recipient>
  </memo:MessageHeader>
  <memo:MessageBody>
    <memo:createdDateTime>2026-11-23T07:15:00Z</memo:createdDateTime>
    <memo:MainDocument>
      <memo:File>
        <memo:encodingFormat>text/plain</memo:encodingFormat>
        <memo:filename>brev.txt</memo:filename>
        <memo:language>da</memo:language>
        <memo:content>{content}</memo:content>
      </memo:File>
    </memo:MainDocument>
  </memo:MessageBody>
</memo:Message>
"#
    )
}

/// [`memo`] that names this KLE subject and says nothing that a rule knows.
pub(crate) fn memo_about(uuid: &str, kle: &str) -> String {
    let content = format!(
        "<memo:ContentData><kle:KLEdata xmlns:kle=\"http://kle-online.dk/\">\
         <kle:subjectKey>{kle}</kle:subjectKey><kle:version>2026</kle:version>\
         <kle:activityFacet>G01</kle:activityFacet><kle:label>Emne</kle:label>\
         </kle:KLEdata></memo:ContentData>"
    );
    let end = "</memo:MessageHeader>";
    memo(uuid, "Brev fra en myndighed", GADELYGTE).replace(end, &format!("{content}{end}"))
}

/// `Gadelygten ved mit hus virker ikke.` in base64.
const GADELYGTE: &str = "R2FkZWx5Z3RlbiB2ZWQgbWl0IGh1cyB2aXJrZXIgaWtrZS4=";

/// `Hent mit storskrald, tak.` in base64.
pub(crate) const STORSKRALD: &str = "SGVudCBtaXQgc3RvcnNrcmFsZCwgdGFrLg==";
