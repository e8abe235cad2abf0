//! E-mail: RFC 5322 with MIME, as it really comes.

mod delimiters;
mod fields;
mod flowed;
mod head;
mod parameters;
mod quote;
mod transfer;
mod walk;
mod words;

use fields::Fields;
use head::Head;
use walk::{Slice, Walk};

use crate::{Channel, Defect, DefectKind, Letter, Limits, hash, tidy};

/// Does it begin as a mail does: with header fields that mails have? One is enough when it begins
/// with a field, two when a stray line stands before them.
pub(crate) fn is_mail(raw: &[u8], limits: &Limits) -> bool {
    let rest = raw.get(fields::skip_preamble(raw)..).unwrap_or_default();
    are_of_mail(&Fields::read(rest, limits.field_bytes), raw)
}

/// Are these fields, with which `raw` begins, enough to call it a mail?
fn are_of_mail(fields: &Fields<'_>, raw: &[u8]) -> bool {
    fields.count() >= if fields::begins_like_mail(raw) { 1 } else { 2 }
}

/// Is it a mail, and is its header there to its end?
pub(crate) fn is_headed(beginning: &[u8], limits: &Limits) -> bool {
    let rest = beginning.get(fields::skip_preamble(beginning)..).unwrap_or_default();
    let fields = Fields::read(rest, limits.field_bytes);
    fields.length < rest.len() && are_of_mail(&fields, beginning)
}

/// Reads a mail. With `head_only`, its body is left unread.
pub(crate) fn read(raw: &[u8], limits: &Limits, head_only: bool) -> Letter {
    let mut letter = Letter::blank(hash::letter_id_of_bytes(raw), Channel::Email);
    let start = fields::skip_preamble(raw);
    let rest = raw.get(start..).unwrap_or_default();
    let fields = Fields::read(rest, limits.field_bytes);
    if fields.cut {
        letter.defects.push(Defect::at(DefectKind::TextCut, start as u64));
    }
    let head = Head::read(&fields, limits.field_bytes);
    letter.subject = head.subject;
    letter.sender = head.sender;
    letter.recipient = head.recipient;
    letter.sent_at = head.sent_at;
    letter.message_id = head.message_id;
    if head_only {
        return letter;
    }
    let body_at = start + fields.length;
    let body = raw.get(body_at..).unwrap_or_default();
    let mut walk = Walk::new(limits);
    letter.text = walk.message(&fields, Slice { bytes: body, at: Some(body_at as u64) }).split();
    letter.documents = walk.documents;
    letter.defects.append(&mut walk.defects);
    // The texts themselves were measured; what was put between them was not.
    let cut = tidy::cut(&mut letter.text.new, limits.text_bytes)
        | tidy::cut(&mut letter.text.quoted, limits.text_bytes);
    if cut && letter.defects.iter().all(|defect| defect.kind != DefectKind::TextCut) {
        letter.defects.push(Defect::whole(DefectKind::TextCut));
    }
    letter
}
