//! Documents that were made to do harm, and readers that are not there: the desk says in clear words
//! what was wrong with which document, and the letter is with its mailbox or with a person.

#[path = "../../crates/postbud-extract/tests/made/png.rs"]
mod png;

use std::io::Write as _;
use std::process::Command;

use flate2::write::DeflateEncoder;
use flate2::{Compress, Compression, FlushCompress};

use crate::desk_place::Place;
use crate::settings::{embedded, mail_with};
use crate::support::{Installation, Running, postbud};
use png::white;

const LARGE: &str = "er for stort, eller pakker ud til for meget, og er ikke læst til ende";
/// Or so, where the machine is too slow to come to the end of the list of pages.
const MANY: &str = "er langt og kun læst delvis|tog for lang tid at læse og blev opgivet";
const NAME: &str = "../../etc/passwd";

/// An archive with one file that says that it is so large, and is.
fn archive(name: &str, packed: &[u8], unpacked: u32, sum: u32) -> Vec<u8> {
    let length = |of: usize| u32::try_from(of).unwrap().to_le_bytes();
    let short = |of: usize| u16::try_from(of).unwrap().to_le_bytes();
    // Version, flags, deflate, time, date, sum, sizes, name.
    let mut head = vec![20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0x59];
    head.extend(sum.to_le_bytes());
    head.extend([length(packed.len()), unpacked.to_le_bytes()].concat());
    head.extend(short(name.len()));
    let mut zip = [b"PK\x03\x04", head.as_slice(), &[0, 0], name.as_bytes(), packed].concat();
    let list = zip.len();
    zip.extend([b"PK\x01\x02\x14\0", head.as_slice(), &[0; 16], name.as_bytes()].concat());
    let size = zip.len() - list;
    zip.extend(
        [b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &length(size)[..], &length(list), &[0, 0]].concat(),
    );
    zip
}

/// 2 GiB of blanks: the same packed mebibyte, over and over.
fn two_gibibytes() -> Vec<u8> {
    let blanks = vec![b' '; 1 << 20];
    let mut mebibyte = Vec::with_capacity(1 << 16);
    let mut packer = Compress::new(Compression::best(), false);
    packer.compress_vec(&blanks, &mut mebibyte, FlushCompress::Full).unwrap();
    assert_eq!(packer.total_in(), 1 << 20);
    let mut packed = mebibyte.repeat(2048);
    // An empty last block.
    packed.extend([3, 0]);
    // Nobody gets to the end, where the sum is looked at.
    archive("stor.txt", &packed, 1 << 31, 0)
}

fn external_entity() -> Vec<u8> {
    let xml = b"<?xml version=\"1.0\"?><!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\
        <w:document><w:t>&x;</w:t></w:document>";
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(xml).unwrap();
    let mut sum = flate2::Crc::new();
    sum.update(xml);
    let packed = packed.finish().unwrap();
    archive("word/document.xml", &packed, u32::try_from(xml.len()).unwrap(), sum.sum())
}

/// One page, a million times.
fn million_pages() -> Vec<u8> {
    let kids = "3 0 R ".repeat(1_000_000);
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!("<</Type/Pages/Count 1000000/Kids[{kids}]>>"),
        "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".to_owned(),
        "<</Length 24>>stream\nBT /F1 12 Tf (Hej) Tj ET\nendstream".to_owned(),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_owned(),
    ];
    let mut out = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", out.len());
        out += &format!("{} 0 obj\n{object}\nendobj\n", number + 1);
    }
    let start = out.len();
    out += &format!("xref\n0 6\n{table}trailer<</Size 6/Root 1 0 R>>\nstartxref\n{start}\n%%EOF");
    out.into_bytes()
}

fn mails_within(depth: usize) -> Vec<u8> {
    let mut mail = b"Subject: inderst\r\n\r\nKernen\r\n".to_vec();
    for level in 0..depth {
        let head = format!(
            "From: sporhilde@maerket.example\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n\
             Content-Disposition: attachment; filename=a.eml\r\n\r\n"
        );
        mail = [head.as_bytes(), &mail, format!("\r\n--b{level}--\r\n").as_bytes()].concat();
    }
    mail
}

fn installation(documents: &str) -> Installation {
    let desk = "[desk]\nlisten = \"127.0.0.1:0\"";
    Installation::with(&format!("[documents]\n{documents}\n{desk}\n{}", embedded()))
}

