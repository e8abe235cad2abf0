//! Documents and bombs, made here.

// Each test file uses some of these.
#![allow(dead_code)]

pub(crate) mod bombs;
pub(crate) mod clamd;
pub(crate) mod cms;
pub(crate) mod old_word;
pub(crate) mod png;
pub(crate) mod scan;

use std::io::{Cursor, Write as _};

use lopdf::{Dictionary, Document, Object, Stream, dictionary};
use nix::sys::resource::{UsageWho, getrusage};
use postbud_extract::{Program, Reader};
use postbud_letter::{AttachedText, Document as Attached, DocumentRole, Letter, Limits, read};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The worker that lies beside this test; `None` when only this test was built.
pub(crate) fn worker() -> Option<Program> {
    let path = std::env::current_exe().unwrap();
    let path = path.parent().and_then(|deps| deps.parent()).unwrap().join("examples/worker");
    if !path.exists() {
        println!("skipped: the example worker was not built");
        return None;
    }
    Some(Program { path, args: Vec::new() })
}

/// A letter with these documents.
pub(crate) fn letter(documents: Vec<Vec<u8>>) -> Letter {
    let raw = b"From: a@b.example\r\nSubject: Se bilag\r\n\r\nSe bilag\r\n";
    let mut letter = read(raw, &Limits::default());
    letter.documents = documents
        .into_iter()
        .map(|bytes| Attached {
            role: DocumentRole::Attachment,
            label: None,
            filename: "../../etc/passwd".to_owned(),
            media_type: "application/pdf".to_owned(),
            bytes,
        })
        .collect();
    letter
}

/// What a reader says of these documents.
pub(crate) fn attached(reader: &Reader, documents: Vec<Vec<u8>>) -> Vec<AttachedText> {
    let mut letter = letter(documents);
    reader.attach(&mut letter);
    letter.attached
}

/// The most memory that any process had at once that was started from here and waited for, in KiB.
pub(crate) fn peak_kib_of_children() -> i64 {
    getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss()
}

/// An archive with these files.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A Word document with this XML between its body's tags.
pub(crate) fn docx(body: &str) -> Vec<u8> {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">\
         <w:body>{body}</w:body></w:document>"
    );
    zip(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", xml.as_bytes())])
}

/// A PDF in which each page is drawn by these instructions, with a font `F1` in WinAnsi.
pub(crate) fn pdf(pages: &[&[u8]]) -> Vec<u8> {
    saved(pdf_document(pages))
}

pub(crate) fn saved(mut pdf: Document) -> Vec<u8> {
    let mut bytes = Vec::new();
    pdf.save_to(&mut bytes).unwrap();
    bytes
}

pub(crate) fn pdf_document(pages: &[&[u8]]) -> Document {
    let mut pdf = Document::with_version("1.5");
    let tree = pdf.new_object_id();
    let font = pdf.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica",
        "Encoding" => "WinAnsiEncoding",
    });
    let resources = pdf.add_object(dictionary! { "Font" => dictionary! { "F1" => font } });
    let kids: Vec<Object> = pages
        .iter()
        .map(|drawn| {
            let mut stream = Stream::new(Dictionary::new(), drawn.to_vec());
            stream.compress().unwrap();
            let contents = pdf.add_object(stream);
            let page = dictionary! {
                "Type" => "Page", "Parent" => tree, "Contents" => contents,
                "Resources" => resources, "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
            };
            pdf.add_object(page).into()
        })
        .collect();
    let count = i64::try_from(kids.len()).unwrap();
    let pages = dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count };
    pdf.objects.insert(tree, Object::Dictionary(pages));
    let catalog = pdf.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
    pdf.trailer.set("Root", catalog);
    pdf
}

/// Instructions that draw lines of text.
pub(crate) fn lines(lines: &[&str]) -> Vec<u8> {
    let mut drawn = b"BT /F1 12 Tf 50 800 Td\n".to_vec();
    for line in lines {
        drawn.push(b'(');
        drawn.extend_from_slice(&encoding_rs::WINDOWS_1252.encode(line).0);
        drawn.extend_from_slice(b") Tj 0 -14 Td\n");
    }
    drawn.extend_from_slice(b"ET");
    drawn
}

/// Mails within mails as files, so deep.
pub(crate) fn deep_mail(depth: usize) -> Vec<u8> {
    let mut mail = b"From: a@b.example\r\nSubject: inderst\r\n\r\nKernen\r\n".to_vec();
    for level in 0..depth {
        let head = format!(
            "From: a@b.example\r\nMIME-Version: 1.0\r\nSubject: lag {level}\r\n\
             Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n\
             Content-Type: application/octet-stream\r\n\
             Content-Disposition: attachment; filename=\"../../etc/passwd\"\r\n\r\n"
        );
        let tail = format!("\r\n--b{level}--\r\n");
        mail = [head.as_bytes(), &mail, tail.as_bytes()].concat();
    }
    mail
}

/// An archive within an archive, so deep, with a text in the innermost.
pub(crate) fn deep_zip(depth: usize) -> Vec<u8> {
    let mut bytes = zip(&[("../../etc/passwd", b"Kernen")]);
    for _ in 0..depth {
        bytes = zip(&[("mere.zip", &bytes)]);
    }
    bytes
}
