//! A whole MeMo message to a letter.

use super::source::Source;
use super::xml::{Node, Piece, Space::Memo, Xml};
use super::{Correspondent, Header, MessageType, Moment, document, fill};
use crate::body_text::{self, BodyText};
use crate::{
    Channel, Defect, DefectKind, Document, DocumentRole, Letter, LetterId, Limits, Party, Text,
    hash, tidy,
};

/// Is this a MeMo message: a root `Message` in MeMo's namespace, whatever its prefix?
pub(crate) fn is_message(source: &Source<'_>, limits: &Limits) -> bool {
    let mut xml = Xml::new(source, limits);
    loop {
        match xml.next() {
            Piece::Start(name) => return name.is(Memo, "Message"),
            Piece::Text(..) => {}
            Piece::End | Piece::Eof => return false,
        }
    }
}

/// Reads a message. With `head_only`, its body is left unread.
pub(crate) fn read(raw: &[u8], source: &Source<'_>, limits: &Limits, head_only: bool) -> Letter {
    let mut xml = Xml::new(source, limits);
    let mut message = Message::default();
    while let Piece::Start(_) | Piece::Text(..) | Piece::End = message.step(&mut xml, limits) {
        if head_only && message.header.is_some() {
            xml.stop();
        }
    }
    message.header_version = (xml.version.take(), xml.schema_version.take());
    let mut defects = xml.defects;
    defects.append(&mut message.defects);
    let body_expected = !head_only;
    let header = message.header(body_expected, &mut defects);
    letter(raw, header, message.documents, defects, limits)
}

/// Reads the header of a message of which the beginning is there; `None` when the header is not there to its end.
pub(crate) fn header(source: &Source<'_>, limits: &Limits) -> Option<Header> {
    let mut xml = Xml::new(source, limits);
    let mut message = Message::default();
    while message.header.is_none() {
        if matches!(message.step(&mut xml, limits), Piece::Eof) {
            return None;
        }
    }
    // Where the bytes end inside the header, nothing follows it.
    if matches!(xml.next(), Piece::Eof) {
        return None;
    }
    Some(message.header(false, &mut Vec::new()))
}

/// The parts of a message as they come.
#[derive(Default)]
struct Message {
    header: Option<Node>,
    header_version: (Option<String>, Option<String>),
    has_body: bool,
    created: Option<String>,
    documents: Vec<(Document, Option<String>)>,
    files: usize,
    actions: Vec<super::Action>,
    defects: Vec<Defect>,
}

impl Message {
    /// Takes in the next piece at the level of the message or its body.
    fn step<'s>(&mut self, xml: &mut Xml<'s>, limits: &Limits) -> Piece<'s> {
        let piece = xml.next();
        let Piece::Start(name) = &piece else {
            return piece;
        };
        match name.local.as_str() {
            // The two frames: their children come next.
            "Message" if name.space == Memo => {}
            "MessageBody" if name.space == Memo => self.has_body = true,
            "MessageHeader" if name.space == Memo && self.header.is_none() => {
                self.header = Some(xml.element(name.clone()));
            }
            "createdDateTime" if name.space == Memo && self.has_body => {
                self.created = Some(xml.element(name.clone()).text.trim().to_owned());
            }
            local if name.space == Memo && self.has_body => match document::role(local) {
                Some(role) => self.document(xml, name.clone(), role, limits),
                None => xml.skip(),
            },
            _ => xml.skip(),
        }
        piece
    }

    fn document(
        &mut self,
        xml: &mut Xml<'_>,
        name: super::xml::Name,
        role: DocumentRole,
        limits: &Limits,
    ) {
        self.files += 1;
        if self.files > limits.parts {
            if self.files == limits.parts + 1 {
                xml.note(DefectKind::TooManyParts);
            }
            return xml.skip();
        }
        let node = xml.element(name);
        let room = limits.parts.saturating_sub(self.actions.len());
        self.actions.extend(node.all(Memo, "Action").take(room).map(fill::action));
        let room = limits.parts.saturating_sub(self.documents.len());
        let documents = document::documents(node, role, limits.field_bytes, &mut self.defects);
        self.documents.extend(documents.into_iter().take(room));
    }

    fn header(&mut self, body_expected: bool, defects: &mut Vec<Defect>) -> Header {
        let mut header = Header::default();
        (header.version, header.schema_version) = std::mem::take(&mut self.header_version);
        header.created = self.created.take().filter(|text| !text.is_empty()).map(Moment::parse);
        header.actions = std::mem::take(&mut self.actions);
        match &self.header {
            Some(node) => fill_header(node, &mut header, defects),
            None => defects.push(Defect::whole(DefectKind::MissingElement)),
        }
        let letter = header.message_type != Some(MessageType::NemSms);
        let main = self.documents.iter().any(|(document, _)| document.role == DocumentRole::Main);
        if body_expected && letter && !main && self.header.is_some() {
            defects.push(Defect::whole(DefectKind::MissingElement));
        }
        if header.created.as_ref().is_some_and(|created| !created.is_valid()) {
            defects.push(Defect::whole(DefectKind::InvalidValue));
        }
        header
    }
}

