//! Documents made here, read back.

use postbud_letter::{DocumentFormat, DocumentTrouble};

use super::*;
use crate::Budget;

pub(super) fn found(bytes: &[u8]) -> Found {
    document(bytes, &Task::from(&Budget::default()))
}

pub(super) fn text(bytes: &[u8]) -> String {
    found(bytes).text
}

#[test]
fn nothing_is_said_so() {
    assert_eq!(found(b"").trouble, Some(DocumentTrouble::Empty));
    assert_eq!(found(b" \n ").trouble, Some(DocumentTrouble::Empty));
    assert_eq!(found(b"\x89PNG\r\n\x1a\n").trouble, Some(DocumentTrouble::Broken));
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x03\x20\0\0\x03\x20\x08\0\0\0\0";
    assert_eq!(found(png).trouble, Some(DocumentTrouble::OnlyPictures));
    assert_eq!(found(b"\0\0\0\x18ftypheic").trouble, Some(DocumentTrouble::UnknownFormat));
    assert_eq!(found(b"\0\x01\x02\x03").trouble, Some(DocumentTrouble::UnknownFormat));
    assert_eq!(found(b"%PDF-1.4 nothing").format, DocumentFormat::Pdf);
}
