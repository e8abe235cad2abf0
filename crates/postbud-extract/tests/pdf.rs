//! PDF, read back: pages, forms and passwords.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod made;

use lopdf::{
    Dictionary, Document, EncryptionState, EncryptionVersion, Object, Permissions, Stream,
    dictionary,
};
use made::{lines, pdf, pdf_document, saved};
use postbud_extract::read::{Task, document};
use postbud_extract::{Budget, Found};
use postbud_letter::{DocumentFormat, DocumentTrouble};

fn found(bytes: &[u8]) -> Found {
    document(bytes, &Task::from(&Budget::default()))
}

#[test]
fn a_pdf_page_by_page() {
    let first = lines(&["Ansøgning om økonomisk hjælp", "Jeg søger om tilskud til briller."]);
    let second = lines(&["Side to: æ, ø og å"]);
    let found = found(&pdf(&[&first, &second]));
    assert_eq!(
        found.text,
        "Ansøgning om økonomisk hjælp\nJeg søger om tilskud til briller.\nSide to: æ, ø og å"
    );
    assert_eq!((found.format, found.pages, found.trouble), (DocumentFormat::Pdf, Some(2), None));
}

/// A list of pages costs a few bytes for each, and the same page may stand in it a million times.
#[test]
fn a_page_that_is_named_again_and_again_is_not_left_out_silently() {
    let page = lines(&["Side"]);
    let mut pdf = pdf_document(&[&page]);
    let tree = pdf.catalog().unwrap().get(b"Pages").unwrap().as_reference().unwrap();
    let tree = pdf.get_object_mut(tree).unwrap().as_dict_mut().unwrap();
    let kid = tree.get(b"Kids").unwrap().as_array().unwrap()[0].clone();
    tree.set("Kids", vec![kid; 5_000]);
    tree.set("Count", 5_000);
    let read = found(&saved(pdf));
    assert!(read.cut && read.text.starts_with("Side"), "{read:?}");
}

#[test]
fn words_that_are_only_moved_apart_are_apart() {
    let drawn = "BT /F1 12 Tf 1 0 0 1 50 700 Tm [(Kære)-20(ste) -300 (kommune)] TJ \
                  1 0 0 1 200 700 Tm (Hilsen) Tj 1 0 0 1 50 600 Tm (Bo) Tj ET";
    let drawn = encoding_rs::WINDOWS_1252.encode(drawn).0.into_owned();
    assert_eq!(found(&pdf(&[&drawn])).text, "Kæreste kommune Hilsen\nBo");
}

#[test]
fn what_was_filled_into_a_form() {
    let mut form = pdf_document(&[&lines(&["Navn:"])]);
    let field = form.add_object(dictionary! {
        "FT" => "Tx", "T" => Object::string_literal("navn"),
        "V" => Object::string_literal(b"\xfe\xff\0B\0j\0\xf8\0r\0n".to_vec()),
    });
    let fields = dictionary! { "Fields" => vec![Object::Reference(field)] };
    let fields = form.add_object(fields);
    form.catalog_mut().unwrap().set("AcroForm", fields);
    assert_eq!(found(&saved(form)).text, "Bjørn\nNavn:");
}

#[test]
fn what_was_ticked_and_chosen_in_a_form() {
    let mut form = pdf_document(&[&lines(&["Valg:"])]);
    let text = Object::string_literal;
    let chosen = form.add_object(text("torsdag"));
    let long = Stream::new(Dictionary::new(), b"En lang besked".to_vec());
    let long = form.add_object(long);
    let values = [
        Object::from("Ja"),
        Object::from("Off"),
        Object::from("M\u{f8}der"),
        vec![text("mandag"), Object::Reference(chosen)].into(),
        Object::Reference(long),
        Object::from(17),
    ];
    let fields: Vec<Object> = values
        .into_iter()
        .map(|value| form.add_object(dictionary! { "FT" => "Btn", "V" => value }).into())
        .collect();
    let fields = form.add_object(dictionary! { "Fields" => fields });
    form.catalog_mut().unwrap().set("AcroForm", fields);
    let read = found(&saved(form));
    assert_eq!(read.text, "Ja\nMøder\nmandag\ntorsdag\nEn lang besked\nValg:");
    assert_eq!((read.cut, read.trouble), (false, None));
}

#[test]
fn a_form_with_more_fields_than_are_read_is_cut() {
    let with = |count| {
        let mut form = pdf_document(&[&lines(&["Valg:"])]);
        let field = form.add_object(dictionary! { "FT" => "Btn", "V" => "Ja" });
        let fields: Vec<Object> = vec![Object::Reference(field); count];
        let fields = form.add_object(dictionary! { "Fields" => fields });
        form.catalog_mut().unwrap().set("AcroForm", fields);
        found(&saved(form))
    };
    assert!(with(1_001).cut);
    assert!(!with(1_000).cut);
}

#[test]
fn a_scan_holds_only_pictures() {
    let found = found(&pdf(&[b"q 500 0 0 700 0 0 cm /Im1 Do Q"]));
    assert_eq!((found.trouble, found.pages), (Some(DocumentTrouble::OnlyPictures), Some(1)));
}

/// A PDF for which its owner and whoever reads it have these passwords.
fn encrypted(owner: &str, user: &str) -> Document {
    let mut pdf = pdf_document(&[&lines(&["Kun for nogle"])]);
    let id = Object::string_literal(b"0123456789abcdef".to_vec());
    pdf.trailer.set("ID", vec![id.clone(), id]);
    let version = EncryptionVersion::V2 {
        document: &pdf,
        owner_password: owner,
        user_password: user,
        key_length: 128,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).unwrap();
    pdf.encrypt(&state).unwrap();
    pdf
}

#[test]
fn a_pdf_with_a_password_is_said_to_have_one() {
    let closed = encrypted("ejer", "hemmelig");
    let read = found(&saved(closed.clone()));
    assert_eq!((read.text.as_str(), read.trouble), ("", Some(DocumentTrouble::Encrypted)));
    // What it is encrypted with may stand where the document begins.
    let mut direct = closed;
    let how = direct.get_encrypted().unwrap().clone();
    direct.trailer.set("Encrypt", how);
    let read = found(&saved(direct));
    assert_eq!((read.text.as_str(), read.trouble), ("", Some(DocumentTrouble::Encrypted)));
}

/// Many are protected against changes only: anybody may read them.
#[test]
fn a_pdf_that_anybody_may_read_is_read() {
    let read = found(&saved(encrypted("ejer", "")));
    assert_eq!((read.text.as_str(), read.trouble), ("Kun for nogle", None));
}
