//! How the bombs end: what was said of them, in which time, with how much memory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::made::png::white;
use super::made::{deep_mail, deep_zip, docx, pdf, zip};
use super::measured::{By, document};

const MEBIBYTE: usize = 1 << 20;
/// What the large ones unpack to.
const TWO_GIBIBYTES: usize = 2048;

/// Writes a bomb.
type Make = fn(&Path);

fn bombs() -> Vec<(&'static str, By, Make)> {
    use By::{Nobody, Sleeper, Spinner, Worker};
    vec![
        ("ZIP of 2 GiB of blanks", Worker, |file| large_zip(file, "stor.txt")),
        ("DOCX of 2 GiB of blanks", Worker, |file| large_zip(file, "word/document.xml")),
        ("ZIP in ZIP, 50 deep", Worker, |file| write(file, &deep_zip(50))),
        ("mail in mail, 500 deep", Worker, |file| write(file, &deep_mail(500))),
        ("PDF with a million pages", Worker, |file| write(file, &million_pages())),
        ("PDF with 2 GiB in one page", Worker, |file| write(file, &large_page())),
        ("PDF with a million operators in one page", Worker, |file| {
            write(file, &pdf(&[&b"BT (a) Tj ET ".repeat(1 << 20)]));
        }),
        ("PDF with 200,000 nested arrays", Worker, |file| {
            let nested = format!("%PDF-1.4\n1 0 obj\n{}\nendobj\n", "[".repeat(200_000));
            write(file, nested.as_bytes());
        }),
        ("DOCX with an external entity", Worker, |file| write(file, &entity())),
        ("DOCX with entities of entities", Worker, |file| write(file, &laughs())),
        ("DOCX with 300,000 nested elements", Worker, |file| {
            write(file, &docx(&"<w:p>".repeat(300_000)));
        }),
        ("RTF with a million nested groups", Worker, |file| {
            write(file, ["{\\rtf1 ", &"{\\b ".repeat(1_000_000)].concat().as_bytes());
        }),
        ("HTML with a million nested elements", Worker, |file| {
            write(file, ["<!doctype html>", &"<div>".repeat(1_000_000)].concat().as_bytes());
        }),
        ("picture of 40,000 × 40,000", Worker, |file| write(file, &white(40_000))),
        ("picture of 6,300 × 6,300, just within the limit", Worker, |file| {
            write(file, &white(6_300));
        }),
        ("text of 33 MB", Worker, |file| write(file, &vec![b'x'; 33 * MEBIBYTE])),
        ("a reader that hangs and sleeps", Sleeper, |file| write(file, b"Hej")),
        ("a reader that hangs and computes", Spinner, |file| write(file, b"Hej")),
        ("no program that reads", Nobody, |file| write(file, b"Hej")),
    ]
}

fn write(file: &Path, bytes: &[u8]) {
    std::fs::write(file, bytes).unwrap();
}

fn large_zip(file: &Path, name: &str) {
    let mut zip = ZipWriter::new(BufWriter::new(File::create(file).unwrap()));
    zip.start_file(name, SimpleFileOptions::default().large_file(true)).unwrap();
    let blanks = vec![b' '; MEBIBYTE];
    for _ in 0..TWO_GIBIBYTES {
        zip.write_all(&blanks).unwrap();
    }
    zip.finish().unwrap().flush().unwrap();
}

fn packed(mebibytes: usize) -> Vec<u8> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::fast());
    let blanks = vec![b' '; MEBIBYTE];
    for _ in 0..mebibytes {
        out.write_all(&blanks).unwrap();
    }
    out.finish().unwrap()
}

/// A PDF of these objects, the first of which is its catalog.
fn raw_pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", out.len());
        out.extend(format!("{} 0 obj\n", number + 1).as_bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let (start, size) = (out.len(), objects.len() + 1);
    let end = format!(
        "xref\n0 {size}\n{table}trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF"
    );
    out.extend(end.as_bytes());
    out
}

/// One page, a million times.
fn million_pages() -> Vec<u8> {
    let kids = "3 0 R ".repeat(1_000_000);
    raw_pdf(&[
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        format!("<</Type/Pages/Count 1000000/Kids[{kids}]>>").into_bytes(),
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R>>".to_vec(),
        b"<</Length 12>>stream\nBT (a) Tj ET\nendstream".to_vec(),
    ])
}

fn large_page() -> Vec<u8> {
    let drawn = packed(TWO_GIBIBYTES);
    let head = format!("<</Length {}/Filter/FlateDecode>>stream\n", drawn.len());
    raw_pdf(&[
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R>>".to_vec(),
        [head.as_bytes(), &drawn, b"\nendstream"].concat(),
    ])
}

fn entity() -> Vec<u8> {
    let xml = "<?xml version=\"1.0\"?><!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\
               <w:document><w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>";
    zip(&[("word/document.xml", xml.as_bytes())])
}

fn laughs() -> Vec<u8> {
    let mut entities = String::from("<!ENTITY a0 \"ha\">");
    for level in 1..30 {
        let before = format!("&a{};", level - 1).repeat(10);
        entities += &format!("<!ENTITY a{level} \"{before}\">");
    }
    let xml = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE d [{entities}]>\
         <w:document><w:body><w:p><w:r><w:t>&a29;</w:t></w:r></w:p></w:body></w:document>"
    );
    zip(&[("word/document.xml", xml.as_bytes())])
}

/// Prints the table, and how often what stands for the router died.
pub(crate) fn run() {
    let folder = tempfile::tempdir().unwrap();
    let mut crashes = 0;
    println!("| bomb | bytes | how it ended | seconds | reader's peak, MiB |");
    println!("|---|---:|---|---:|---:|");
    for (name, by, make) in bombs() {
        let file = folder.path().join("bomb");
        make(&file);
        let bytes = std::fs::metadata(&file).unwrap().len();
        match document(&file, by, Duration::ZERO) {
            Ok(measured) => {
                let peak = measured.peak_kib as f64 / 1024.0;
                let (ended, seconds) = (measured.ended, measured.longest);
                println!("| {name} | {bytes} | {ended} | {seconds:.2} | {peak:.0} |");
            }
            Err(how) => {
                crashes += 1;
                println!("| {name} | {bytes} | the router ended: {how} | – | – |");
            }
        }
    }
    println!("{crashes} of them ended what stands for the router");
}
