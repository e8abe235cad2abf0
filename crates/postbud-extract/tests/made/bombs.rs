//! Documents that were made to do harm. Each is small in memory: what unpacks to gigabytes is the same
//! packed mebibyte, over and over.

use flate2::{Compress, Compression, FlushCompress};

use super::zip;

const MEBIBYTE: usize = 1 << 20;
/// What the large ones unpack to, in mebibytes.
const TWO_GIBIBYTES: usize = 2048;
/// What begins a stream of zlib.
const ZLIB: &[u8] = b"\x78\x9c";

/// `block` packed so that any number of these stand behind each other.
fn packed(block: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(MEBIBYTE);
    let mut packer = Compress::new(Compression::best(), false);
    packer.compress_vec(block, &mut out, FlushCompress::Full).unwrap();
    assert_eq!(packer.total_in(), block.len() as u64);
    out
}

/// So many mebibytes of blanks, deflated, with an empty last block. The largest take a few mebibytes.
fn blanks(mebibytes: usize) -> Vec<u8> {
    let mut out = packed(&vec![b' '; MEBIBYTE]).repeat(mebibytes);
    out.extend([3, 0]);
    out
}

/// An archive of files that are deflated already. The sums are left out: nobody gets to the end of such a
/// file, where they are looked at.
fn archive(files: &[(&str, &[u8], usize)]) -> Vec<u8> {
    let length = |of: usize| u32::try_from(of).unwrap().to_le_bytes();
    let short = |of: usize| u16::try_from(of).unwrap().to_le_bytes();
    let (mut zip, mut list) = (Vec::new(), Vec::new());
    for (name, packed, unpacked) in files {
        // Version, flags, deflate, time, date, sum, sizes, name.
        let mut head = vec![20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0x59, 0, 0, 0, 0];
        head.extend([length(packed.len()), length(*unpacked)].concat());
        head.extend(short(name.len()));
        let at = zip.len();
        zip.extend([b"PK\x03\x04", head.as_slice(), &[0, 0], name.as_bytes(), packed].concat());
        list.extend([b"PK\x01\x02\x14\0", head.as_slice(), &[0; 12], &length(at)].concat());
        list.extend(name.as_bytes());
    }
    let (count, start) = (short(files.len()), zip.len());
    zip.extend(&list);
    zip.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count].concat());
    zip.extend([&length(list.len())[..], &length(start), &[0, 0]].concat());
    zip
}

/// An archive with a text of 2 GiB.
pub(crate) fn large_zip() -> Vec<u8> {
    large("stor.txt")
}

/// A Word document of 2 GiB.
pub(crate) fn large_docx() -> Vec<u8> {
    large("word/document.xml")
}

fn large(name: &str) -> Vec<u8> {
    archive(&[(name, &blanks(TWO_GIBIBYTES), TWO_GIBIBYTES << 20)])
}

/// A text of OpenDocument of 2 GiB.
pub(crate) fn large_odt() -> Vec<u8> {
    let kind = packed(b"application/vnd.oasis.opendocument.text");
    let content = blanks(TWO_GIBIBYTES);
    let files: [(&str, &[u8], usize); 2] = [
        ("mimetype", &[&kind[..], &[3, 0]].concat(), 39),
        ("content.xml", &content, TWO_GIBIBYTES << 20),
    ];
    archive(&files)
}

/// A PDF of these objects, the first of which is its catalog.
pub(crate) fn raw_pdf(objects: &[Vec<u8>]) -> Vec<u8> {
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

/// A PDF with this list of pages, the one page of which is drawn by the stream; 2 is the list, 3 the page.
fn one_page(list: &str, resources: &str, stream: Vec<u8>, more: Vec<Vec<u8>>) -> Vec<u8> {
    let page = format!("<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<<{resources}>>>>");
    let mut objects = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        format!("<</Type/Pages{list}>>").into_bytes(),
        page.into_bytes(),
        stream,
    ];
    objects.extend(more);
    raw_pdf(&objects)
}

fn stream(entries: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("<</Length {}{entries}>>stream\n", bytes.len());
    [head.as_bytes(), bytes, b"\nendstream"].concat()
}

const FONT: &str = "/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>";
const HELLO: &[u8] = b"BT /F1 12 Tf (Hej) Tj ET";

/// One page, a million times.
pub(crate) fn million_pages() -> Vec<u8> {
    let kids = "3 0 R ".repeat(1_000_000);
    one_page(&format!("/Count 1000000/Kids[{kids}]"), FONT, stream("", HELLO), Vec::new())
}