/// Puts two letters with each document into the installation: one that a rule sends on, and one for
/// a person.
fn put(here: &Installation, documents: &[(&str, Vec<u8>)]) {
    for (n, (_, document)) in documents.iter().enumerate() {
        let both = [("Afgør", "Bestil storskrald, tak."), ("Læs", "Se venligst det vedhæftede.")];
        for (word, text) in both {
            let letter = mail_with(&format!("{word} {n}"), text, &[(NAME, document)]);
            here.write(&format!("letters/{word}{n}.eml"), letter);
        }
    }
    here.json(&["send", "letters"]);
}

/// The desk says of each document what is expected, and nothing that was not in it; the other letter
/// with the same document is in its mailbox.
fn told(place: &Place, documents: &[(&str, Vec<u8>)]) {
    place.here.wait_for("delivered", documents.len());
    assert_eq!(place.here.maildir("affald").len(), documents.len());
    let clerk = place.person("klara", "clerk");
    let list = place.here.json(&["letters", "--state", "review", "--limit", "100"]);
    for letter in list["letters"].as_array().unwrap() {
        let subject = letter["subject"].as_str().unwrap();
        let number: usize = subject.rsplit(' ').next().unwrap().parse().unwrap();
        let path = format!("/letters/{}", letter["letter"].as_str().unwrap());
        let page = place.get(&path, Some(&clerk.cookie)).body;
        let words = documents[number].0;
        let said = words.split('|').any(|words| page.contains(&format!("bilag 1 {words}")));
        assert!(said, "{subject}: {words}: {page}");
        assert!(!page.contains("root:"), "{subject}");
        let file = place.get(&format!("{path}/documents/0"), Some(&clerk.cookie));
        let name = file.header("content-disposition");
        assert!(file.status == 200 && !name.contains("../"), "{subject}: {name}");
    }
}

/// With `postbud run` gone in order afterwards.
fn survived(here: Installation, running: Running, documents: &[(&str, Vec<u8>)]) {
    let place = Place::beside(here, running, documents.len());
    told(&place, documents);
    let Place { running, .. } = place;
    let log = running.log();
    assert!(!log.contains("panic") && !log.contains("passwd"), "{log}");
    assert_eq!(running.terminate(), 0);
}

#[test]
fn the_desk_says_of_every_bomb_what_it_was() {
    let documents = [
        (LARGE, two_gibibytes()),
        (MANY, million_pages()),
        ("er tomt", external_entity()),
        ("er indlejret for dybt og ikke læst til ende", mails_within(500)),
        (LARGE, white(40_000)),
        ("er beskadiget og ikke læst til ende", b"%PDF-1.7\nroot: intet".to_vec()),
    ];
    let here = installation("document_seconds = 12\nletter_seconds = 12");
    put(&here, &documents);
    let running = here.run(None);
    survived(here, running, &documents);
}

#[cfg(feature = "fault-points")]
#[test]
fn the_desk_says_that_a_reader_hung_or_died() {
    let documents = [
        ("tog for lang tid at læse og blev opgivet", b"postbud-fault-point: hang".to_vec()),
        ("fik læseren til at gå ned og er ikke læst", b"postbud-fault-point: die".to_vec()),
    ];
    let here = installation("document_seconds = 1");
    put(&here, &documents);
    let running = here.run(None);
    survived(here, running, &documents);
}

/// Started by the loader, the program that it would start again to read is the loader, which reads
/// nothing.
#[test]
fn the_desk_says_that_nothing_can_read() {
    let loader = "/lib64/ld-linux-x86-64.so.2";
    if !std::path::Path::new(loader).exists() {
        println!("skipped: there is no {loader}");
        return;
    }
    let documents = [("er ikke læst, fordi ingen læser kunne startes", b"%PDF-1.4".to_vec())];
    let here = installation("");
    put(&here, &documents);
    let mut command = Command::new(loader);
    command.current_dir(here.path("")).arg(postbud(&here.path(""), &[]).get_program()).arg("run");
    let running = here.start(command);
    // A thread of its own says it, perhaps after the process is ready.
    running.wait_for_log("letters are decided on the rest");
    survived(here, running, &documents);
}

/// A language that nobody installed is as good as no tesseract.
#[test]
fn the_desk_says_that_there_is_no_tesseract() {
    let said =
        "rummer billeder og er ikke læst, fordi tekstgenkendelse (tesseract) ikke er installeret";
    let documents = [(said, white(400))];
    let here = installation("ocr_language = \"ukendt\"");
    put(&here, &documents);
    let running = here.run(None);
    survived(here, running, &documents);
}
