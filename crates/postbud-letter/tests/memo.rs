//! MeMo messages: versions, namespaces, alternatives, and what can be wrong in one place.
#![allow(clippy::unwrap_used)]

mod common;

use common::{base64_lines, file, kinds, main_document, memo, memo_with_text, read};
use postbud_letter::{
    AttachedText, Channel, DefectKind, DocumentFormat, DocumentRole, IdType, Letter,
};

const UUID: &str = "8c2ea15d-61fb-4ba9-9366-42f8b194c114";

fn assert_read_well(letter: &Letter) {
    assert_eq!(letter.channel, Channel::DigitalPost);
    assert_eq!(letter.id.as_str(), UUID);
    assert_eq!(letter.subject, "Plads i vuggestue");
    assert_eq!(letter.text.new, "Kære kommune\nHar I plads?");
    assert_eq!(letter.sender.label.as_deref(), Some("Ida Holm"));
    assert_eq!(letter.sender.id.as_deref(), Some("0101700000"));
    assert_eq!(letter.sender.id_type, Some(IdType::Cpr));
    assert_eq!(letter.recipient.id_type, Some(IdType::Cvr));
    assert_eq!(letter.sent_at, Some(1_793_873_520_000));
    assert!(letter.documents.is_empty());
    assert_eq!(kinds(letter), []);
}

const TEXT: &str = "Kære kommune\r\nHar I plads?\r\n";

#[test]
fn versions_1_0_to_1_2_read_alike() {
    for (version, id) in
        [("1.0", "documentID"), ("1.1", "mainDocumentID"), ("1.2", "mainDocumentID")]
    {
        let file = file("text/plain", "besked.txt", TEXT.as_bytes());
        let body =
            format!("<memo:MainDocument><memo:{id}>456</memo:{id}>{file}</memo:MainDocument>");
        let letter = read(memo(version, "", &body));
        assert_read_well(&letter);
        assert_eq!(letter.memo.unwrap().version.as_deref(), Some(version));
    }
}

#[test]
fn namespaces_count_and_prefixes_do_not() {
    let message = memo_with_text(TEXT);
    let default = message.replace("<memo:", "<").replace("</memo:", "</").replace(
        "xmlns:memo=\"https://DigitalPost.dk/MeMo-1\"",
        "xmlns=\"https://DigitalPost.dk/MeMo-1\"",
    );
    assert_read_well(&read(&default));
    let odd = message.replace("memo:", "n0:").replace("xmlns:memo", "xmlns:n0");
    assert_read_well(&read(&odd));
    let redeclared = message.replace(
        "<memo:label>Plads i vuggestue</memo:label>",
        "<q:label xmlns:q=\"https://DigitalPost.dk/MeMo-1\">Plads i vuggestue</q:label>\
         <memo:label xmlns:memo=\"urn:other\">Noget andet</memo:label>",
    );
    assert_read_well(&read(&redeclared));
    let other = message.replace("https://DigitalPost.dk/MeMo-1", "urn:other");
    assert_eq!(read(&other).channel, Channel::Unknown);
}

