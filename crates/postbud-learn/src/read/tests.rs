//! Every layout that a municipality may bring, and what is none.

use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

struct Tree(TempDir);

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            tree.put(name, text.as_bytes());
        }
        tree
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, text: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Label, subject and beginning of the body of each letter; what was skipped.
    fn read(&self, name: &str) -> (Vec<(String, String, String)>, Vec<String>) {
        let reading = read_all(&[self.path(name)]).unwrap();
        let seen = reading.letters.into_iter().map(|letter| {
            let body = letter.body.lines().next().unwrap_or_default().to_owned();
            (letter.label, letter.subject, body)
        });
        (seen.collect(), reading.skipped.iter().map(ToString::to_string).collect())
    }
}

fn mail(subject: &str, body: &str) -> String {
    format!(
        "From: Bo <bo@borger.example>\r\nSubject: {subject}\r\nDate: Mon, 23 Nov 2026 08:15:00 +0100\r\nMessage-ID: <{subject}@borger.example>\r\n\r\n{body}\r\n"
    )
}

const MEMO: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<memo:Message xmlns:memo="https://DigitalPost.dk/MeMo-1" memoVersion="1.2"><memo:MessageHeader>
<memo:messageType>DIGITALPOST</memo:messageType><memo:messageUUID>1b9f5b1e-7a4c-4d0e-8f53-0c6d5a7e9b21</memo:messageUUID>
<memo:label>Storskrald</memo:label></memo:MessageHeader><memo:MessageBody><memo:MainDocument><memo:File>
<memo:encodingFormat>text/plain</memo:encodingFormat><memo:filename>b.txt</memo:filename>
<memo:content>SGVudCBtaXQgc3RvcnNrcmFsZCwgdGFrLg==</memo:content></memo:File></memo:MainDocument></memo:MessageBody></memo:Message>"#;

#[test]
fn a_folder_of_mails_memo_and_text_under_any_name() {
    let tree = Tree::new(&[
        ("in/affald/1", &mail("Skrald", "Hent min spand.")),
        ("in/affald/2.txt", MEMO),
        ("in/Ældre og pleje/2025/a.dat", "Min mor har brug for hjælp.\n"),
        ("in/affald/.hidden", "nothing"),
        ("in/affald/empty", " \n"),
        ("in/beside.eml", &mail("Hvor", "hen?")),
        ("in/more.jsonl", "{\"label\":\"skole\",\"text\":\"SFO\"}\n"),
    ]);
    tree.put("in/affald/image.png", &[0x89, b'P', b'N', b'G', 0, 1, 2, 3, 0, 255]);
    let (letters, skipped) = tree.read("in");
    let labels: Vec<(&str, &str)> =
        letters.iter().map(|(label, subject, _)| (label.as_str(), subject.as_str())).collect();
    assert_eq!(
        labels,
        [("skole", ""), ("affald", "Skrald"), ("affald", "Storskrald"), ("Ældre og pleje", "")]
    );
    assert_eq!(letters[3].2, "Min mor har brug for hjælp.");
    assert_eq!(
        skipped,
        [
            "beside.eml lies beside the mailboxes; the folder a letter lies in is its label",
            "affald/empty is empty",
            "affald/image.png is neither MeMo, nor a mail, nor text",
        ]
    );
    let letter = &read_all(&[tree.path("in")]).unwrap().letters[1];
    assert_eq!(letter.sent_at, Some(1_795_418_100_000));
    assert_eq!(letter.thread, ["Skrald@borger.example"]);
    assert_eq!(letter.channel.as_deref(), Some("email"));
    assert!(letter.conversation.is_some() && letter.id.starts_with("sha-"));
}

#[test]
fn maildirs_alone_as_folders_and_with_subfolders() {
    let tree = Tree::new(&[
        ("all/affald/cur/1:2,S", &mail("A", "a")),
        ("all/affald/new/2", &mail("B", "b")),
        ("all/affald/tmp/3", &mail("C", "c")),
        ("all/affald/dovecot-uidlist", "3 V1"),
        ("dot/.B&APg-rn/cur/1", &mail("D", "d")),
        ("dot/cur/9", &mail("E", "e")),
    ]);
    for dir in ["dot/new", "dot/.B&APg-rn/new", "all/affald/cur"] {
        fs::create_dir_all(tree.path(dir)).unwrap();
    }
    let both = |label: &str| [(label.to_owned(), "A"), (label.to_owned(), "B")];
    for name in ["all", "all/affald"] {
        let (letters, skipped) = tree.read(name);
        let seen: Vec<(String, &str)> =
            letters.iter().map(|(label, subject, _)| (label.clone(), subject.as_str())).collect();
        assert_eq!(seen, both("affald"));
        assert!(skipped.is_empty(), "{skipped:?}");
    }
    let (letters, skipped) = tree.read("dot");
    assert_eq!((letters.len(), letters[0].0.as_str(), skipped.len()), (1, "Børn", 1));
}

#[test]
fn one_mbox_per_mailbox() {
    let message = |n: u32| {
        format!("From a@x Mon Nov 23 08:{n:02}:00 2026\n{}\n", mail(&format!("S{n}"), "x\n>From y"))
    };
    let mbox = message(10) + &message(11) + "From a@x Mon Nov 23 08:12:00 2026\n\n";
    let tree = Tree::new(&[
        ("in/affald.mbox", &mbox),
        ("in/skole", &message(13)),
        ("in/pension.mbox/mbox", &message(14)),
        ("one.mbox", &mbox),
    ]);
    let (letters, skipped) = tree.read("in");
    let labels: Vec<&str> = letters.iter().map(|(label, ..)| label.as_str()).collect();
    assert_eq!(labels, ["affald", "affald", "pension", "skole"]);
    assert_eq!(skipped, ["affald.mbox#3 is empty"]);
    let (letters, _) = tree.read("one.mbox");
    assert_eq!((letters.len(), letters[0].0.as_str()), (2, "one"));
}

#[test]
fn what_has_no_label_or_no_letter_is_said() {
    let tree = Tree::new(&[
        ("one.eml", &mail("A", "a")),
        ("none/affald/empty", ""),
        ("bad/x.jsonl", "{\"label\":\"a\"}\n"),
        ("bad/affald/1", "Hent min spand"),
    ]);
    assert!(matches!(read_all(&[tree.path("one.eml")]), Err(ReadError::NoLabels { .. })));
    let empty = read_all(&[tree.path("none")]).unwrap_err().to_string();
    assert!(empty.contains("skipped: affald/empty is empty"), "{empty}");
    assert!(matches!(read_all(&["/dev/null"]), Err(ReadError::NoFile { .. })));
    let (letters, skipped) = tree.read("bad");
    assert_eq!((letters.len(), skipped.len()), (1, 1));
    assert!(skipped[0].starts_with("x.jsonl has 1 line that is"), "{skipped:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_skipped() {
    use std::os::unix::fs::symlink;
    let tree = Tree::new(&[("in/affald/1", "Hent min spand")]);
    symlink("/nonexistent", tree.path("in/affald/gone")).unwrap();
    symlink(tree.path("in"), tree.path("in/affald/loop")).unwrap();
    fs::File::create(tree.path("in/affald/huge")).unwrap().set_len(200 << 20).unwrap();
    let (letters, skipped) = tree.read("in");
    assert_eq!(letters.len(), 1);
    assert_eq!(skipped.len(), 3);
    assert!(skipped.iter().any(|line| line.contains("huge has more than")), "{skipped:?}");
}
