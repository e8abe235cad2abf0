//! Plain text in any charset, and HTML.

use postbud_letter::document_text;

use super::Reading;
use crate::sniff::wide;

impl Reading<'_> {
    pub(super) fn plain(&mut self, bytes: &[u8]) {
        let charset = wide(bytes).or_else(|| dos_or_mac(bytes));
        self.text_of(bytes, "text/plain", charset);
    }

    pub(super) fn html(&mut self, bytes: &[u8]) {
        self.text_of(bytes, "text/html", wide(bytes));
    }

    pub(super) fn text_of(&mut self, bytes: &[u8], media_type: &str, charset: Option<&str>) {
        let most = usize::try_from(self.task.text_bytes).unwrap_or(usize::MAX);
        let Some((text, cut)) = document_text(bytes, media_type, charset, most) else {
            self.note(postbud_letter::DocumentTrouble::UnknownFormat);
            return;
        };
        self.out.fresh_line();
        self.out.push(&text);
        if cut {
            self.out.note_cut();
        }
    }
}

/// The code pages of DOS and of old Macs, which no detector for the web knows. Their bytes for æ, ø
/// and å stand for signs in Windows-1252 that do not stand between two small letters.
fn dos_or_mac(bytes: &[u8]) -> Option<&'static str> {
    const DOS: [u8; 3] = [0x91, 0x9b, 0x86];
    const MAC: [u8; 3] = [0xbe, 0xbf, 0x8c];
    if std::str::from_utf8(bytes).is_ok() {
        return None;
    }
    let (mut dos, mut mac) = (0_usize, 0_usize);
    for at in bytes.windows(3) {
        let &[before, byte, after] = at else { continue };
        // Letters of Windows-1252: then it is that.
        if matches!(byte, 0xe6 | 0xf8 | 0xe5) {
            return None;
        }
        if before.is_ascii_lowercase() && after.is_ascii_lowercase() {
            dos += usize::from(DOS.contains(&byte));
            mac += usize::from(MAC.contains(&byte));
        }
    }
    match dos.cmp(&mac) {
        std::cmp::Ordering::Greater => Some("ibm850"),
        std::cmp::Ordering::Less => Some("macintosh"),
        std::cmp::Ordering::Equal => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::text;

    const DANISH: &str = "Vi søger om en plads på børnehaven. Hilsen fra hele flokken ved åen";

    #[test]
    fn every_charset_of_the_last_forty_years() {
        let latin = encoding_rs::WINDOWS_1252.encode(DANISH).0;
        let mac = encoding_rs::MACINTOSH.encode(DANISH).0;
        let dos: Vec<u8> = DANISH
            .chars()
            .map(|c| match c {
                'ø' => 0x9b,
                'å' => 0x86,
                c => u8::try_from(c).unwrap(),
            })
            .collect();
        let little: Vec<u8> = DANISH.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = DANISH.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = [b"\xef\xbb\xbf", DANISH.as_bytes()].concat();
        for bytes in [DANISH.as_bytes(), &latin, &mac, &dos, &little, &big, &marked] {
            assert_eq!(text(bytes), DANISH);
        }
    }

    #[test]
    fn typographic_quotes_do_not_make_it_dos() {
        let quoted = "Det er ‘fint’, sagde hun: it’s fine";
        assert_eq!(text(&encoding_rs::WINDOWS_1252.encode(quoted).0), quoted);
    }

    #[test]
    fn html_is_read_as_a_browser_shows_it() {
        let html =
            b"<!doctype html><style>p{}</style><p>K\xc3\xa6re</p><script>x()</script><p>kommune";
        assert_eq!(text(html), "Kære\nkommune");
    }
}
