//! What kind of document some bytes are. Their name and claimed type are the sender's word and do
//! not count.

use postbud_letter::DocumentFormat;

use crate::cms::{self, Cms};

/// A PDF may begin with a little rubbish.
const PDF_WITHIN: usize = 1024;
/// So much of a text is looked at.
const HEAD: usize = 4096;

/// The format of a document, from its bytes alone. Archives are only told apart by what they hold,
/// so a Word document is a [`DocumentFormat::Zip`] here.
#[must_use]
pub fn format_of(bytes: &[u8]) -> DocumentFormat {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    // First, since what was signed may lie in it as it is.
    if let Some(signature) = cms::read(head) {
        let alone = signature == Cms::Detached;
        return if alone { DocumentFormat::Signature } else { DocumentFormat::Unknown };
    }
    let near = head.get(..PDF_WITHIN).unwrap_or(head);
    if near.windows(5).any(|at| at == b"%PDF-") {
        return DocumentFormat::Pdf;
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return DocumentFormat::Zip;
    }
    if head.starts_with(b"{\\rtf") {
        return DocumentFormat::Rtf;
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return DocumentFormat::OldOffice;
    }
    if is_image(head) {
        return DocumentFormat::Image;
    }
    if !is_text(head) {
        return DocumentFormat::Unknown;
    }
    if is_html(head) {
        return DocumentFormat::Html;
    }
    if is_mail(head) { DocumentFormat::Mail } else { DocumentFormat::Text }
}

fn is_image(head: &[u8]) -> bool {
    const MAGIC: [&[u8]; 8] = [
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF87a",
        b"GIF89a",
        b"II*\0",
        b"MM\0*",
        b"BM",
        b"\0\0\x01\0",
    ];
    let riff = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
    let heic = head.get(4..8) == Some(b"ftyp");
    // Bare points: not sent by anybody, but made of pages that were scanned.
    let near = head.get(..32).unwrap_or_default();
    let pgm = head.starts_with(b"P5\n") && near.windows(5).any(|at| at == b"\n255\n");
    riff || heic
        || pgm
        || MAGIC.iter().any(|magic| head.starts_with(magic) && !(*magic == b"BM" && is_text(head)))
}

/// Text has no zero bytes, unless every character takes two.
fn is_text(head: &[u8]) -> bool {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return true;
    }
    if wide(head).is_some() {
        return true;
    }
    let odd = head.iter().filter(|b| b.is_ascii_control() && !b"\t\n\r\x0c\x1a\x1b".contains(b));
    odd.count() * 50 <= head.len()
}

/// Two bytes a character without a mark that says so: which end comes first.
pub(crate) fn wide(bytes: &[u8]) -> Option<&'static str> {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|b| **b == 0).count();
    let pairs = head.len() / 2;
    let (first, second) = (zeros(0), zeros(1));
    if pairs < 2 || first + second == 0 {
        return None;
    }
    match (first * 10 > pairs * 7, second * 10 > pairs * 7) {
        (false, true) if first * 10 < pairs => Some("utf-16le"),
        (true, false) if second * 10 < pairs => Some("utf-16be"),
        _ => None,
    }
}

fn is_html(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let begins = |with: &[u8]| text.get(..with.len()).is_some_and(|t| t.eq_ignore_ascii_case(with));
    begins(b"<!doctype html") || begins(b"<html") || begins(b"<head") || begins(b"<body")
}

/// A mail as a file: it begins with header fields, and among them one that only mails have.
fn is_mail(head: &[u8]) -> bool {
    const TELLING: [&[u8]; 6] =
        [b"from", b"received", b"return-path", b"message-id", b"mime-version", b"delivered-to"];
    let (mut fields, mut telling) = (0, 0);
    for line in head.split(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let Some(colon) = line.iter().position(|&b| b == b':') else {
            return false;
        };
        let name = line.get(..colon).unwrap_or_default();
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return false;
        }
        fields += 1;
        telling += usize::from(TELLING.iter().any(|known| name.eq_ignore_ascii_case(known)));
    }
    fields >= 2 && telling >= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_decide() {
        for (bytes, format) in [
            (&b"%PDF-1.7\n"[..], DocumentFormat::Pdf),
            (b"\r\n\r\n%PDF-1.4", DocumentFormat::Pdf),
            (b"PK\x03\x04rest", DocumentFormat::Zip),
            (b"{\\rtf1\\ansi x}", DocumentFormat::Rtf),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", DocumentFormat::OldOffice),
            (b"\x89PNG\r\n\x1a\n\0\0", DocumentFormat::Image),
            (b"\xff\xd8\xff\xe0", DocumentFormat::Image),
            (b"<!DOCTYPE html><p>", DocumentFormat::Html),
            (b"From: a@b.dk\r\nSubject: x\r\n\r\nHej", DocumentFormat::Mail),
            (b"Navn: Bo\nBy: Klit\n\nHej", DocumentFormat::Text),
            (b"BMW er en bil", DocumentFormat::Text),
            (b"h\0e\0j\0 \0d\0u\0", DocumentFormat::Text),
            (b"", DocumentFormat::Text),
            (b"\0\x01\x02\x03\x04\x05\0\0\x07", DocumentFormat::Unknown),
        ] {
            assert_eq!(format_of(bytes), format, "{bytes:?}");
        }
    }

    #[test]
    fn two_bytes_a_character() {
        assert_eq!(wide(b"h\0e\0j\0"), Some("utf-16le"));
        assert_eq!(wide(b"\0h\0e\0j"), Some("utf-16be"));
        assert_eq!(wide(b"hej med dig"), None);
        assert_eq!(wide(b"\0\0\0\0\0\0"), None);
    }
}
