//! A draft as MeMo 1.2.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_xml::escape::escape;

use super::{Draft, one_line, uuid_of};
use crate::memo::NAMESPACE;

/// The draft as a MeMo 1.2 message, with the prefix `memo:` that receivers insist on.
#[must_use]
pub fn to_memo_1_2(draft: &Draft) -> Vec<u8> {
    let mut xml = Xml::default();
    xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.raw(&format!("<memo:Message xmlns:memo=\"{NAMESPACE}\" memoVersion=\"1.2\">"));
    xml.element("MessageHeader", |xml| header(xml, draft));
    xml.element("MessageBody", |xml| body(xml, draft));
    xml.raw("\n</memo:Message>\n");
    xml.text.into_bytes()
}

fn header(xml: &mut Xml, draft: &Draft) {
    xml.value("messageType", "DIGITALPOST");
    xml.value("messageUUID", &uuid_of(&draft.id));
    xml.value("label", &one_line(&draft.subject, 256));
    xml.value("mandatory", "false");
    xml.value("legalNotification", "false");
    xml.element("Sender", |xml| {
        xml.value("senderID", &draft.sender_cpr);
        xml.value("idType", "CPR");
        xml.value("label", &one_line(&draft.sender_name, 256));
    });
    xml.element("Recipient", |xml| {
        xml.value("recipientID", &draft.recipient_cvr);
        xml.value("idType", "CVR");
        xml.value("label", &one_line(&draft.recipient_name, 256));
        if draft.contact_point.is_some() {
            xml.element("ContactPoint", |xml| contact_point(xml, draft));
        }
    });
}

fn contact_point(xml: &mut Xml, draft: &Draft) {
    let Some(point) = &draft.contact_point else {
        return;
    };
    if let Some(group) = &point.group {
        xml.value("contactGroup", &one_line(group, 256));
    }
    xml.value("contactPointID", &one_line(&point.id, 256));
    if let Some(label) = &point.label {
        xml.value("label", &one_line(label, 256));
    }
    for info in point.info.iter().take(2) {
        xml.element("ContactInfo", |xml| {
            xml.value("label", &one_line(&info.label, 256));
            xml.value("value", &one_line(&info.value, 256));
        });
    }
}

fn body(xml: &mut Xml, draft: &Draft) {
    xml.value("createdDateTime", &iso_8601(draft.sent_at));
    xml.element("MainDocument", |xml| {
        xml.element("File", |xml| {
            xml.value("encodingFormat", "text/plain");
            xml.value("filename", "besked.txt");
            xml.value("language", "da");
            xml.value("content", &STANDARD.encode(&draft.body));
        });
    });
}

/// `2026-11-05T10:12:00Z`; a moment that no calendar has becomes 1970.
fn iso_8601(ms: i64) -> String {
    let moment = jiff::Timestamp::from_second(ms.div_euclid(1000)).unwrap_or_default();
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Indented XML text.
#[derive(Default)]
struct Xml {
    text: String,
    depth: usize,
}

impl Xml {
    fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.depth + 1));
    }

    fn value(&mut self, name: &str, value: &str) {
        self.line();
        self.raw(&format!("<memo:{name}>{}</memo:{name}>", escape(value)));
    }

    fn element(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.line();
        self.raw(&format!("<memo:{name}>"));
        self.depth += 1;
        fill(self);
        self.depth -= 1;
        self.line();
        self.raw(&format!("</memo:{name}>"));
    }
}
