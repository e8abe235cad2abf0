//! HTML to the text that a reader sees. Streaming, linear, and bounded.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use lol_html::html_content::{Element, TextChunk, TextType};
use lol_html::{
    DocumentContentHandlers, ElementContentHandlers, HtmlRewriter, MemorySettings, Selector,
    Settings,
};
use mail_parser::decoders::html::add_html_token;

/// What the rewriter may keep in memory: its stack of open elements, and one tag.
const MEMORY_BYTES: usize = 32 << 20;

/// The visible text, at most about `most_bytes` of it, and whether some was left unread.
///
/// Block elements begin a new line, `blockquote` marks its lines with `> ` as mail does, links and
/// images leave their text only; scripts, styles and titles leave nothing.
pub(crate) fn to_text(html: &str, most_bytes: usize) -> (String, bool) {
    let page = Rc::new(RefCell::new(Page::new(most_bytes)));
    let finished = rewrite(html, &page);
    let mut page = page.take();
    page.flush();
    let cut = page.full || !finished;
    (page.out, cut)
}

fn rewrite(html: &str, page: &Rc<RefCell<Page>>) -> bool {
    let Ok(everything) = "*".parse::<Selector>() else {
        return false;
    };
    let on_element = {
        let page = Rc::clone(page);
        move |element: &mut Element<'_, '_>| {
            start(&page, element);
            Ok(())
        }
    };
    let on_text = {
        let page = Rc::clone(page);
        move |chunk: &mut TextChunk<'_>| {
            let mut page = page.borrow_mut();
            if matches!(chunk.text_type(), TextType::Data | TextType::CDataSection) {
                page.pending.push_str(chunk.as_str());
            }
            if chunk.last_in_text_node() {
                page.flush();
            }
            if page.full { Err("the text is long enough".into()) } else { Ok(()) }
        }
    };
    let element = ElementContentHandlers::default().element(on_element);
    let settings = Settings::new()
        .append_element_content_handler((Cow::Owned(everything), element))
        .append_document_content_handler(DocumentContentHandlers::default().text(on_text))
        .with_memory_settings(MemorySettings::new().with_max_allowed_memory_usage(MEMORY_BYTES))
        .with_strict(false);
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    rewriter.write(html.as_bytes()).is_ok() && rewriter.end().is_ok()
}

fn start(page: &Rc<RefCell<Page>>, element: &mut Element<'_, '_>) {
    let name = element.tag_name();
    let mut open = page.borrow_mut();
    open.flush();
    match name.as_str() {
        "br" => open.newline(),
        "hr" => open.line(),
        "td" | "th" => open.space(),
        "li" => {
            open.line();
            open.push("- ");
        }
        "blockquote" => {
            open.line();
            open.quotes += 1;
        }
        name if is_block(name) => open.line(),
        _ => return,
    }
    drop(open);
    let Some(handlers) = element.end_tag_handlers() else {
        return;
    };
    let page = Rc::clone(page);
    let quote = name == "blockquote";
    let cell = matches!(name.as_str(), "td" | "th");
    handlers.push(Box::new(move |_| {
        let mut page = page.borrow_mut();
        page.flush();
        if cell {
            page.space();
        } else {
            page.line();
        }
        if quote {
            page.quotes = page.quotes.saturating_sub(1);
        }
        Ok(())
    }));
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "body"
            | "caption"
            | "center"
            | "dd"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "html"
            | "legend"
            | "main"
            | "nav"
            | "ol"
            | "option"
            | "p"
            | "pre"
            | "section"
            | "table"
            | "tbody"
            | "tfoot"
            | "thead"
            | "tr"
            | "ul"
    )
}

/// The text so far.
#[derive(Default)]
struct Page {
    out: String,
    /// Text of the node that is being read, entities not yet decoded.
    pending: String,
    /// Depth of `blockquote`.
    quotes: usize,
    /// A space is due before the next word.
    gap: bool,
    most_bytes: usize,
    full: bool,
}

impl Page {
    fn new(most_bytes: usize) -> Self {
        Self { most_bytes, ..Self::default() }
    }

    /// Moves the pending text out: entities decoded, white space as a browser shows it.
    fn flush(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        for c in decode_entities(&pending).chars() {
            if c == '\u{a0}' || !c.is_whitespace() {
                self.character(c);
            } else {
                self.gap = true;
            }
        }
        self.full |= self.out.len() > self.most_bytes;
    }

