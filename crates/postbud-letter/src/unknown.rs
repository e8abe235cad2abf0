//! Bytes that are neither MeMo nor a mail: read as far as they are text, kept as a document.

use crate::{Channel, Defect, DefectKind, Document, DocumentRole, Letter, Limits, body_text, hash};

/// A letter of unknown format: its text where it has some, otherwise its bytes as a document.
pub(crate) fn read(raw: &[u8], limits: &Limits) -> Letter {
    let mut letter = Letter::blank(hash::letter_id_of_bytes(raw), Channel::Unknown);
    if raw.iter().all(u8::is_ascii_whitespace) {
        letter.defects.push(Defect::whole(DefectKind::Empty));
        return letter;
    }
    letter.defects.push(Defect::whole(DefectKind::UnknownFormat));
    let media_type = media_type(raw);
    match body_text::read(raw, media_type, None, limits.text_bytes) {
        Some(body) => {
            if body.cut {
                letter.defects.push(Defect::whole(DefectKind::TextCut));
            }
            letter.text.new = body.text;
        }
        None => letter.documents.push(Document {
            role: DocumentRole::Main,
            label: None,
            filename: String::new(),
            media_type: media_type.to_owned(),
            bytes: raw.to_vec(),
        }),
    }
    letter
}

/// A guess from the first bytes.
fn media_type(raw: &[u8]) -> &'static str {
    if raw.starts_with(b"%PDF-") {
        "application/pdf"
    } else if !body_text::looks_like_text(raw) {
        "application/octet-stream"
    } else if raw.trim_ascii_start().starts_with(b"<") {
        "text/html"
    } else {
        "text/plain"
    }
}
