//! The drop folder: what is taken, what is refused, and that nothing moves before it is durable.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use postbud_intake::{BulkLimits, Folder, FolderError, FolderOptions, Swept};
use postbud_pipeline::stop_pair;
use support::{House, mail, memo, until, uuid};

fn folder(house: &House, keep: Duration) -> Folder {
    Folder::open(FolderOptions {
        path: house.dir.path().join("drop"),
        every: Duration::from_millis(50),
        keep,
        keep_failed: DAY,
        bulk: BulkLimits::default(),
    })
    .unwrap()
}

const DAY: Duration = Duration::from_secs(86_400);

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn letters_are_taken_and_what_is_none_fails_with_its_reason() {
    let house = House::new().await;
    let folder = folder(&house, DAY);
    let drop = house.dir.path().join("drop");
    fs::write(drop.join("a.xml"), memo(1, 100)).unwrap();
    fs::write(drop.join("b.eml"), mail("b")).unwrap();
    // Above a mebibyte it goes by way of the store.
    fs::write(drop.join("c.xml"), memo(2, 2 << 20)).unwrap();
    fs::write(drop.join("d.xml"), memo(3, 4 << 20)).unwrap();
    fs::write(drop.join("e.jpg"), b"\xff\xd8\xff\xe0 picture").unwrap();
    fs::write(drop.join("f.eml"), " \n").unwrap();
    fs::write(drop.join("g.tmp"), mail("unfinished")).unwrap();
    let (_stopper, stop) = stop_pair();
    let swept = folder.sweep(&house.acceptor(), &stop).await.unwrap();
    assert_eq!(swept, Swept { letters: 3, failed: 3, left: 0 });
    assert_eq!(names(&drop), ["failed", "g.tmp", "processed"]);
    assert_eq!(names(&drop.join("processed")), ["a.xml", "b.eml", "c.xml"]);
    assert_eq!(
        names(&drop.join("failed")),
        ["d.xml", "d.xml.reason.txt", "e.jpg", "e.jpg.reason.txt", "f.eml", "f.eml.reason.txt"]
    );
    let reason = |name: &str| fs::read_to_string(drop.join("failed").join(name)).unwrap();
    assert!(reason("d.xml.reason.txt").contains("limits.letter_bytes"));
    assert!(reason("e.jpg.reason.txt").contains("neither MeMo XML nor a mail"));
    assert_eq!(reason("f.eml.reason.txt"), "it is empty\n");
    let letters = house.letters().await;
    assert_eq!(letters.len(), 3);
    assert_eq!(letters[2], memo(2, 2 << 20).as_bytes());
    assert_eq!(folder.activity().reading().accepted, 3);
    assert_eq!(folder.sweep(&house.acceptor(), &stop).await.unwrap(), Swept::default());
}

#[tokio::test]
async fn while_the_queue_is_away_files_stay_and_later_they_are_taken() {
    let house = House::new().await;
    let folder = folder(&house, Duration::ZERO);
    let drop = house.dir.path().join("drop");
    fs::write(drop.join("a.xml"), memo(1, 100)).unwrap();
    let (stopper, stop) = stop_pair();
    house.away(true);
    let refused = folder.sweep(&house.acceptor(), &stop).await;
    assert!(matches!(refused, Err(FolderError::Accept(_))));
    assert_eq!(names(&drop), ["a.xml", "failed", "processed"]);
    let acceptor = house.acceptor();
    let run = folder.run(&acceptor, &stop);
    let change = async {
        until("trouble", async || folder.activity().reading().trouble == Some("not-taken")).await;
        house.away(false);
        until("the letter", async || folder.activity().reading().accepted == 1).await;
        until("peace", async || folder.activity().reading().trouble.is_none()).await;
        stopper.stop();
    };
    tokio::join!(run, change);
    // Not kept: durable, and gone.
    assert_eq!(names(&drop), ["failed", "processed"]);
    assert!(names(&drop.join("processed")).is_empty());
    assert_eq!(house.ids().await, [uuid(1)]);
}

fn bulk(path: &Path, members: &[Vec<u8>]) -> bool {
    let mut builder = tar::Builder::new(Vec::new());
    for (n, bytes) in members.iter().enumerate() {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, format!("{n}.xml"), bytes.as_slice()).unwrap();
    }
    let tar = builder.into_inner().unwrap();
    let out = fs::File::create(path).unwrap();
    let lzma = Command::new("lzma").args(["-z", "-c"]).stdin(Stdio::piped()).stdout(out).spawn();
    let Ok(mut lzma) = lzma else {
        println!("skipped: there is no lzma (xz-utils) here");
        return false;
    };
    lzma.stdin.take().unwrap().write_all(&tar).unwrap();
    lzma.wait().unwrap().success()
}

#[tokio::test]
async fn a_bulk_file_gives_its_letters_and_says_which_it_could_not() {
    let house = House::new().await;
    let folder = folder(&house, DAY);
    let drop = house.dir.path().join("drop");
    let memos = |numbers: std::ops::Range<u32>| -> Vec<Vec<u8>> {
        numbers.map(|n| memo(n, 3000).into_bytes()).collect()
    };
    if !bulk(&drop.join("good.tar.lzma"), &memos(0..40)) {
        return;
    }
    let mut mixed = memos(40..43);
    mixed.insert(1, mail("no MeMo").into_bytes());
    bulk(&drop.join("mixed.TAR.LZMA"), &mixed);
    bulk(&drop.join("cut.tar.lzma"), &memos(50..60));
    let whole = fs::read(drop.join("cut.tar.lzma")).unwrap();
    fs::write(drop.join("cut.tar.lzma"), &whole[..whole.len() - 10]).unwrap();
    let (_stopper, stop) = stop_pair();
    let swept = folder.sweep(&house.acceptor(), &stop).await.unwrap();
    assert_eq!(swept, Swept { letters: 43, failed: 2, left: 0 });
    assert_eq!(names(&drop.join("processed")), ["good.tar.lzma"]);
    let reason = |name: &str| fs::read_to_string(drop.join("failed").join(name)).unwrap();
    let said = reason("mixed.TAR.LZMA.reason.txt");
    assert!(said.contains("3 letters were taken, 1 were not"), "{said}");
    assert!(said.contains("letter 2 in it was not taken: it is no MeMo message"), "{said}");
    assert!(reason("cut.tar.lzma.reason.txt").contains("damaged or cut off"));
    let expected: Vec<String> = (0..43).map(uuid).collect();
    assert_eq!(house.ids().await, expected);
    // Whatever came of it before a crash: the same file again gives the same letters.
    fs::rename(drop.join("processed/good.tar.lzma"), drop.join("good.tar.lzma")).unwrap();
    folder.sweep(&house.acceptor(), &stop).await.unwrap();
    assert_eq!(house.ids().await, expected[..40]);
}

#[tokio::test]
async fn a_bulk_file_waits_whole_while_the_queue_is_away() {
    let house = House::new().await;
    let folder = folder(&house, DAY);
    let drop = house.dir.path().join("drop");
    let memos: Vec<Vec<u8>> = (0..10).map(|n| memo(n, 100).into_bytes()).collect();
    if !bulk(&drop.join("b.tar.lzma"), &memos) {
        return;
    }
    house.away(true);
    let (_stopper, stop) = stop_pair();
    assert!(folder.sweep(&house.acceptor(), &stop).await.is_err());
    assert_eq!(names(&drop), ["b.tar.lzma", "failed", "processed"]);
    house.away(false);
    folder.sweep(&house.acceptor(), &stop).await.unwrap();
    assert_eq!(house.ids().await.len(), 10);
}