    fn push(&mut self, text: &str) {
        text.chars().for_each(|c| self.character(c));
    }

    fn character(&mut self, c: char) {
        if self.at_line_start() {
            let marks = self.quotes.min(8);
            self.out.extend(std::iter::repeat_n('>', marks));
            if marks > 0 {
                self.out.push(' ');
            }
        } else if self.gap && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
        self.gap = false;
        self.out.push(c);
    }

    fn at_line_start(&self) -> bool {
        self.out.is_empty() || self.out.ends_with('\n')
    }

    /// A line break that was written: two of them are an empty line.
    fn newline(&mut self) {
        self.gap = false;
        if !self.out.ends_with("\n\n") && !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    /// The beginning of a line, where it is not one already.
    fn line(&mut self) {
        if !self.at_line_start() {
            self.newline();
        }
        self.gap = false;
    }

    fn space(&mut self) {
        self.gap = true;
    }
}

/// `&aring;`, `&#229;` and `&#xe5;` to å. What is no entity stays.
fn decode_entities(text: &str) -> String {
    /// The longest named one that mail uses is far shorter.
    const LONGEST: usize = 40;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(LONGEST).position(|b| b == b';');
        let Some(token) = end.map(|end| &rest[..=end]).filter(|token| is_entity(token)) else {
            out.push('&');
            rest = &rest[1..];
            continue;
        };
        let before = out.len();
        add_html_token(&mut out, token.as_bytes(), false);
        // Windows editors number characters by their own code page: &#150; is a dash.
        if let Some(c @ '\u{80}'..='\u{9f}') = out[before..].chars().next() {
            out.truncate(before);
            out.push_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[c as u8]).0);
        }
        rest = &rest[token.len()..];
    }
    out.push_str(rest);
    out
}

fn is_entity(token: &str) -> bool {
    let name = &token[1..token.len() - 1];
    let name = name.strip_prefix('#').unwrap_or(name);
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(html: &str) -> String {
        to_text(html, 1 << 20).0.trim().to_owned()
    }

    #[test]
    fn blocks_make_lines_and_inline_elements_do_not() {
        let html = "<html><body><p>Kære  kommune</p><p>Min <b>søn</b> har\nferie.<br>Hilsen</p>\
                    <div>Bo</div>Efter</body></html>";
        assert_eq!(text(html), "Kære kommune\nMin søn har ferie.\nHilsen\nBo\nEfter");
    }

    #[test]
    fn scripts_styles_titles_and_comments_are_not_text() {
        let html = "<head><title>T</title><style>p { color: red }</style></head>\
                    <script>var a = '<p>no</p>';</script><!-- no --><p>Ja</p>";
        assert_eq!(text(html), "Ja");
    }

    #[test]
    fn entities_are_decoded_once() {
        assert_eq!(
            text("bl&aring;b&aelig;r &amp; s&#248;d &#xe5; &#150; &amp;lt; AT&T &x;"),
            "blåbær & sød å – &lt; AT&T &x;"
        );
    }

    #[test]
    fn tables_and_lists() {
        let html = "<table><tr><td>Navn</td><td>Ida</td></tr><tr><td>By</td><td>Klit</td></tr>\
                    </table><ul><li>en</li><li>to</li></ul>";
        assert_eq!(text(html), "Navn Ida\nBy Klit\n- en\n- to");
    }

    #[test]
    fn quotes_are_marked_as_in_mail() {
        let html = "<div>Ja tak</div><blockquote type=cite><p>Vil du?</p>\
                    <blockquote>Ældre</blockquote></blockquote><p>Ny</p>";
        assert_eq!(text(html), "Ja tak\n> Vil du?\n>> Ældre\nNy");
    }

    #[test]
    fn text_stops_at_the_limit_and_nesting_is_harmless() {
        let (text, cut) = to_text(&"<p>ord ord ord</p>".repeat(1000), 100);
        assert!(cut && text.len() < 200);
        let deep = format!("{}dybt", "<div>".repeat(100_000));
        let (text, _) = to_text(&deep, 1000);
        assert!(text.is_empty() || text.contains("dybt"));
    }

    proptest! {
        #[test]
        fn anything_gives_some_text(html in "(\\PC|<|>|&|;|</?(p|b|td|blockquote|script)>)*") {
            let (text, _) = to_text(&html, 1000);
            prop_assert!(text.len() < 1000 + html.len() * 4);
        }
    }
}
