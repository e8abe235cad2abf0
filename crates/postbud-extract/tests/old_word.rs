//! Word documents from before 2007, read by the programs that Debian has for them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod made;

use made::old_word::doc;
use made::{attached, worker, zip};
use postbud_extract::{Budget, Reader, Tools};
use postbud_letter::{DocumentFormat, DocumentTrouble};

const TEXT: &str = "Kære kommune.\rJeg søger om byggetilladelse til en carport på Æblevej 4.\r";

#[test]
fn old_word_documents_are_read_also_in_archives() {
    let Some(worker) = worker() else { return };
    let tools = Tools::find("dan");
    if tools.catdoc.is_none() {
        println!("skipped: catdoc is not installed (Debian: apt-get install catdoc)");
        return;
    }
    let reader = Reader::new(worker.clone(), Budget::default()).unwrap().with_tools(worker, tools);
    let found = attached(&reader, vec![doc(TEXT), zip(&[("a.doc", &doc(TEXT))])]);
    assert_eq!((found[0].format, found[0].trouble), (DocumentFormat::OldOffice, None));
    for found in &found {
        let text = found.text.replace('\n', " ");
        assert!(text.contains("byggetilladelse til en carport på Æblevej 4."), "{text}");
    }
}

#[test]
fn without_such_a_program_it_is_said_and_one_that_is_broken_too() {
    let Some(worker) = worker() else { return };
    let reader = Reader::new(worker.clone(), Budget::default()).unwrap();
    let without = reader.with_tools(worker.clone(), Tools::default());
    let found = attached(&without, vec![doc(TEXT)]).remove(0);
    assert_eq!(found.trouble, Some(DocumentTrouble::NoConverter));
    let reader = Reader::new(worker.clone(), Budget::default()).unwrap();
    let reader = reader.with_tools(worker, Tools::find("dan"));
    let mut broken = doc(TEXT);
    broken.truncate(1_100);
    let found = attached(&reader, vec![broken]).remove(0);
    assert!(found.text.is_empty() && found.trouble.is_some(), "{found:?}");
}
