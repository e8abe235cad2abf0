//! Each kind of document, made here and read back.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod made;

use made::{deep_mail, deep_zip, docx, lines, pdf, zip};
use postbud_extract::read::{Task, document};
use postbud_extract::{Budget, Found};
use postbud_letter::{DocumentFormat, DocumentTrouble};

fn found(bytes: &[u8]) -> Found {
    document(bytes, &Task::from(&Budget::default()))
}

fn within(budget: &Budget, bytes: &[u8]) -> Found {
    document(bytes, &Task::from(budget))
}

#[test]
fn word_documents() {
    let body = "<w:p><w:r><w:t>Kære </w:t></w:r><w:r><w:t xml:space=\"preserve\">kommune &amp; co</w:t></w:r></w:p>\
                <w:p><w:r><w:t>Linje</w:t><w:br/><w:t>ny</w:t><w:tab/><w:t>spring</w:t></w:r>\
                <w:r><w:instrText>HYPERLINK x</w:instrText><w:delText>slettet</w:delText></w:r></w:p>\
                <w:tbl><w:tr><w:tc><w:p><w:r><w:t>Navn</w:t></w:r></w:p></w:tc></w:tr></w:tbl>";
    let found = found(&docx(body));
    assert_eq!(found.text, "Kære kommune & co\nLinje\nny spring\nNavn");
    assert_eq!((found.format, found.trouble), (DocumentFormat::Docx, None));
}

#[test]
fn spreadsheets_presentations_and_open_document() {
    let sheet = zip(&[
        ("xl/workbook.xml", b"<workbook/>"),
        ("xl/sharedStrings.xml", "<sst><si><t>Beløb</t></si><si><r><t>An</t></r><r><t>tal</t></r></si></sst>".as_bytes()),
        (
            "xl/worksheets/sheet1.xml",
            b"<worksheet><row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c></row>\
              <row><c><v>12.5</v></c><c t=\"inlineStr\"><is><t>to</t></is></c><c t=\"s\"><v>99</v></c></row></worksheet>",
        ),
    ]);
    let read = found(&sheet);
    assert_eq!((read.text.as_str(), read.pages), ("Beløb Antal\n12.5 to 99", Some(1)));
    let slide = |text: &str| format!("<p:sld><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sld>");
    let slides = zip(&[
        ("ppt/presentation.xml", b"<p/>"),
        ("ppt/slides/slide10.xml", slide("sidst").as_bytes()),
        ("ppt/slides/slide2.xml", slide("først").as_bytes()),
    ]);
    assert_eq!(found(&slides).text, "først\nsidst");
    let odt = zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.text"),
        (
            "content.xml",
            "<office:document-content><office:styles>nej</office:styles><office:body><text:h>Titel</text:h>\
             <text:p>Et<text:s/>ord<text:line-break/>mere</text:p></office:body></office:document-content>"
                .as_bytes(),
        ),
    ]);
    let read = found(&odt);
    assert_eq!(read.text, "Titel\nEt ord\nmere");
    assert_eq!(read.format, DocumentFormat::OpenDocument);
}

#[test]
fn archives_and_mails_hold_other_documents() {
    let inner = docx("<w:p><w:r><w:t>I arkivet</w:t></w:r></w:p>");
    let found_in = found(&zip(&[
        ("a/", b""),
        ("../../etc/passwd", b"En tekst"),
        ("b.docx", &inner),
        ("c.png", b"\x89PNG\r\n\x1a\n"),
    ]));
    // The picture is cut off behind its first bytes.
    let broken = Some(DocumentTrouble::Broken);
    assert_eq!((found_in.text.as_str(), found_in.trouble), ("En tekst\nI arkivet", broken));
    let mail = found(&deep_mail(1));
    assert_eq!((mail.format, mail.text.as_str()), (DocumentFormat::Mail, "lag 0\ninderst\nKernen"));
}

#[test]
fn what_asks_for_a_password_is_said_so() {
    let manifest = b"<manifest><encryption-data/></manifest>";
    let odt = zip(&[
        ("mimetype", b"x"),
        ("content.xml", b"\x01\x02"),
        ("META-INF/manifest.xml", manifest),
    ]);
    assert_eq!(found(&odt).trouble, Some(DocumentTrouble::Encrypted));
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let office = [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), vec![0; 512], name].concat();
    assert_eq!(found(&office).trouble, Some(DocumentTrouble::Encrypted));
    // The flag "encrypted" of the only file, in its own header and in the list at the end.
    let mut bytes = zip(&[("a.txt", b"hej")]);
    bytes[6] |= 1;
    let list = bytes.windows(4).position(|at| at == b"PK\x01\x02").unwrap();
    bytes[list + 8] |= 1;
    assert_eq!(found(&bytes).trouble, Some(DocumentTrouble::Encrypted));
}