#[test]
fn byte_order_marks_and_charsets() {
    let message = memo_with_text(TEXT);
    assert_read_well(&read(format!("\u{feff}{message}")));
    assert_read_well(&read(format!("\n  {}", message.split_once('\n').unwrap().1)));
    let utf16: Vec<u8> =
        [0xfeff].into_iter().chain(message.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_read_well(&read(utf16));
    let latin1 = message.replace("UTF-8", "ISO-8859-1").replace("Ida Holm", "Åse Møller");
    let latin1: Vec<u8> = latin1.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert_eq!(read(latin1).sender.label.as_deref(), Some("Åse Møller"));
    // Latin-1 bytes where UTF-8 is promised: read, and reported.
    let mut stray = message.into_bytes();
    let at = stray.windows(4).position(|w| w == b"Holm").unwrap();
    stray[at + 1] = 0xf8;
    let letter = read(&stray);
    assert_eq!(letter.sender.label.as_deref(), Some("Ida Hølm"));
    assert_eq!(kinds(&letter), [DefectKind::BrokenCharset]);
    assert_eq!(letter.defects[0].position, Some(at as u64 + 1));
}

#[test]
fn unknown_elements_comments_and_character_data_do_not_disturb() {
    let message = memo_with_text(TEXT)
        .replace("<memo:Sender>", "<memo:new><memo:label>x</memo:label></memo:new><!-- y --><memo:Sender>")
        .replace("<memo:MessageBody>", "<memo:Extra><memo:File><memo:content>!</memo:content></memo:File></memo:Extra><memo:MessageBody><?pi?>")
        .replace("Plads i vuggestue", "<![CDATA[Plads]]> i&#32;vugge<!-- z -->stue");
    assert_read_well(&read(message));
    let label =
        memo_with_text(TEXT).replace("Plads i vuggestue", "A &amp; B & C &lt;d&gt; &x; &#229;");
    assert_eq!(read(label).subject, "A & B & C <d> &x; å");
}

#[test]
fn the_uuid_is_the_id_and_a_bad_one_is_not() {
    assert_eq!(read(memo_with_text("a")).id, read(memo_with_text("b")).id);
    for (uuid, defect) in [
        ("", DefectKind::MissingElement),
        ("1234", DefectKind::InvalidValue),
        ("8c2ea15d-61fb-1ba9-9366-42f8b194c114", DefectKind::InvalidValue),
    ] {
        let message = memo_with_text(TEXT).replace("8C2EA15D-61FB-4BA9-9366-42F8B194C114", uuid);
        let letter = read(&message);
        assert!(letter.id.as_str().starts_with("sha-"));
        assert_eq!(
            letter.id.as_str()[4..],
            postbud_letter::raw_sha256_hex(message.as_bytes())[..32]
        );
        assert_eq!(kinds(&letter), [defect], "{uuid}");
        assert_eq!(letter.text.new, "Kære kommune\nHar I plads?");
    }
}

#[test]
fn of_several_formats_the_plainest_whole_one_is_read() {
    let (pdf, txt, html) = (
        file("application/pdf", "Brev.pdf", b"%PDF-1.7"),
        file("text/plain", "brev.txt", "Almindelig tekst".as_bytes()),
        file("TEXT/HTML; charset=utf-8", "brev.html", "<p>Pæn <b>tekst</b></p>".as_bytes()),
    );
    let document = |files: &[&String]| {
        let files: String = files.iter().map(|file| file.as_str()).collect();
        memo("1.2", "", &format!("<memo:MainDocument>{files}</memo:MainDocument>"))
    };
    let letter = read(document(&[&pdf, &html, &txt]));
    assert_eq!((letter.text.new.as_str(), letter.documents.len()), ("Almindelig tekst", 0));
    assert_eq!(read(document(&[&pdf, &html])).text.new, "Pæn tekst");
    let letter = read(document(&[&pdf]));
    assert_eq!(letter.documents[0].media_type, "application/pdf");
    assert_eq!(letter.documents[0].role, DocumentRole::Main);
    assert_eq!((letter.text.new.as_str(), kinds(&letter).len()), ("", 0));
    // The plain one is broken: the next best is read, and the fault is reported.
    let broken = txt.replace("<memo:content>", "<memo:content>*");
    let letter = read(document(&[&broken, &html]));
    assert_eq!(letter.text.new, "Pæn tekst");
    assert_eq!(kinds(&letter), [DefectKind::BrokenBase64]);
    // Another name is another document, and none may be lost.
    let other = file("application/msword", "Praktiske oplysninger.doc", b"doc");
    let letter = read(document(&[&pdf, &other, &txt]));
    assert_eq!(letter.text.new, "Almindelig tekst");
    assert_eq!(letter.documents[0].filename, "Praktiske oplysninger.doc");
}

#[test]
fn a_broken_block_is_reported_where_it_breaks_and_the_rest_is_read() {
    let good = file("application/pdf", "god.pdf", b"god");
    let bad = file("application/pdf", "skidt.pdf", b"0123456789");
    let bad = bad.replace("MDEyMzQ1", "MDEy!zQ1");
    let body = format!(
        "{}<memo:AdditionalDocument>{bad}</memo:AdditionalDocument>\
         <memo:AdditionalDocument>{good}</memo:AdditionalDocument>",
        main_document(TEXT)
    );
    let message = memo("1.2", "", &body);
    let letter = read(&message);
    let at = message.find("!zQ1").unwrap() as u64;
    assert_eq!(letter.defects.len(), 1);
    assert_eq!(letter.defects[0].kind, DefectKind::BrokenBase64);
    assert_eq!(letter.defects[0].position, Some(at));
    assert_eq!(letter.text.new, "Kære kommune\nHar I plads?");
    assert_eq!(letter.documents[0].bytes, b"012");
    assert_eq!(letter.documents[1].bytes, b"god");
}

#[test]
fn base64_may_be_folded_and_hold_references_and_character_data() {
    for content in [
        "S8OmcmUga29tbXVuZQ0KSGFyIEkgcGxhZHM/DQo=",
        "\n\tS8OmcmUga2\r\n\t9tbXVuZQ0KSGFyIEkgc&#13;\nGxhZHM&#x2f;DQo=\n",
        "S8OmcmUga29tbXVuZQ0K<![CDATA[SGFyIEkgcGxhZHM/DQo=]]>",
        "S8OmcmUga29tbXVuZQ0KSGFyIEkg<!-- -->cGxhZHM/DQo",
    ] {
        let message = memo_with_text(TEXT);
        let plain = base64_lines(TEXT.as_bytes());
        let letter = read(message.replace(&plain, content));
        assert_eq!(kinds(&letter), [], "{content}");
        if content.contains("&#x2f;") {
            continue;
        }
        assert_eq!(letter.text.new, "Kære kommune\nHar I plads?", "{content}");
    }
}

#[test]
fn a_text_message_has_no_body_and_its_words_in_the_notification() {
    let message = memo_with_text(TEXT);
    let (head, _) = message.split_once("<memo:MessageBody>").unwrap();
    let message = format!("{head}</memo:Message>").replace("DIGITALPOST", "NEMSMS").replace(
        "<memo:mandatory>",
        "<memo:notification>Husk tid i morgen</memo:notification><memo:mandatory>",
    );
    let letter = read(&message);
    assert_eq!(letter.text.new, "Husk tid i morgen");
    assert_eq!(kinds(&letter), []);
    // A letter without a body is another matter.
    let letter = read(message.replace("NEMSMS", "DIGITALPOST"));
    assert_eq!(kinds(&letter), [DefectKind::MissingElement]);
}

#[test]
fn a_reply_brings_back_the_case_and_the_system() {
    let reply = "<memo:ReplyData><memo:messageID>MSG-1</memo:messageID>\
        <memo:messageUUID>8c2ea15d-61fb-4ba9-9366-42f8b194c657</memo:messageUUID>\
        <memo:caseID>SAG-456</memo:caseID>\
        <memo:contactPointID>241d39f6-998e-4929-b198-ccacbbf4b330</memo:contactPointID>\
        <memo:generatingSystemID>Sys-1</memo:generatingSystemID>\
        <memo:comment>Tilbud om plads</memo:comment>\
        <memo:AdditionalReplyData><memo:label>Intern</memo:label><memo:value>7</memo:value>\
        </memo:AdditionalReplyData></memo:ReplyData>";
    let letter = read(memo("1.1", &reply.repeat(2), &main_document(TEXT)));
    assert_eq!(letter.id.as_str(), UUID);
    let header = letter.memo.as_ref().unwrap();
    assert_eq!(header.replies.len(), 2);
    let first = &header.replies[0];
    assert_eq!(first.case_id.as_deref(), Some("SAG-456"));
    assert_eq!(first.generating_system_id.as_deref(), Some("Sys-1"));
    assert_eq!(first.additional[0].value, "7");
    assert!(letter.classifier_text().body.ends_with("Tilbud om plads"));
    assert!(letter.classifier_text().body.starts_with("Kære kommune"));
}

#[test]
fn a_forwarded_letter_is_quoted_and_the_comment_is_new() {
    let forward = "<memo:ForwardData>\
        <memo:messageUUID>8c2ea15d-61fb-4ba9-9366-42f8b194c657</memo:messageUUID>\
        <memo:originalMessageDateTime>0001-01-01T00:00:00Z</memo:originalMessageDateTime>\
        <memo:originalSender>Udbetaling Danmark</memo:originalSender>\
        <memo:comment>Hvad betyder det her?\nJeg forstår det ikke.</memo:comment></memo:ForwardData>";
    let letter = read(memo("1.1", forward, &main_document(TEXT)));
    assert_eq!(letter.text.new, "Hvad betyder det her?\nJeg forstår det ikke.");
    assert_eq!(letter.text.quoted, "Kære kommune\nHar I plads?");
    assert_eq!(kinds(&letter), []);
    let header = letter.memo.as_ref().unwrap().forward.clone().unwrap();
    assert_eq!(header.original_sender.as_deref(), Some("Udbetaling Danmark"));
    assert_eq!(header.original_message_at.unwrap().at, None);
    assert!(letter.classifier_text().body.contains("Har I plads?"));
    let silent = forward.replace("Hvad betyder det her?\nJeg forstår det ikke.", "");
    let letter = read(memo("1.1", &silent, &main_document(TEXT)));
    assert_eq!(letter.text.new, "");
    assert_eq!(letter.classifier_text().body, "Kære kommune\nHar I plads?");
}

#[test]
fn contact_points_are_untrusted_text_and_may_hold_cpr_numbers() {
    let point = "<memo:ContactPoint><memo:contactGroup>22.33</memo:contactGroup>\
        <memo:contactPointID> ikke en uuid </memo:contactPointID><memo:label>Pladsanvisningen</memo:label>\
        <memo:ContactInfo><memo:label>Barnets CPR nummer</memo:label><memo:value>0101200000</memo:value></memo:ContactInfo>\
        <memo:ContactInfo><memo:label>Barnets navn</memo:label></memo:ContactInfo></memo:ContactPoint>";
    let message =
        memo_with_text(TEXT).replace("</memo:Recipient>", &format!("{point}</memo:Recipient>"));
    let letter = read(&message);
    assert_eq!(kinds(&letter), []);
    let point = letter.recipient.contact_point.clone().unwrap();
    assert_eq!(point.id, "ikke en uuid");
    assert_eq!(point.info[0].value, "0101200000");
    assert_eq!(point.info[1].value, "");
    for printed in [
        format!("{letter:?}"),
        format!("{:?}", letter.recipient),
        format!("{:?}", letter.memo),
        format!("{:?}", letter.text),
        format!("{:?}", letter.classifier_text()),
    ] {
        assert!(!printed.contains("0101200000") && !printed.contains("plads"), "{printed}");
    }
    let blank = message.replace(" ikke en uuid ", "");
    assert_eq!(read(blank).recipient.contact_point.unwrap().id, "");
}

#[test]
fn content_data_is_read_with_ten_additional_pieces_and_a_malformed_kle() {
    let additional = "<memo:AdditionalContentData><memo:contentDataType>A</memo:contentDataType>\
        <memo:contentDataName>Navn</memo:contentDataName>\
        <memo:contentDataValue>Værdi</memo:contentDataValue></memo:AdditionalContentData>";
    let content = format!(
        "<memo:ContentData><grd:CPRdata><grd:cprNumber>0101200000</grd:cprNumber></grd:CPRdata>\
         <memo:CaseID><memo:caseID>SAG-1</memo:caseID><memo:caseSystem>X</memo:caseSystem></memo:CaseID>\
         <kle:KLEdata><kle:subjectKey>27.6956</kle:subjectKey><kle:version>1</kle:version>\
         <kle:label>Dagtilbud</kle:label></kle:KLEdata>{}</memo:ContentData>",
        additional.repeat(10)
    );
    let letter = read(memo("1.1", &content, &main_document(TEXT)));
    let content = letter.memo.unwrap().content;
    assert_eq!(content.additional.len(), 10);
    assert_eq!(content.additional[9].value, "Værdi");
    assert_eq!(content.kle.unwrap().key.as_deref(), Some("27.6956"));
    assert_eq!(content.case_id.unwrap().id.as_deref(), Some("SAG-1"));
    assert_eq!(content.cpr.unwrap().id.as_deref(), Some("0101200000"));
}

#[test]
fn dates_that_mean_unknown_or_nothing() {
    let message = memo_with_text(TEXT);
    let letter = read(message.replace("2026-11-05T10:12:00Z", "0001-01-01T00:00:00Z"));
    assert_eq!((letter.sent_at, kinds(&letter)), (None, vec![]));
    let letter = read(message.replace("2026-11-05T10:12:00Z", "i går"));
    assert_eq!((letter.sent_at, kinds(&letter)), (None, vec![DefectKind::InvalidValue]));
    let letter = read(message.replace("false</memo:mandatory>", "måske</memo:mandatory>"));
    assert_eq!(kinds(&letter), [DefectKind::InvalidValue]);
}

#[test]
fn attention_xml_is_data_and_never_text() {
    let attention = file("text/plain", "Attention.xml", b"<a>tekst</a>");
    let body = format!(
        "<memo:MainDocument>{}</memo:MainDocument><memo:AdditionalDocument>{attention}</memo:AdditionalDocument>",
        file("application/pdf", "brev.pdf", b"%PDF-")
    );
    let letter = read(memo("1.0", "", &body));
    assert_eq!(letter.documents[1].role, DocumentRole::Technical);
    assert_eq!(letter.classifier_text().body, "");
    let main = format!("<memo:MainDocument>{attention}</memo:MainDocument>");
    assert_eq!(read(memo("1.0", "", &main)).text.new, "");
}

#[test]
fn an_attachment_is_read_only_when_there_is_no_other_text() {
    let attached =
        |file: String| format!("<memo:AdditionalDocument>{file}</memo:AdditionalDocument>");
    let note = attached(file("text/plain", "note.txt", b"Fra bilaget"));
    let letter = read(memo("1.2", "", &format!("{}{note}", main_document(TEXT))));
    assert_eq!(letter.classifier_text().body, "Kære kommune\nHar I plads?");
    let pdf = format!(
        "<memo:MainDocument>{}</memo:MainDocument>",
        file("application/pdf", "a.pdf", b"%PDF-")
    );
    let letter = read(memo("1.2", "", &format!("{pdf}{note}")));
    assert_eq!(letter.classifier_text().body, "Fra bilaget");
    assert_eq!(letter.text.new, "");
    // HTML must be parsed, which is for another process to do.
    let page = attached(file("text/html", "note.html", b"<p>Fra bilaget</p>"));
    let mut letter = read(memo("1.2", "", &format!("{pdf}{page}")));
    assert_eq!(letter.classifier_text().body, "");
    letter.attach(vec![AttachedText {
        document: 1,
        format: DocumentFormat::Html,
        text: "Fra bilaget".to_owned(),
        pages: None,
        cut: false,
        signed: false,
        trouble: None,
    }]);
    assert_eq!(letter.classifier_text().body, "Fra bilaget");
}

#[test]
fn no_text_is_a_defect_only_when_there_is_no_subject_either() {
    let pdf = format!(
        "<memo:MainDocument>{}</memo:MainDocument>",
        file("application/pdf", "a.pdf", b"%PDF-")
    );
    let message = memo("1.2", "", &pdf);
    assert_eq!(kinds(&read(&message)), []);
    let letter = read(message.replace("Plads i vuggestue", " "));
    assert_eq!(kinds(&letter), [DefectKind::MissingElement, DefectKind::NoText]);
}
