//! XML to small trees: the only place that knows the XML library.
//!
//! A message is read as a stream. What is small, the header and the frame of each document, becomes
//! a tree of [`Node`]s; the content of a document goes straight through the base64 decoder. Nothing
//! is expanded: an entity that XML itself does not define stays as it stands.

use std::borrow::Cow;

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

use super::source::Source;
use crate::base64::Decoder;
use crate::{Defect, DefectKind, Limits};

/// More elements than any message has: the largest published one has 300.
const MOST_NODES: usize = 20_000;

/// The namespaces of MeMo. Prefixes are the sender's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Memo,
    Grd,
    Kle,
    Form,
    Dmv,
    Gln,
    Sor,
    Udd,
    Other,
}

impl Space {
    fn of(namespace: &ResolveResult<'_>) -> Self {
        let ResolveResult::Bound(Namespace(uri)) = namespace else {
            return Self::Other;
        };
        match *uri {
            super::NAMESPACE => Self::Memo,
            "https://data.gov.dk/model/core/" => Self::Grd,
            "http://kle-online.dk/" => Self::Kle,
            "http://www.form-online.dk/" => Self::Form,
            "https://motorregister.skat.dk/" => Self::Dmv,
            "https://www.gs1.dk/gs1-standarder/identifikation/gln-global-location-number/" => {
                Self::Gln
            }
            "https://services.nsi.dk/en/Services/SOR" => Self::Sor,
            "https://www.dst.dk/da/TilSalg/Forskningsservice/Dokumentation/hoejkvalitetsvariable/elevregister-2/udd#" => {
                Self::Udd
            }
            _ => Self::Other,
        }
    }
}

/// An element's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) space: Space,
    pub(super) local: String,
}

impl Name {
    pub(super) fn is(&self, space: Space, local: &str) -> bool {
        self.space == space && self.local == local
    }
}

/// An element with what stands in it.
pub(super) struct Node {
    pub(super) name: Name,
    pub(super) text: String,
    pub(super) children: Vec<Node>,
    /// A File's content, decoded.
    pub(super) bytes: Vec<u8>,
    /// Where the decoding failed.
    pub(super) fault: Option<Option<u64>>,
    decoder: Option<Decoder>,
}

impl Node {
    fn new(name: Name, is_content: bool) -> Self {
        Self {
            name,
            text: String::new(),
            children: Vec::new(),
            bytes: Vec::new(),
            fault: None,
            decoder: is_content.then(|| Decoder::new(false)),
        }
    }
}

/// What the stream holds next.
pub(super) enum Piece<'s> {
    Start(Name),
    End,
    Text(Cow<'s, str>, u64),
    Eof,
}

/// A stream of XML with limits. After the first fault it is at its end.
pub(super) struct Xml<'s> {
    reader: NsReader<&'s [u8]>,
    source: &'s Source<'s>,
    depth: usize,
    most_depth: usize,
    nodes_left: usize,
    text_left: usize,
    ended: bool,
    /// The root's attributes that say which version of MeMo it is.
    pub(super) version: Option<String>,
    pub(super) schema_version: Option<String>,
    pub(super) defects: Vec<Defect>,
}