#[test]
fn damaged_documents_are_said_to_be_so() {
    let whole = pdf(&[&lines(&["Hej"])]);
    for bytes in [&whole[..whole.len() / 3], b"%PDF-1.7\n%%EOF", b"PK\x03\x04 og intet mere"] {
        let found = found(bytes);
        assert!(found.trouble.is_some(), "{found:?}");
    }
    let cut = docx("<w:p><w:r><w:t>Hej</w:t></w:r></w:p><w:p><w:t a=\"");
    let found = found(&cut);
    assert_eq!(found.text, "Hej");
}

#[test]
fn nothing_outside_of_the_document_is_fetched() {
    let body = "<w:p><w:r><w:t>før &x; efter</w:t></w:r></w:p>";
    let xml = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">\
         <!ENTITY y \"&x;&x;&x;\">]><w:document><w:body>{body}</w:body></w:document>"
    );
    let bytes = zip(&[("word/document.xml", xml.as_bytes())]);
    assert_eq!(found(&bytes).text, "før efter");
}

#[test]
fn what_lies_too_deep_is_left() {
    let zip = found(&deep_zip(20));
    assert_eq!((zip.trouble, zip.text.as_str()), (Some(DocumentTrouble::TooDeep), ""));
    let mail = found(&deep_mail(500));
    assert_eq!(mail.trouble, Some(DocumentTrouble::TooDeep));
    assert!(mail.text.starts_with("lag 499"));
}

#[test]
fn budgets_cut_and_say_so() {
    let small = Budget { text_bytes: 20, pages: 2, entries: 3, ..Budget::default() };
    let long = within(&small, "ord ".repeat(1000).as_bytes());
    assert!(long.cut && long.text.len() <= 20);
    let page = lines(&["Side"]);
    let many = within(&small, &pdf(&[&page, &page, &page]));
    assert_eq!((many.text.as_str(), many.cut, many.pages), ("Side\nSide", true, Some(2)));
    let files = zip(&[("1", b"a"), ("2", b"b"), ("3", b"c"), ("4", b"d")]);
    let few = within(&small, &files);
    assert_eq!((few.text.as_str(), few.cut), ("a\nb\nc", true));
}

#[test]
fn a_bomb_unpacks_no_further_than_its_budget() {
    let zeros = vec![b' '; 40 << 20];
    let bomb = zip(&[("stor.txt", &zeros), ("stor2.txt", &zeros), ("lille.txt", b"efter")]);
    let found = found(&bomb);
    assert_eq!(found.trouble, Some(DocumentTrouble::TooLarge));
    let xml = format!("<w:document>{}", "<w:p>".repeat(300_000));
    let deep = zip(&[("word/document.xml", xml.as_bytes())]);
    assert_eq!(document(&deep, &Task::from(&Budget::default())).text, "");
}

/// Far below the budget, and still a bomb; what is beside it is read.
#[test]
fn a_file_that_is_packed_beyond_measure_is_a_bomb() {
    let blanks = vec![b' '; 2 << 20];
    let read = found(&zip(&[("stor.txt", &blanks), ("lille.txt", b"efter")]));
    assert_eq!((read.text.as_str(), read.trouble), ("efter", Some(DocumentTrouble::TooLarge)));
    assert!(read.cut);
    // A small one may be packed as tightly, and a large one of ordinary text is packed less.
    let read = found(&zip(&[("lille.txt", &vec![b'a'; 100_000])]));
    assert_eq!((read.text.len(), read.trouble, read.cut), (100_000, None, false));
    let text: String = (0..200_000).map(|n| format!("{n} kroner. ")).collect();
    let read = found(&zip(&[("stor.txt", text.as_bytes())]));
    assert_eq!((read.text.starts_with("0 kroner"), read.trouble), (true, None));
}

proptest::proptest! {
    #[test]
    fn any_bytes_give_something(mut bytes in proptest::collection::vec(0_u8.., 0..400), head in 0_usize..6) {
        let heads: [&[u8]; 6] = [b"", b"%PDF-1.4\n", b"PK\x03\x04", b"{\\rtf1 ", b"<!doctype html>", b"From: a@b.dk\r\nSubject: x\r\n"];
        bytes.splice(0..0, heads[head].iter().copied());
        let budget = Budget { text_bytes: 100, ..Budget::default() };
        let found = within(&budget, &bytes);
        proptest::prop_assert!(found.text.len() <= 100);
        proptest::prop_assert!(!found.text.is_empty() || found.trouble.is_some());
    }

    #[test]
    fn a_damaged_document_never_panics(at in 0_usize..4000, byte in 0_u8.., which in 0_usize..3) {
        let mut bytes = match which {
            0 => pdf(&[&lines(&["Ansøgning"]), &lines(&["Side to"])]),
            1 => docx("<w:p><w:r><w:t>Kære kommune</w:t></w:r></w:p>"),
            _ => deep_zip(2),
        };
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = found(&bytes);
    }
}
