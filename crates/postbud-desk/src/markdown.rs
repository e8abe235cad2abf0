//! A model card as HTML: the Markdown that we write ourselves, and nothing that acts.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// The card's languages follow each other, with a line between them.
const BETWEEN: &str = "\n---\n";
/// What points from the first to the second, which is not below when one is shown alone.
const BELOW: &str = "*(English below.)*\n";

/// The part of a card that is in Danish, or the one in English. A card of one part is whole.
pub(crate) fn part(card: &str, english: bool) -> String {
    match card.split_once(BETWEEN) {
        Some((_, other)) if english => other.trim().to_owned(),
        Some((danish, _)) => danish.replacen(BELOW, "", 1).trim().to_owned(),
        None => card.trim().to_owned(),
    }
}

/// Markdown as HTML: headings a level lower, since the page has the first one. HTML in it is shown
/// as text; links and pictures lose their addresses; columns have no styles of their own.
pub(crate) fn html_of(text: &str) -> String {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Link { .. } | Tag::Image { .. }) => None,
        Event::End(TagEnd::Link | TagEnd::Image) => None,
        Event::Start(Tag::Heading { level, .. }) => Some(Event::Start(heading(lower(level)))),
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(lower(level)))),
        Event::Start(Tag::Table(_)) => Some(Event::Start(Tag::Table(Vec::new()))),
        other => Some(other),
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

fn heading(level: HeadingLevel) -> Tag<'static> {
    Tag::Heading { level, id: None, classes: Vec::new(), attrs: Vec::new() }
}

fn lower(level: HeadingLevel) -> HeadingLevel {
    HeadingLevel::try_from(level as usize + 1).unwrap_or(HeadingLevel::H6)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_card_has_a_part_for_each_language() {
        let card = "# Modelkort\n*(English below.)*\n\n---\n\n# Model card\n";
        assert_eq!(part(card, false), "# Modelkort");
        assert_eq!(part(card, true), "# Model card");
        assert_eq!(part("# One\n", true), "# One");
    }

    #[test]
    fn tables_lists_and_headings_are_html_and_nothing_acts() {
        let text =
            "# A\n\n|x|y|\n|---|--:|\n|1|`2`|\n\n- **b** [c](javascript:d) <script>e</script>\n";
        assert_eq!(
            html_of(text).replace('\n', ""),
            "<h2>A</h2><table><thead><tr><th>x</th><th>y</th></tr></thead><tbody>\
             <tr><td>1</td><td><code>2</code></td></tr></tbody></table>\
             <ul><li><strong>b</strong> c &lt;script&gt;e&lt;/script&gt;</li></ul>"
        );
    }

    proptest! {
        #[test]
        fn no_text_becomes_a_script_or_an_address(text in "[<>\"'()!\\[\\]#|a-z:=/ \n-]{0,80}") {
            let html = html_of(&format!("{text}<script src=x>{text}"));
            prop_assert!(!html.contains("<script") && !html.contains("href=") && !html.contains("src=\""));
        }
    }
}