/// The list of pages holds itself, behind its one page.
pub(crate) fn page_tree_loop() -> Vec<u8> {
    one_page("/Count 2/Kids[3 0 R 2 0 R]", FONT, stream("", HELLO), Vec::new())
}

/// The list of pages lies in itself, so that what its page has from there has no end.
pub(crate) fn page_tree_above_itself() -> Vec<u8> {
    one_page("/Count 1/Kids[3 0 R]/Parent 2 0 R", FONT, stream("", HELLO), Vec::new())
}

/// The list of pages holds itself before any page.
pub(crate) fn page_tree_loop_first() -> Vec<u8> {
    one_page("/Count 1/Kids[2 0 R 3 0 R]", FONT, stream("", HELLO), Vec::new())
}

/// A page that draws a form, which draws another, which draws the first.
pub(crate) fn form_loop() -> Vec<u8> {
    let form = |other: u32| {
        let entries = format!(
            "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X {other} 0 R>>>>"
        );
        stream(&entries, b"/X Do /X Do")
    };
    let resources = format!("{FONT}/XObject<</X 5 0 R>>");
    one_page("/Count 1/Kids[3 0 R]", &resources, stream("", b"/X Do"), vec![form(6), form(5)])
}

/// A page that unpacks to so many mebibytes.
pub(crate) fn large_page(mebibytes: usize) -> Vec<u8> {
    let drawn = [ZLIB, &blanks(mebibytes)].concat();
    let drawn = stream("/Filter/FlateDecode", &drawn);
    one_page("/Count 1/Kids[3 0 R]", FONT, drawn, Vec::new())
}

/// A page of some kilobytes that unpacks to 10 MB, and those to 10 GiB.
pub(crate) fn twice_packed_page() -> Vec<u8> {
    let mebibyte = packed(&vec![b' '; MEBIBYTE]);
    let outer = [packed(ZLIB), packed(&mebibyte.repeat(1024)).repeat(10), vec![3, 0]].concat();
    let drawn = stream("/Filter[/FlateDecode/FlateDecode]", &[ZLIB, &outer].concat());
    one_page("/Count 1/Kids[3 0 R]", FONT, drawn, Vec::new())
}

/// A million instructions in one page.
pub(crate) fn operators() -> Vec<u8> {
    super::pdf(&[&b"BT (a) Tj ET ".repeat(1 << 20)])
}

/// As many instructions as a page may have that is still read: they take much more memory than the page.
pub(crate) fn small_operators() -> Vec<u8> {
    super::pdf(&[&b"n ".repeat((2 << 20) - 1)])
}

/// Arrays within arrays in what draws a page.
pub(crate) fn nested_operands() -> Vec<u8> {
    super::pdf(&[&b"[".repeat((1 << 20) - 8)])
}

/// Arrays within arrays.
pub(crate) fn nested_arrays() -> Vec<u8> {
    format!("%PDF-1.4\n1 0 obj\n{}\nendobj\n", "[".repeat(200_000)).into_bytes()
}

/// Groups of RTF within each other.
pub(crate) fn nested_groups() -> Vec<u8> {
    ["{\\rtf1 ", &"{\\b ".repeat(1_000_000)].concat().into_bytes()
}

/// Elements of HTML within each other.
pub(crate) fn nested_elements() -> Vec<u8> {
    ["<!doctype html>", &"<div>".repeat(1_000_000)].concat().into_bytes()
}

/// A Word document that names a file of the machine.
pub(crate) fn external_entity() -> Vec<u8> {
    word("<!ENTITY x SYSTEM \"file:///etc/passwd\">", "&x;")
}

/// A Word document with entities of ten entities each, 30 levels deep.
pub(crate) fn laughs() -> Vec<u8> {
    let mut entities = String::from("<!ENTITY a0 \"ha\">");
    for level in 1..30 {
        let before = format!("&a{};", level - 1).repeat(10);
        entities += &format!("<!ENTITY a{level} \"{before}\">");
    }
    word(&entities, "&a29;")
}

fn word(entities: &str, text: &str) -> Vec<u8> {
    let xml = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE d [{entities}]>\
         <w:document><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
    );
    zip(&[("word/document.xml", xml.as_bytes())])
}

/// A picture that says that it has 40,000 points a side, and ends there.
pub(crate) fn promised_picture() -> Vec<u8> {
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x9c\x40\0\0\x9c\x40\x08\x02\0\0\0".to_vec()
}
