//! Documents that were made to do harm, each read by a worker as the router would have it read.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod made;

use std::time::Instant;

use made::{attached, bombs, deep_mail, deep_zip, docx, pdf, peak_kib_of_children, worker};
use postbud_extract::{Budget, Reader};
use postbud_letter::DocumentTrouble;

/// Makes a bomb.
type Make = fn() -> Vec<u8>;

/// Each bomb, and what is said of it in any case; where a slow machine may say that it took too long,
/// nothing.
const BOMBS: [(&str, Make, Option<DocumentTrouble>); 26] = [
    ("ZIP of 2 GiB", bombs::large_zip, Some(DocumentTrouble::TooLarge)),
    ("DOCX of 2 GiB", bombs::large_docx, Some(DocumentTrouble::TooLarge)),
    ("ODT of 2 GiB", bombs::large_odt, Some(DocumentTrouble::TooLarge)),
    ("ZIP in ZIP, 50 deep", || deep_zip(50), Some(DocumentTrouble::TooDeep)),
    ("mail in mail, 500 deep", || deep_mail(500), Some(DocumentTrouble::TooDeep)),
    ("PDF, list of pages holds itself", bombs::page_tree_loop, None),
    (
        "PDF, list of pages begins with itself",
        bombs::page_tree_loop_first,
        Some(DocumentTrouble::Broken),
    ),
    (
        "PDF, list of pages above itself",
        bombs::page_tree_above_itself,
        Some(DocumentTrouble::Broken),
    ),
    ("PDF, forms draw each other", bombs::form_loop, None),
    ("PDF, a page packed twice, 10 GiB", bombs::twice_packed_page, Some(DocumentTrouble::TooLarge)),
    ("PDF, a page of 1 GiB", || bombs::large_page(1024), Some(DocumentTrouble::TooLarge)),
    ("PDF, a page of 2 GiB", || bombs::large_page(2048), Some(DocumentTrouble::TooLarge)),
    ("PDF, a page a million times", bombs::million_pages, None),
    ("PDF, 20,000 pages", || pdf(&vec![&b""[..]; 20_000]), None),
    ("PDF, a million operators", bombs::operators, Some(DocumentTrouble::TooLarge)),
    ("PDF, two million operators", bombs::small_operators, Some(DocumentTrouble::TooLarge)),
    ("PDF, nested operands", bombs::nested_operands, None),
    ("PDF, 200,000 nested arrays", bombs::nested_arrays, Some(DocumentTrouble::Broken)),
    ("DOCX, an external entity", bombs::external_entity, Some(DocumentTrouble::Empty)),
    ("DOCX, entities of entities, 30 levels", bombs::laughs, Some(DocumentTrouble::Empty)),
    ("DOCX, 300,000 nested elements", || docx(&"<w:p>".repeat(300_000)), None),
    ("RTF, a million nested groups", bombs::nested_groups, None),
    ("HTML, a million nested elements", bombs::nested_elements, None),
    ("picture of 40,000 × 40,000", || made::png::white(40_000), Some(DocumentTrouble::TooLarge)),
    ("picture that promises as many", bombs::promised_picture, Some(DocumentTrouble::TooLarge)),
    ("text of 33 MiB", || vec![b'x'; 33 << 20], Some(DocumentTrouble::TooLarge)),
];

#[test]
fn every_bomb_is_survived_and_the_next_document_is_read() {
    let Some(worker) = worker() else { return };
    let budget = Budget { workers: 1, ..Budget::default() };
    let memory = budget.memory_bytes;
    let reader = Reader::new(worker, budget).unwrap();
    // Before any bomb is there: what a process is started from counts as its memory.
    reader.warm().unwrap();
    for (name, make, said) in BOMBS {
        let bomb = make();
        let (size, begun) = (bomb.len(), Instant::now());
        let [found, next] = [bomb, b"I orden".to_vec()].map(|document| {
            let mut found = attached(&reader, vec![document]);
            found.pop().unwrap()
        });
        println!("{name}: {size} bytes, {found:?}, cut {}, {:?}", found.cut, begun.elapsed());
        assert!(found.trouble.is_some() || found.cut, "{name}: {found:?}");
        assert!(said.is_none() || found.trouble == said, "{name}: {found:?}");
        assert!(!found.text.contains("root:"), "{name}");
        assert_eq!((next.text.as_str(), next.trouble), ("I orden", None), "after {name}");
    }
    // Waits for the worker.
    drop(reader);
    let peak = peak_kib_of_children();
    println!("peak of a worker: {peak} KiB");
    assert!(peak > 0 && u64::try_from(peak).unwrap() <= memory >> 10, "{peak} KiB");
}
