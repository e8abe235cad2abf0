//! Documents with a digital signature are said to have one. Nothing verifies it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod made;

use lopdf::{Dictionary, Object, dictionary};
use made::cms::{enveloped, field, open_field, signed};
use made::{docx, lines, pdf, pdf_document, saved, zip};
use postbud_extract::read::{Task, document};
use postbud_extract::{Budget, Found, format_of};
use postbud_letter::{DocumentFormat, DocumentTrouble};

fn found(bytes: &[u8]) -> Found {
    document(bytes, &Task::from(&Budget::default()))
}

/// A PDF with a field for a signature, within another field when `within`.
fn pdf_with(value: Option<Dictionary>, within: bool) -> Vec<u8> {
    let mut form = pdf_document(&[&lines(&["Fuldmagt"])]);
    let mut field = dictionary! { "T" => Object::string_literal("underskrift") };
    if let Some(value) = value {
        let value = form.add_object(value);
        field.set("V", value);
    }
    let mut outer = dictionary! { "FT" => "Sig" };
    if within {
        let inner = form.add_object(field);
        outer.set("Kids", vec![Object::Reference(inner)]);
    } else {
        outer.extend(&field);
    }
    let outer = form.add_object(outer);
    let fields = form.add_object(dictionary! { "Fields" => vec![Object::Reference(outer)] });
    form.catalog_mut().unwrap().set("AcroForm", fields);
    saved(form)
}

fn signature() -> Dictionary {
    let range: Vec<Object> = [0, 100, 200, 300].map(Object::from).to_vec();
    dictionary! { "Type" => "Sig", "SubFilter" => "adbe.pkcs7.detached", "ByteRange" => range }
}

#[test]
fn a_signed_pdf() {
    for within in [false, true] {
        let read = found(&pdf_with(Some(signature()), within));
        assert_eq!((read.text.as_str(), read.signed, read.trouble), ("Fuldmagt", true, None));
    }
    // A place for a signature is none, nor is one that covers nothing.
    for value in [None, Some(dictionary! { "Type" => "Sig" })] {
        assert!(!found(&pdf_with(value, false)).signed);
    }
}

#[test]
fn signed_office_and_open_document() {
    let body: &[u8] = b"<w:document><w:t>Hej</w:t></w:document>";
    let word = |name| zip(&[("word/document.xml", body), (name, b"<Signature/>")]);
    assert!(found(&word("_xmlsignatures/sig1.xml")).signed);
    assert!(!found(&word("_xmlsignatures/origin.sigs")).signed);
    assert!(!found(&docx("")).signed);
    let odt =
        |name| zip(&[("mimetype", b"x"), ("content.xml", b"<body>Hej</body>"), (name, b"<s/>")]);
    let read = found(&odt("META-INF/documentsignatures.xml"));
    assert_eq!((read.text.as_str(), read.signed), ("Hej", true));
    assert!(!found(&odt("META-INF/manifest.xml")).signed);
    // An archive of signed documents is not signed.
    assert!(!found(&zip(&[("a.docx", &word("_xmlsignatures/sig1.xml"))])).signed);
}

#[test]
fn a_signature_alone_is_told_as_what_it_is() {
    for bytes in [signed(field, None), signed(open_field, None)] {
        let read = found(&bytes);
        assert_eq!((read.format, read.trouble, read.cut), (DocumentFormat::Signature, None, false));
        assert_eq!((read.text.as_str(), format_of(&bytes)), ("", DocumentFormat::Signature));
    }
}

#[test]
fn what_lies_within_a_signature_is_read() {
    let part = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
                S8OmcmUga29tbXVuZQ==\r\n";
    let read = found(&signed(open_field, Some(&field(4, part.as_bytes()))));
    assert_eq!((read.text.as_str(), read.format), ("Kære kommune", DocumentFormat::Mail));
    assert_eq!((read.signed, read.trouble), (true, None));
    let read = found(&signed(field, Some(&field(4, &pdf(&[&lines(&["Fuldmagt"])])))));
    assert_eq!((read.text.as_str(), read.format), ("Fuldmagt", DocumentFormat::Pdf));
    assert_eq!((read.signed, read.pages), (true, Some(1)));
    // In each other they are as deep as archives.
    let deep = (0..10).fold(b"Hej".to_vec(), |held, _| signed(field, Some(&field(4, &held))));
    assert_eq!(found(&deep).trouble, Some(DocumentTrouble::TooDeep));
}

#[test]
fn an_envelope_is_encrypted() {
    let read = found(&enveloped());
    assert_eq!(
        (read.format, read.trouble, read.signed),
        (DocumentFormat::Unknown, Some(DocumentTrouble::Encrypted), false)
    );
}

#[test]
fn a_mail_with_its_signature_beside_it_is_signed() {
    let head = "From: a@b.example\r\nSubject: Fuldmagt\r\nMIME-Version: 1.0\r\n\
                Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nHej\r\n--b\r\n\
                Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\
                Content-Transfer-Encoding: quoted-printable\r\n\r\n";
    let quoted: String = signed(field, None).iter().map(|byte| format!("={byte:02X}")).collect();
    let read = found(format!("{head}{quoted}\r\n--b--\r\n").as_bytes());
    assert_eq!((read.text.as_str(), read.signed, read.trouble), ("Fuldmagt\nHej", true, None));
}
