//! The same letter more than once, and targets that do not take letters.

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use postbud_testkit::letters::ChaosLetter;
use postbud_testkit::oracle::Obligation;
use postbud_testkit::{Failure, Step};
use rand::Rng;
use rand::seq::SliceRandom;

use super::stage::{PATIENCE, Stage};

/// Each letter one to five times, shuffled; and other bytes under an id that is known.
pub(super) fn duplicates(stage: &mut Stage<'_>) -> Result<()> {
    let mut worker = stage.worker(None)?;
    worker.connected(PATIENCE)?;
    let mut clashes = 0;
    while stage.goes_on() {
        let count = 60;
        let sender = stage.sender()?;
        let (seed, first) = (sender.seed, sender.next);
        sender.next += count;
        let letters: Vec<ChaosLetter> =
            (first..first + count).map(|n| ChaosLetter::new(seed, n)).collect();
        let mut files = Vec::new();
        for letter in &letters {
            let copies = stage.random.random_range(1..=5);
            files.extend(std::iter::repeat_n(letter, copies));
        }
        stage.faults += u32::try_from(files.len() - letters.len())?;
        files.shuffle(&mut stage.random);
        stage.sender()?.publish(&letters, &files)?;
        clash(stage, first)?;
        clashes += 1;
    }
    worker.terminate(Duration::from_secs(10))?;
    let mut worker = stage.worker(None)?;
    worker.connected(PATIENCE)?;
    let mut set_aside = 0;
    for _ in 0..100 {
        set_aside = stage.place.counts()?.quarantined;
        if set_aside >= clashes {
            break;
        }
        thread::sleep(Duration::from_millis(200));
    }
    worker.terminate(Duration::from_secs(10))?;
    stage.notes.push(format!("{clashes} clashes set aside"));
    if set_aside != clashes {
        stage.broken.push(format!("{clashes} clashes, {set_aside} set aside"));
    }
    Ok(())
}

/// A letter of Digital Post, and another under its id: the first waits for a person (no rule speaks
/// of it), the second is set aside.
fn clash(stage: &mut Stage<'_>, number: u64) -> Result<()> {
    let uuid = format!("c1a50000-0000-4000-8000-{number:012}");
    // Numbers of letters grow from below: these are never theirs.
    let key = u64::MAX - number;
    let obligation = Obligation {
        id: uuid.clone(),
        hash: String::new(),
        len: 0,
        wanted: "person".to_owned(),
        confirmed: true,
    };
    stage.extra.insert(key, obligation);
    let folder = stage.place.dir.join("clash");
    for text in ["R29kZGFn", "RmFydmVs"] {
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("brev.xml"), memo(&uuid, text))?;
        stage.place.send(&folder)?;
        fs::remove_dir_all(&folder)?;
        stage.faults += 1;
    }
    Ok(())
}

pub(super) fn memo(uuid: &str, base64: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<memo:Message xmlns:memo="https://DigitalPost.dk/MeMo-1" memoVersion="1.2">
  <memo:MessageHeader>
    <memo:messageType>DIGITALPOST</memo:messageType>
    <memo:messageUUID>{uuid}</memo:messageUUID>
    <memo:label>Til kommunen</memo:label>
    <memo:Sender><memo:senderID>12345678</memo:senderID><memo:idType>CVR</memo:idType><memo:label>Firma</memo:label></memo:Sender>
    <memo:Recipient><memo:recipientID>12345678</memo:recipientID><memo:idType>CVR</memo:idType></memo:Recipient>
  </memo:MessageHeader>
  <memo:MessageBody>
    <memo:createdDateTime>2026-11-23T07:15:00Z</memo:createdDateTime>
    <memo:MainDocument>
      <memo:File>
        <memo:encodingFormat>text/plain</memo:encodingFormat>
        <memo:filename>brev.txt</memo:filename>
        <memo:language>da</memo:language>
        <memo:content>{base64}</memo:content>
      </memo:File>
    </memo:MainDocument>
  </memo:MessageBody>
</memo:Message>
"#
    )
}

/// The mail server refuses, for now and for good, and closes in the middle of a letter.
pub(super) fn fails(stage: &mut Stage<'_>) -> Result<()> {
    stage.may_be_refused = true;
    let load = stage.flow()?;
    let mut worker = stage.worker(None)?;
    worker.at_work(PATIENCE)?;
    while stage.goes_on() {
        let reply = |code: u16, text: &str| Failure::Reply(code, text.to_owned());
        let (step, failure) = match stage.random.random_range(0..5) {
            0 => (Step::Recipient, reply(450, "4.2.0 busy")),
            1 => (Step::Recipient, reply(550, "5.1.1 no such mailbox")),
            2 => (Step::Message, reply(451, "4.3.0 try later")),
            3 => (Step::Message, Failure::Close),
            _ => (Step::Connect, reply(421, "4.3.2 closing")),
        };
        stage.smtp.fail_once(step, failure);
        stage.faults += 1;
        stage.sleep(5..60);
    }
    stage.smtp.recover();
    worker.delivers_again(PATIENCE)?;
    worker.terminate(Duration::from_secs(10))?;
    stage.end_flow(load)
}

/// The mail server hangs: the Maildir must not notice.
pub(super) fn hangs(stage: &mut Stage<'_>) -> Result<()> {
    let load = stage.flow()?;
    let mut worker = stage.worker(None)?;
    worker.at_work(PATIENCE)?;
    while stage.goes_on() {
        stage.smtp.fail_always(Step::Data, Failure::Hang);
        stage.faults += 1;
        // Long enough for every connection to hang and for many letters to wait behind them.
        stage.sleep(2_000..2_500);
        let (before, sent) = (stage.place.in_maildir(), load.sent());
        stage.sleep(4_000..5_000);
        let (arrived, sent) = (stage.place.in_maildir() - before, load.sent() - sent);
        stage.notes.push(format!("{arrived} into the Maildir of {sent} sent meanwhile"));
        // Two of five are for the Maildir.
        if (arrived as u64) * 5 < sent {
            stage.broken.push("the Maildir waits for the mail server".to_owned());
        }
        stage.smtp.recover();
        // Kept, and closed before the answer: the one case in which a mail comes again. Not where
        // the server also refuses, since it could then refuse what it already has.
        for _ in 0..3 {
            stage.smtp.fail_once(Step::Message, Failure::KeepAndClose);
        }
        stage.sleep(500..1_000);
    }
    stage.notes.truncate(3);
    worker.terminate(Duration::from_secs(10))?;
    stage.end_flow(load)
}
