//! Documents in a second on one core, by kind. Each says the same two pages of text, a DOC half a page.

use std::fmt::Write as _;
use std::time::Duration;

use super::made::scan::{page, scanned};
use super::made::{docx, lines, old_word, pdf, zip};
use super::measured::{By, document};

/// Each kind is measured for so long.
const TIME: Duration = Duration::from_secs(4);

const LINE: &str = "Jeg søger hermed om tilskud til min søns plads i børnehaven Strandløkken.";
/// Two pages.
const LINES: usize = 80;

fn kinds() -> Vec<(&'static str, Vec<u8>)> {
    let all = vec![LINE; LINES];
    let sheets: Vec<Vec<u8>> = all.chunks(LINES / 2).map(lines).collect();
    let sheets: Vec<&[u8]> = sheets.iter().map(Vec::as_slice).collect();
    let paragraphs = |before: &str, after: &str| format!("{before}{LINE}{after}").repeat(LINES);
    let word = docx(&paragraphs("<w:p><w:r><w:t>", "</w:t></w:r></w:p>"));
    let text = all.join("\r\n");
    let scan = page(&vec![LINE; LINES / 2]);
    let mail = format!(
        "From: a@borger.example\r\nSubject: Hej\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    );
    vec![
        ("PDF", pdf(&sheets)),
        ("DOCX", word.clone()),
        ("ODT", odt(&paragraphs("<text:p>", "</text:p>"))),
        ("XLSX", xlsx()),
        ("PPTX", pptx(&paragraphs("<a:p><a:r><a:t>", "</a:t></a:r></a:p>"))),
        ("HTML", format!("<!doctype html><body>{}", paragraphs("<p>", "</p>")).into_bytes()),
        ("RTF", rtf(&text)),
        ("EML", mail.into_bytes()),
        ("ZIP of a DOCX and a text", zip(&[("a.docx", &word), ("b.txt", text.as_bytes())])),
        ("DOC (antiword or catdoc)", old_word::doc(&format!("{}\r", LINE.repeat(20)))),
        ("PNG, a page by OCR", scan.to_png()),
        ("PDF, a page by OCR", scanned(&[&scan])),
    ]
}

fn odt(paragraphs: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content><office:body>{paragraphs}</office:body></office:document-content>"
    );
    let kind = b"application/vnd.oasis.opendocument.text";
    zip(&[("mimetype", kind), ("content.xml", content.as_bytes())])
}

fn xlsx() -> Vec<u8> {
    let mut rows = String::new();
    for row in 0..LINES {
        let _ = write!(
            rows,
            "<row><c t=\"inlineStr\"><is><t>{LINE}</t></is></c><c><v>{row}.5</v></c></row>"
        );
    }
    let sheet = format!("<worksheet>{rows}</worksheet>");
    zip(&[("xl/workbook.xml", b"<workbook/>"), ("xl/worksheets/sheet1.xml", sheet.as_bytes())])
}

fn pptx(paragraphs: &str) -> Vec<u8> {
    let slide = format!("<p:sld>{paragraphs}</p:sld>");
    zip(&[("ppt/presentation.xml", b"<p/>"), ("ppt/slides/slide1.xml", slide.as_bytes())])
}

fn rtf(text: &str) -> Vec<u8> {
    let mut out = String::from("{\\rtf1\\ansi\\ansicpg1252 ");
    for c in text.chars() {
        match c {
            '\r' => {}
            '\n' => out.push_str("\\par\n"),
            c if c.is_ascii() => out.push(c),
            c => _ = write!(out, "\\u{}?", u32::from(c)),
        }
    }
    (out + "}").into_bytes()
}

/// Prints the table.
pub(crate) fn run() {
    let folder = tempfile::tempdir().unwrap();
    println!(
        "| kind | bytes | documents/s on one core | documents/s by the clock | how it ended |"
    );
    println!("|---|---:|---:|---:|---|");
    for (name, bytes) in kinds() {
        let file = folder.path().join("document");
        std::fs::write(&file, &bytes).unwrap();
        let measured = document(&file, By::Worker, TIME).unwrap();
        let per = |seconds: f64| f64::from(measured.times) / seconds;
        println!(
            "| {name} | {} | {:.1} | {:.1} | {} |",
            bytes.len(),
            per(measured.processor),
            per(measured.wall),
            measured.ended
        );
    }
}
