//! What people filled into the fields of a PDF form.

use lopdf::{Document, Object};

use super::Reading;

/// Fields of one form, those within others included.
const MOST_FIELDS: usize = 1_000;

impl Reading<'_> {
    /// The values of a form's fields, each on a line of its own.
    pub(super) fn fields(&mut self, pdf: &Document) {
        let form = pdf.catalog().and_then(|catalog| catalog.get_deref(b"AcroForm", pdf));
        let fields = form.and_then(Object::as_dict).and_then(|form| form.get_deref(b"Fields", pdf));
        let Ok(fields) = fields.and_then(Object::as_array) else {
            return;
        };
        let mut waiting: Vec<&Object> = fields.iter().rev().take(MOST_FIELDS).collect();
        let mut left = MOST_FIELDS;
        while let Some(field) = waiting.pop() {
            if left == 0 || self.out.is_full() {
                return;
            }
            left -= 1;
            let Ok(field) = pdf.dereference(field).and_then(|(_, field)| field.as_dict()) else {
                continue;
            };
            if let Ok(value) = field.get_deref(b"V", pdf).and_then(Object::as_str) {
                self.out.fresh_line();
                self.out.push(&text(value));
            }
            if let Ok(kids) = field.get_deref(b"Kids", pdf).and_then(Object::as_array) {
                waiting.extend(kids.iter().rev().take(left));
            }
        }
    }
}

/// PDF's own text: UTF-16 with a mark, UTF-8 with a mark, or close to Latin 1.
fn text(bytes: &[u8]) -> String {
    if let Some(wide) = bytes.strip_prefix(b"\xfe\xff") {
        let units = wide.chunks_exact(2).map(|pair| match pair {
            [high, low] => u16::from_be_bytes([*high, *low]),
            _ => 0,
        });
        return char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
    }
    if let Some(narrow) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return String::from_utf8_lossy(narrow).into_owned();
    }
    bytes.iter().copied().map(char::from).collect()
}
