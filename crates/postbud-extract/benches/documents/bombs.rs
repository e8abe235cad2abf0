//! How the bombs end: what was said of them, in which time, with how much memory.

use std::path::Path;
use std::time::Duration;

use super::made::png::white;
use super::made::{bombs, deep_mail, deep_zip, docx};
use super::measured::{By, document};

/// Makes a bomb.
type Make = fn() -> Vec<u8>;

fn all() -> Vec<(&'static str, By, Make)> {
    use By::{Nobody, Sleeper, Spinner, Worker};
    vec![
        ("ZIP of 2 GiB of blanks", Worker, bombs::large_zip),
        ("DOCX of 2 GiB of blanks", Worker, bombs::large_docx),
        ("ODT of 2 GiB of blanks", Worker, bombs::large_odt),
        ("ZIP in ZIP, 50 deep", Worker, || deep_zip(50)),
        ("mail in mail, 500 deep", Worker, || deep_mail(500)),
        ("PDF with a million pages", Worker, bombs::million_pages),
        ("PDF whose list of pages holds itself", Worker, bombs::page_tree_loop),
        ("PDF whose forms draw each other", Worker, bombs::form_loop),
        ("PDF with 1 GiB in one page", Worker, || bombs::large_page(1024)),
        ("PDF with 2 GiB in one page", Worker, || bombs::large_page(2048)),
        ("PDF with 10 GiB in one page, packed twice", Worker, bombs::twice_packed_page),
        ("PDF with a million operators in one page", Worker, bombs::operators),
        ("PDF with two million small operators in one page", Worker, bombs::small_operators),
        ("PDF with 200,000 nested arrays", Worker, bombs::nested_arrays),
        ("DOCX with an external entity", Worker, bombs::external_entity),
        ("DOCX with entities of entities, 30 levels", Worker, bombs::laughs),
        ("DOCX with 300,000 nested elements", Worker, || docx(&"<w:p>".repeat(300_000))),
        ("RTF with a million nested groups", Worker, bombs::nested_groups),
        ("HTML with a million nested elements", Worker, bombs::nested_elements),
        ("picture of 40,000 × 40,000", Worker, || white(40_000)),
        ("picture of 6,300 × 6,300, just within the limit", Worker, || white(6_300)),
        ("text of 33 MB", Worker, || vec![b'x'; 33 << 20]),
        ("a reader that hangs and sleeps", Sleeper, || b"Hej".to_vec()),
        ("a reader that hangs and computes", Spinner, || b"Hej".to_vec()),
        ("no program that reads", Nobody, || b"Hej".to_vec()),
    ]
}

fn write(file: &Path, bytes: &[u8]) {
    std::fs::write(file, bytes).unwrap();
}

/// Prints the table, and how often what stands for the router died.
pub(crate) fn run() {
    let folder = tempfile::tempdir().unwrap();
    let mut crashes = 0;
    println!("| bomb | bytes | how it ended | seconds | reader's peak, MiB |");
    println!("|---|---:|---|---:|---:|");
    for (name, by, make) in all() {
        let file = folder.path().join("bomb");
        write(&file, &make());
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
