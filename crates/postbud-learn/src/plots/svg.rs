//! A small writer of SVG: shapes by class, colours for light and dark, a title and a description
//! for those who do not see it.

use std::fmt::Write;

/// A drawing.
pub(super) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// Where a text is anchored.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Colours stand for what is good (blue), what went wrong (orange) and what was promised (green);
/// the three differ for the colour-blind too (Okabe and Ito 2008).
const STYLE: &str = "<style>\
:root{color-scheme:light dark}\
text{font:13px system-ui,sans-serif;fill:#1f2328}\
.small{font-size:11px}.head{font-size:15px;font-weight:600}\
.ground{fill:#ffffff}.axis{stroke:#59636e;fill:none}.grid{stroke:#d1d9e0;fill:none}\
.good{fill:#0072b2}.bad{fill:#d55e00}.line{stroke:#0072b2;stroke-width:2;fill:none}\
.thin{stroke:#0072b2;fill:none}.kept{stroke:#00795a;stroke-width:1.5;stroke-dasharray:6 4;fill:none}\
.spot{fill:#00795a}\
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.ground{fill:#0d1117}\
.axis{stroke:#9198a1}.grid{stroke:#30363d}.good{fill:#56b4e9}.bad{fill:#ff9d5c}\
.line,.thin{stroke:#56b4e9}.kept{stroke:#3fd0a4}.spot{fill:#3fd0a4}}\
</style>";

impl Svg {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let (x1, y1, x2, y2) = (number(from.0), number(from.1), number(to.0), number(to.1));
        self.push(&format!(
            "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>"
        ));
    }

    pub(super) fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let points: Vec<String> =
            points.iter().map(|&(x, y)| format!("{},{}", number(x), number(y))).collect();
        self.push(&format!("<polyline class=\"{class}\" points=\"{}\"/>", points.join(" ")));
    }

    pub(super) fn circle(&mut self, class: &str, at: (f64, f64), radius: f64) {
        let (x, y, r) = (number(at.0), number(at.1), number(radius));
        self.push(&format!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"/>"));
    }

    /// A square with its upper left corner at `at`; `hint` is shown when it is pointed at.
    pub(super) fn square(
        &mut self,
        class: &str,
        at: (f64, f64),
        size: f64,
        share: f64,
        hint: &str,
    ) {
        let (x, y, size) = (number(at.0), number(at.1), number(size));
        self.push(&format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{size}\" height=\"{size}\" fill-opacity=\"{}\"><title>{}</title></rect>",
            number(share),
            escape(hint)
        ));
    }

    pub(super) fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        self.turned_text(class, at, anchor, 0.0, text);
    }

    /// A text turned by so many degrees, clockwise.
    pub(super) fn turned_text(
        &mut self,
        class: &str,
        at: (f64, f64),
        anchor: Anchor,
        degrees: f64,
        text: &str,
    ) {
        let (x, y) = (number(at.0), number(at.1));
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let turn = if degrees == 0.0 {
            String::new()
        } else {
            format!(" transform=\"rotate({} {x} {y})\"", number(degrees))
        };
        self.push(&format!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\"{turn}>{}</text>",
            escape(text)
        ));
    }

    fn push(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    /// The whole document.
    pub(super) fn finish(self, title: &str, description: &str) -> String {
        let (width, height) = (number(self.width), number(self.height));
        let mut out = String::new();
        let _ = writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n{STYLE}\n<rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>",
            escape(title),
            escape(description)
        );
        out.push_str(&self.body);
        out.push_str("</svg>\n");
        out
    }
}

/// Two decimals at most: no finer than a screen, and the same on every machine.
fn number(value: f64) -> String {
    let value = if value.is_finite() { value } else { 0.0 };
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Text as XML has it; what XML cannot hold becomes a question mark.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => out.push('?'),
            c if c.is_control() => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_text_is_safe() {
        assert_eq!(number(1.0), "1");
        assert_eq!(number(-0.001), "0");
        assert_eq!(number(12.345), "12.35");
        assert_eq!(number(f64::NAN), "0");
        assert_eq!(escape("a<b> & \"c\"\u{1}"), "a&lt;b&gt; &amp; &quot;c&quot;?");
    }
}
