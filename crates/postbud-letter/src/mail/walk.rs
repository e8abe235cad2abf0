//! The parts of a mail: walks the tree, with limits, and keeps the raw bytes of every text.
//!
//! Our own, though the mail library has one: with the library's, a hostile mail decides how many
//! parts are kept and how deep they nest, and text has lost its bytes before anyone can ask whether
//! the charset was true.

use super::delimiters::Delimiters;
use super::fields::Fields;
use super::head::Head;
use super::parameters::Parameters;
use super::transfer::Encoding;
use super::{flowed, quote, words};
use crate::body_text::{self, BodyText};
use crate::{Defect, DefectKind, Document, DocumentRole, Limits, memo, tidy};

/// Recursion never goes deeper, whatever the limits say.
const MOST_DEPTH: usize = 200;

/// Bytes of the mail, and where they stand in it; `None` within what had to be decoded first.
#[derive(Clone, Copy)]
pub(super) struct Slice<'r> {
    pub(super) bytes: &'r [u8],
    pub(super) at: Option<u64>,
}

impl<'r> Slice<'r> {
    fn cut(self, from: usize, to: usize) -> Self {
        let bytes = self.bytes.get(from..to).unwrap_or_default();
        Self { bytes, at: self.at.map(|at| at + from as u64) }
    }
}

/// What a part says.
#[derive(Default)]
pub(super) struct Said {
    /// Its own text, quotations and all.
    pub(super) text: String,
    /// The text of messages within it.
    pub(super) forwarded: String,
    is_html: bool,
}

/// Where in the tree a part stands.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    /// The only content of its message, not one part of several.
    sole: bool,
    /// In multipart/digest, a part without a type is a message.
    digest: bool,
}

/// A walk over one mail.
pub(super) struct Walk<'l> {
    limits: &'l Limits,
    parts: usize,
    text_left: usize,
    decode_left: usize,
    pub(super) documents: Vec<Document>,
    pub(super) defects: Vec<Defect>,
}