impl<'s> Xml<'s> {
    pub(super) fn new(source: &'s Source<'s>, limits: &Limits) -> Self {
        let mut reader = NsReader::from_str(&source.text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        // "Rådhus & torv" is no XML, but its meaning is plain.
        config.allow_dangling_amp = true;
        let defects = source.stray.map(|at| Defect::at(DefectKind::BrokenCharset, at));
        Self {
            reader,
            source,
            depth: 0,
            most_depth: limits.depth,
            nodes_left: MOST_NODES,
            text_left: limits.text_bytes,
            ended: false,
            version: None,
            schema_version: None,
            defects: defects.into_iter().collect(),
        }
    }

    /// The next piece that matters.
    pub(super) fn next(&mut self) -> Piece<'s> {
        while !self.ended {
            let at = self.reader.buffer_position();
            match self.reader.read_event() {
                Ok(Event::Start(tag)) => {
                    if let Some(piece) = self.start(&tag, at) {
                        return piece;
                    }
                }
                Ok(Event::End(_)) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Piece::End;
                }
                Ok(Event::Text(text)) => return Piece::Text(text.into_inner(), at),
                Ok(Event::CData(text)) => return Piece::Text(text.into_inner(), at),
                Ok(Event::GeneralRef(name)) => return Piece::Text(Cow::Owned(resolve(&name)), at),
                Ok(Event::Eof) => {
                    if self.depth > 0 {
                        self.fail(DefectKind::BrokenXml, at);
                    }
                    self.ended = true;
                }
                Ok(_) => {}
                Err(_) => {
                    let at = self.reader.error_position();
                    self.fail(DefectKind::BrokenXml, at);
                }
            }
        }
        Piece::Eof
    }

    fn start(&mut self, tag: &BytesStart<'_>, at: u64) -> Option<Piece<'s>> {
        if self.depth >= self.most_depth {
            self.fail(DefectKind::TooDeep, at);
            return None;
        }
        if self.depth == 0 {
            self.read_versions(tag);
        }
        self.depth += 1;
        let (namespace, local) = self.reader.resolver().resolve_element(tag.name());
        let name = Name { space: Space::of(&namespace), local: local.into_inner().to_owned() };
        Some(Piece::Start(name))
    }

    fn read_versions(&mut self, root: &BytesStart<'_>) {
        for attribute in root.attributes().with_checks(false).flatten().take(100) {
            let value = || Some(attribute.value.chars().take(256).collect());
            match attribute.key.local_name().into_inner() {
                "memoVersion" => self.version = value(),
                "memoSchVersion" => self.schema_version = value(),
                _ => {}
            }
        }
    }

    /// Records a defect at an offset of the text, and ends the stream.
    fn fail(&mut self, kind: DefectKind, offset: u64) {
        self.defects.push(Defect { kind, position: self.source.position(offset) });
        self.ended = true;
    }

    /// Ends the stream.
    pub(super) fn stop(&mut self) {
        self.ended = true;
    }

    /// Records a defect here, and reads on.
    pub(super) fn note(&mut self, kind: DefectKind) {
        let position = self.source.position(self.reader.buffer_position());
        self.defects.push(Defect { kind, position });
    }

    /// The element that has just begun, with everything in it. When the stream ends early, as much
    /// of it as there was.
    pub(super) fn element(&mut self, name: Name) -> Node {
        let mut root = Node::new(name, false);
        let mut open: Vec<Node> = Vec::new();
        loop {
            match self.next() {
                Piece::Start(name) => {
                    self.nodes_left = self.nodes_left.saturating_sub(1);
                    if self.nodes_left == 0 {
                        let at = self.reader.buffer_position();
                        self.fail(DefectKind::TooManyParts, at);
                    }
                    let parent = &open.last().unwrap_or(&root).name;
                    let content = name.is(Space::Memo, "content") && parent.is(Space::Memo, "File");
                    open.push(Node::new(name, content));
                }
                Piece::Text(text, at) => self.text(open.last_mut().unwrap_or(&mut root), &text, at),
                piece @ (Piece::End | Piece::Eof) => {
                    let Some(mut node) = open.pop() else {
                        return root;
                    };
                    self.close(&mut node);
                    open.last_mut().unwrap_or(&mut root).children.push(node);
                    if matches!(piece, Piece::Eof) {
                        while let Some(mut node) = open.pop() {
                            self.close(&mut node);
                            open.last_mut().unwrap_or(&mut root).children.push(node);
                        }
                        return root;
                    }
                }
            }
        }
    }

    /// Leaves out the element that has just begun.
    pub(super) fn skip(&mut self) {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside && !matches!(self.next(), Piece::Eof) {}
    }

    fn text(&mut self, node: &mut Node, text: &str, at: u64) {
        if let Some(decoder) = &mut node.decoder {
            decoder.push(text.as_bytes(), at);
            return;
        }
        let text = if node.text.is_empty() { text.trim_start() } else { text };
        let kept = text.get(..text.floor_char_boundary(self.text_left)).unwrap_or("");
        if kept.len() < text.len() && self.text_left > 0 {
            self.note(DefectKind::TextCut);
            self.text_left = kept.len();
        }
        self.text_left -= kept.len();
        node.text.push_str(kept);
    }

    fn close(&mut self, node: &mut Node) {
        if let Some(decoder) = node.decoder.take() {
            let (bytes, fault) = decoder.finish(self.reader.buffer_position());
            node.bytes = bytes;
            node.fault = fault.map(|offset| self.source.position(offset));
        }
    }
}

/// A reference's character; what is none stays as it stands and is not expanded.
fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> String {
    if reference.is_char_ref() {
        return reference.resolve_char_ref().ok().flatten().map(String::from).unwrap_or_default();
    }
    match quick_xml::escape::resolve_predefined_entity(reference) {
        Some(text) => text.to_owned(),
        None => format!("&{};", &**reference),
    }
}
