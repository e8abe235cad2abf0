//! XML as text: elements in their order, and values in which no character can break it.

use std::io::{Error, Result};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// A document that grows.
pub(super) struct Xml(Writer<Vec<u8>>);

impl Xml {
    /// An empty document in UTF-8.
    pub(super) fn new() -> Result<Self> {
        let mut writer = Writer::new(Vec::new());
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        Ok(Self(writer))
    }

    /// An element and what `fill` puts into it.
    pub(super) fn element(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        self.rooted(name, None, fill)
    }

    /// The same; `space` is an attribute (`xmlns…`) and the namespace that it declares.
    pub(super) fn rooted(
        &mut self,
        name: &str,
        space: Option<(&str, &str)>,
        fill: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let start = BytesStart::new(name).with_attributes(space);
        self.0.write_event(Event::Start(start))?;
        fill(self)?;
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }

    /// An element with text in it. Characters that XML 1.0 (2.2) does not have become spaces.
    pub(super) fn value(&mut self, name: &str, text: &str) -> Result<()> {
        let clean: String = text.chars().map(|c| if allowed(c) { c } else { ' ' }).collect();
        self.element(name, |xml| xml.0.write_event(Event::Text(BytesText::new(&clean))))
    }

    /// The same, where there is something to say.
    pub(super) fn maybe(&mut self, name: &str, text: Option<&str>) -> Result<()> {
        text.map_or(Ok(()), |text| self.value(name, text))
    }

    /// The document's bytes.
    pub(super) fn finish(self) -> Vec<u8> {
        self.0.into_inner()
    }
}

fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// What cannot be said in the schema's terms.
pub(super) fn cannot(what: &str) -> Error {
    Error::other(what.to_owned())
}