fn fill_header(node: &Node, header: &mut Header, defects: &mut Vec<Defect>) {
    let mut flag = |local| match node.value(Memo, local).as_deref() {
        None | Some("false" | "0") => false,
        Some("true" | "1") => true,
        Some(_) => {
            defects.push(Defect::whole(DefectKind::InvalidValue));
            false
        }
    };
    header.reply = flag("reply");
    header.mandatory = flag("mandatory");
    header.legal_notification = flag("legalNotification");
    let message_type = node.value(Memo, "messageType");
    header.message_type = message_type.as_deref().and_then(fill::message_type);
    header.message_uuid = node.value(Memo, "messageUUID");
    header.message_id = node.value(Memo, "messageID");
    header.message_code = node.value(Memo, "messageCode");
    header.label = node.value(Memo, "label");
    header.notification = node.value(Memo, "notification");
    header.additional_notification = node.value(Memo, "additionalNotification");
    header.reply_by = node.value(Memo, "replyByDateTime").map(Moment::parse);
    header.do_not_deliver_until = node.value(Memo, "doNotDeliverUntilDate");
    header.post_type = node.value(Memo, "postType");
    let sender = node.get(Memo, "Sender");
    let recipient = node.get(Memo, "Recipient");
    header.sender = sender.map(|s| fill::correspondent(s, "senderID")).unwrap_or_default();
    header.recipient = recipient.map(|r| fill::correspondent(r, "recipientID")).unwrap_or_default();
    header.content = node.get(Memo, "ContentData").map(fill::content).unwrap_or_default();
    header.forward = node.get(Memo, "ForwardData").map(fill::forward);
    header.replies = node.all(Memo, "ReplyData").map(fill::reply).collect();

    if message_type.is_some() && header.message_type.is_none() {
        defects.push(Defect::whole(DefectKind::InvalidValue));
    }
    if header.reply_by.as_ref().is_some_and(|moment| !moment.is_valid()) {
        defects.push(Defect::whole(DefectKind::InvalidValue));
    }
    if header.label.is_none() || sender.is_none() || recipient.is_none() {
        defects.push(Defect::whole(DefectKind::MissingElement));
    }
}

/// The id that a message carries, where it is one.
pub(crate) fn own_id(header: &Header) -> Option<LetterId> {
    header.message_uuid.as_deref().and_then(uuid_v4).map(LetterId::trusted)
}

fn letter(
    raw: &[u8],
    header: Header,
    documents: Vec<(Document, Option<String>)>,
    mut defects: Vec<Defect>,
    limits: &Limits,
) -> Letter {
    let id = own_id(&header).unwrap_or_else(|| {
        let missing = header.message_uuid.is_none();
        let kind = if missing { DefectKind::MissingElement } else { DefectKind::InvalidValue };
        defects.push(Defect::whole(kind));
        hash::letter_id_of_bytes(raw)
    });
    let mut letter = Letter::blank(id, Channel::DigitalPost);
    letter.subject = tidy::line(header.label.as_deref().unwrap_or_default(), limits.field_bytes);
    letter.sender = party(&header.sender);
    letter.recipient = party(&header.recipient);
    letter.sent_at = header.created.as_ref().and_then(|created| created.at);
    letter.defects = defects;
    let main = take_text(&mut letter, documents, limits);
    letter.text = text(&header, main);
    letter.memo = Some(Box::new(header));
    letter
}

/// Keeps the documents, but for a main document that is text: that text is returned.
fn take_text(
    letter: &mut Letter,
    documents: Vec<(Document, Option<String>)>,
    limits: &Limits,
) -> String {
    let mut main = None;
    for (document, charset) in documents {
        if main.is_none() && document.role == DocumentRole::Main {
            let read = body_text::read(
                &document.bytes,
                &document.media_type,
                charset.as_deref(),
                limits.text_bytes,
            );
            if let Some(BodyText { text, cut, broken }) = read {
                if broken {
                    letter.defects.push(Defect::whole(DefectKind::BrokenCharset));
                }
                if cut {
                    letter.defects.push(Defect::whole(DefectKind::TextCut));
                    letter.documents.push(document);
                }
                main = (!text.is_empty()).then_some(text);
                continue;
            }
        }
        letter.documents.push(document);
    }
    main.unwrap_or_default()
}

/// What is new in a message, and what it passes on: a forwarded letter is someone else's words.
fn text(header: &Header, main: String) -> Text {
    if let Some(forward) = &header.forward {
        return Text { new: forward.comment.clone().unwrap_or_default(), quoted: main };
    }
    if !main.is_empty() {
        return Text { new: main, quoted: String::new() };
    }
    // A text message has no body; its words are in the notification.
    let notification = [&header.notification, &header.additional_notification];
    let lines: Vec<&str> = notification.into_iter().flatten().map(String::as_str).collect();
    Text { new: lines.join("\n"), quoted: String::new() }
}

fn party(correspondent: &Correspondent) -> Party {
    Party {
        id: correspondent.id.clone(),
        id_type: correspondent.id_type.clone(),
        label: correspondent.label.clone(),
        address: None,
        contact_point: correspondent.contact_point.clone(),
    }
}

/// A UUID of version 4 in lower case, which is what MeMo asks for.
fn uuid_v4(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        14 => byte == b'4',
        19 => matches!(byte, b'8' | b'9' | b'a' | b'b'),
        _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
    };
    (text.len() == 36 && text.bytes().enumerate().all(fits)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids() {
        let uuid = "8C2EA15D-61FB-4BA9-9366-42F8B194C114";
        assert_eq!(uuid_v4(uuid), Some(uuid.to_ascii_lowercase()));
        for text in [
            "8c2ea15d-61fb-1ba9-9366-42f8b194c114",
            "8c2ea15d-61fb-4ba9-c366-42f8b194c114",
            "8c2ea15d61fb4ba9936642f8b194c114",
            "8c2ea15d-61fb-4ba9-9366-42f8b194c11g",
            "",
        ] {
            assert_eq!(uuid_v4(text), None, "{text}");
        }
    }
}
