//! Letters into Maildirs through the port, and mailboxes that have no way to them.

use std::fs;
use std::path::Path;

use crate::common::{MEMO, item, mail, mailbox, told};
use futures::future::join_all;
use mail_parser::MessageParser;
use postbud_decide::{Lang, Target};
use postbud_deliver::{DeliverOptions, Deliverer};
use postbud_letter::Limits;
use postbud_pipeline::ports::Target as _;

fn deliverer(folder: &Path) -> Deliverer {
    let path = folder.to_str().unwrap().to_owned();
    Deliverer::new(DeliverOptions {
        mailboxes: vec![mailbox("vej", Some(Target::Maildir { path })), mailbox("ingen", None)],
        smtp: None,
        domain: "klitkobing.dk".to_owned(),
        language: Lang::Danish,
        letter_limits: Limits::default(),
        not_mine: None,
        webhook: None,
        sf2900: None,
        queue_letter_bytes: 1 << 20,
    })
    .unwrap()
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder.join("new")).unwrap();
    entries.map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[tokio::test]
async fn a_letter_is_one_file_however_often_it_is_sent() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("mailboxes/vej");
    let deliverer = deliverer(&folder);
    let raw = mail("Hej\r\n");
    for _ in 0..3 {
        deliverer.deliver(&item("o-1", &raw)).await.unwrap();
    }
    let found = files(&folder);
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with(&raw));
}

#[tokio::test]
async fn a_letter_from_digital_post_is_a_readable_mail() {
    let root = tempfile::tempdir().unwrap();
    deliverer(root.path()).deliver(&item("weird/../key:\0", MEMO.as_bytes())).await.unwrap();
    let found = files(root.path());
    assert_eq!(found.len(), 1);
    let parsed = MessageParser::new().parse(&found[0]).unwrap();
    assert!(parsed.body_text(0).unwrap().contains("Vi vil gerne have Ida i børnehaven"));
    let last = parsed.attachments().last().unwrap();
    assert_eq!(last.contents(), MEMO.as_bytes());
}

#[tokio::test]
async fn many_letters_at_once_all_arrive() {
    let root = tempfile::tempdir().unwrap();
    let deliverer = deliverer(root.path());
    let items: Vec<_> = (0..60).map(|n| item(&format!("o-{n}"), &mail("hej\r\n"))).collect();
    let results = join_all(items.iter().map(|item| deliverer.deliver(item))).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(files(root.path()).len(), 60);
}

#[tokio::test]
async fn a_file_in_the_way_is_told_and_final() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("vej");
    fs::write(&file, b"x").unwrap();
    let (kind, text) = told(deliverer(&file).deliver(&item("o-1", &mail("hej\r\n"))).await);
    assert_eq!(kind, "permanent");
    assert!(text.contains("choose another path"), "{text}");
}

#[tokio::test]
async fn a_mailbox_without_a_way_is_told_and_final() {
    let root = tempfile::tempdir().unwrap();
    let deliverer = deliverer(root.path());
    let mut lines = Vec::new();
    for name in ["ingen", "ukendt"] {
        let mut item = item("o-1", &mail("hej\r\n"));
        item.mailbox = crate::common::id(name);
        let (kind, text) = told(deliverer.deliver(&item).await);
        lines.push(format!("{kind}: {text}"));
    }
    insta::assert_snapshot!(lines.join("\n"));
}
