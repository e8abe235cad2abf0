//! What people filled into the fields of a PDF form, and whether one of them is a signature.

use lopdf::{Dictionary, Document, Object};

use super::Reading;
use super::pdf::trouble_of;

/// Fields of one form, those within others included.
const MOST_FIELDS: usize = 1_000;

/// A field that waits to be read.
struct Waiting<'p> {
    field: &'p Object,
    /// Is the field around it one for signatures? What it does not say itself it has from there.
    signs: bool,
}

impl Reading<'_> {
    /// The values of a form's fields, each on a line of its own.
    pub(super) fn fields(&mut self, pdf: &Document) {
        let form = pdf.catalog().and_then(|catalog| catalog.get_deref(b"AcroForm", pdf));
        let fields = form.and_then(Object::as_dict).and_then(|form| form.get_deref(b"Fields", pdf));
        let Ok(fields) = fields.and_then(Object::as_array) else {
            return;
        };
        let waits = |signs| move |field| Waiting { field, signs };
        // One more than is read tells that some are left.
        let mut left = MOST_FIELDS;
        let mut waiting: Vec<Waiting<'_>> =
            fields.iter().take(left + 1).map(waits(false)).rev().collect();
        while let Some(Waiting { field, signs }) = waiting.pop() {
            if left == 0 || self.out.is_full() {
                self.out.note_cut();
                return;
            }
            left -= 1;
            let Ok(field) = pdf.dereference(field).and_then(|(_, field)| field.as_dict()) else {
                continue;
            };
            let kind = field.get_deref(b"FT", pdf).and_then(Object::as_name);
            let signs = kind.map_or(signs, |kind| kind == b"Sig");
            if let Ok(value) = field.get_deref(b"V", pdf) {
                self.signed |= signs && is_signature(pdf, value);
                self.value(pdf, value);
            }
            if let Ok(kids) = field.get_deref(b"Kids", pdf).and_then(Object::as_array) {
                let kids: Vec<_> = kids.iter().take(left + 1).map(waits(signs)).collect();
                waiting.extend(kids.into_iter().rev());
            }
        }
    }

    /// What was written, ticked or chosen; several may be chosen.
    fn value(&mut self, pdf: &Document, value: &Object) {
        let all = match value {
            Object::Array(all) => all.as_slice(),
            one => std::slice::from_ref(one),
        };
        if all.len() > MOST_FIELDS {
            self.out.note_cut();
        }
        for value in all.iter().take(MOST_FIELDS) {
            match pdf.dereference(value).map(|(_, value)| value) {
                Ok(Object::String(value, _)) => self.say(&text(value)),
                // The one state of a box to tick that every form calls the same: it is not ticked.
                Ok(Object::Name(name)) if name == b"Off" => {}
                Ok(Object::Name(name)) => match str::from_utf8(name) {
                    Ok(name) => self.say(name),
                    Err(_) => self.say(&text(name)),
                },
                Ok(Object::Stream(long)) => {
                    let most = usize::try_from(self.unpacked_left).unwrap_or(usize::MAX);
                    match long.get_plain_content_with_limit(most) {
                        Ok(bytes) => {
                            self.unpacked_left -= bytes.len() as u64;
                            self.say(&text(&bytes));
                        }
                        Err(error) => self.note(trouble_of(&error)),
                    }
                }
                _ => {}
            }
        }
    }

    fn say(&mut self, value: &str) {
        self.out.fresh_line();
        self.out.push(value);
    }
}

/// Does it sign any bytes? A field that waits for its signature has no value, or an empty one.
fn is_signature(pdf: &Document, value: &Object) -> bool {
    let range = value.as_dict().and_then(|value: &Dictionary| value.get_deref(b"ByteRange", pdf));
    range.and_then(Object::as_array).is_ok_and(|range| !range.is_empty())
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