impl<'l> Walk<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            parts: 0,
            text_left: limits.text_bytes,
            decode_left: limits.letter_bytes,
            documents: Vec::new(),
            defects: Vec::new(),
        }
    }

    /// Everything below a message's header.
    pub(super) fn message(&mut self, fields: &Fields<'_>, body: Slice<'_>) -> Said {
        self.content(fields, body, Place { depth: 1, sole: true, digest: false })
    }

    /// A defect of a kind that one mention is enough for.
    fn note(&mut self, kind: DefectKind, position: Option<u64>) {
        if !self.defects.iter().any(|defect| defect.kind == kind) {
            self.defects.push(Defect { kind, position });
        }
    }

    /// A body that does not decode: every one is reported, since each is another document.
    fn note_fault(&mut self, fault: Option<u64>, body: Slice<'_>) {
        if let Some(offset) = fault {
            let position = body.at.map(|at| at + offset);
            self.defects.push(Defect { kind: DefectKind::BrokenBase64, position });
        }
    }

    fn part(&mut self, part: Slice<'_>, place: Place) -> Said {
        let fields = Fields::read(part.bytes, self.limits.field_bytes);
        let body = part.cut(fields.length, part.bytes.len());
        self.content(&fields, body, place)
    }

    fn content(&mut self, fields: &Fields<'_>, body: Slice<'_>, place: Place) -> Said {
        self.parts += 1;
        if self.parts > self.limits.parts {
            self.note(DefectKind::TooManyParts, body.at);
            return Said::default();
        }
        if place.depth > self.limits.depth.min(MOST_DEPTH) {
            self.note(DefectKind::TooDeep, body.at);
            return Said::default();
        }
        let mut kind = Parameters::parse(fields.get("content-type"));
        if kind.value.is_empty() {
            kind.value = if place.digest { "message/rfc822" } else { "text/plain" }.to_owned();
        }
        if kind.value.starts_with("multipart/") {
            return self.multipart(&kind, fields, body, place);
        }
        if matches!(kind.value.as_str(), "message/rfc822" | "message/global") {
            return self.nested(fields, body, place);
        }
        self.leaf(&kind, fields, body, place)
    }

    fn multipart(
        &mut self,
        kind: &Parameters,
        fields: &Fields<'_>,
        body: Slice<'_>,
        place: Place,
    ) -> Said {
        let boundary = kind.get("boundary", None).unwrap_or_default();
        let mut delimiters = Delimiters::new(body.bytes, &boundary);
        let Some(mut open) = delimiters.next().filter(|_| !boundary.is_empty()) else {
            self.note(DefectKind::BrokenMime, body.at);
            let plain = Parameters::of_value("text/plain");
            return self.leaf(&plain, fields, body, place);
        };
        let alternative = kind.value == "multipart/alternative";
        let inner =
            Place { depth: place.depth + 1, sole: false, digest: kind.value == "multipart/digest" };
        let mut said = Said::default();
        while !open.closes && self.parts <= self.limits.parts {
            let next = delimiters.next();
            let end = next.as_ref().map_or(body.bytes.len(), |next| next.content_end);
            let part = self.part(body.cut(open.line_end, end), inner);
            said = if alternative { said.or(part) } else { said.and(&part) };
            let Some(next) = next else {
                self.note(DefectKind::BrokenMime, body.at.map(|at| at + body.bytes.len() as u64));
                break;
            };
            open = next;
        }
        said
    }

    /// A message within the message: someone forwarded it, so what it says is quoted.
    fn nested(&mut self, fields: &Fields<'_>, body: Slice<'_>, place: Place) -> Said {
        let encoding = Encoding::of(fields.get("content-transfer-encoding"));
        if encoding != Encoding::Plain {
            // Each level that is encoded is held decoded: together no more than one letter.
            if body.bytes.len() > self.decode_left {
                self.note(DefectKind::TooDeep, body.at);
                return Said::default();
            }
            self.decode_left -= body.bytes.len();
        }
        let (bytes, fault) = encoding.unwrap(body.bytes);
        self.note_fault(fault, body);
        let at = body.at.filter(|_| encoding == Encoding::Plain);
        let message = Slice { bytes: &bytes, at };
        let start = super::fields::skip_preamble(message.bytes);
        let message = message.cut(start, message.bytes.len());
        let inner_fields = Fields::read(message.bytes, self.limits.field_bytes);
        if inner_fields.count() == 0 {
            // It only claims to be a message: what it holds is read as text.
            return self.leaf(&Parameters::of_value("text/plain"), fields, body, place);
        }
        let inner_body = message.cut(inner_fields.length, message.bytes.len());
        let inner_place = Place { depth: place.depth + 1, sole: true, digest: false };
        let said = self.content(&inner_fields, inner_body, inner_place);
        let head = Head::read(&inner_fields, self.limits.field_bytes);
        let mut forwarded = head.summary();
        for text in [&said.text, &said.forwarded] {
            append(&mut forwarded, text);
        }
        Said { forwarded, ..Said::default() }
    }

    fn leaf(
        &mut self,
        kind: &Parameters,
        fields: &Fields<'_>,
        body: Slice<'_>,
        place: Place,
    ) -> Said {
        let disposition = Parameters::parse(fields.get("content-disposition"));
        let declared = kind.get("charset", None);
        let mail_charset = words::useful_charset(declared.as_deref());
        let filename = disposition
            .get("filename", mail_charset)
            .or_else(|| kind.get("name", mail_charset))
            .unwrap_or_default();
        let encoding = Encoding::of(fields.get("content-transfer-encoding"));
        let (bytes, fault) = encoding.unwrap(body.bytes);
        self.note_fault(fault, body);
        let attached = disposition.value == "attachment" || !filename.is_empty();
        if (place.sole && disposition.value != "attachment") || !attached {
            let media_type = text_type(&kind.value, place.sole);
            if let Some(said) = self.text(&bytes, media_type, declared.as_deref(), body.at) {
                return flow(said, kind);
            }
        }
        self.document(kind, &filename, bytes.into_owned());
        Said::default()
    }

    fn text(
        &mut self,
        bytes: &[u8],
        media_type: &str,
        charset: Option<&str>,
        at: Option<u64>,
    ) -> Option<Said> {
        let BodyText { text, cut, broken } =
            body_text::read(bytes, media_type, charset, self.text_left)?;
        if cut {
            self.note(DefectKind::TextCut, at);
        }
        if broken {
            self.note(DefectKind::BrokenCharset, at);
        }
        self.text_left -= text.len().min(self.text_left);
        Some(Said { text, forwarded: String::new(), is_html: media_type == "text/html" })
    }

    fn document(&mut self, kind: &Parameters, filename: &str, bytes: Vec<u8>) {
        if bytes.is_empty() && filename.is_empty() {
            return;
        }
        let role = if memo::is_attention(filename) {
            DocumentRole::Technical
        } else {
            DocumentRole::Attachment
        };
        let filename = tidy::line(filename, self.limits.field_bytes);
        let media_type = kind.value.clone();
        self.documents.push(Document { role, label: None, filename, media_type, bytes });
    }
}

/// The type to read a text part as. A message that is nothing but one text of a rarer kind is still
/// best read as text.
fn text_type(media_type: &str, sole: bool) -> &str {
    match media_type {
        "text" | "plain/text" => "text/plain",
        "text/enriched" | "text/richtext" | "text/markdown" if sole => "text/plain",
        other => other,
    }
}

fn flow(mut said: Said, kind: &Parameters) -> Said {
    let is =
        |name, value: &str| kind.get(name, None).is_some_and(|v| v.eq_ignore_ascii_case(value));
    if !said.is_html && is("format", "flowed") {
        said.text = flowed::unflow(&said.text, is("delsp", "yes"));
    }
    said
}

impl Said {
    /// Two parts that are both to be read.
    fn and(mut self, other: &Self) -> Self {
        append(&mut self.text, &other.text);
        append(&mut self.forwarded, &other.forwarded);
        self.is_html |= other.is_html;
        self
    }

    /// Two forms of the same part: the plain one, unless it is only an excuse for being plain
    /// ("your program cannot show HTML").
    fn or(self, other: Self) -> Self {
        let (plain, rich) = if self.is_html { (other, self) } else { (self, other) };
        let letters = |said: &Self| said.text.chars().filter(|c| c.is_alphanumeric()).count();
        let (plain_letters, rich_letters) = (letters(&plain), letters(&rich));
        let excuse = rich.is_html && plain_letters * 4 < rich_letters;
        let (mut best, rest) =
            if excuse || plain_letters == 0 { (rich, plain) } else { (plain, rich) };
        append(&mut best.forwarded, &rest.forwarded);
        best
    }

    /// The text split into what is new and what is not.
    pub(super) fn split(self) -> crate::Text {
        let mut text = quote::split(&self.text);
        append(&mut text.quoted, &self.forwarded);
        text
    }
}

/// Adds a paragraph.
fn append(text: &mut String, more: &str) {
    if !text.is_empty() && !more.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(more);
}
