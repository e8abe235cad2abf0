//! What our own writer writes, our own reader reads back.
#![allow(clippy::unwrap_used)]

mod common;

use std::process::Command;

use common::{kinds, read, shared};
use postbud_letter::write::{Draft, to_mail, to_memo_1_2};
use postbud_letter::{Channel, ContactInfo, ContactPoint};
use proptest::prelude::*;

fn draft(subject: &str, body: &str) -> Draft {
    Draft::new("L0001", Channel::DigitalPost, subject, body, 1_793_873_520_000)
}

#[test]
fn a_draft_comes_back_whole() {
    let mut draft =
        draft("Plads i vuggestue & børnehave", "Kære kommune\n\nHar I plads?\n\nHilsen Ida");
    draft.contact_point = Some(ContactPoint {
        group: None,
        id: "241d39f6-998e-4929-b198-ccacbbf4b330".to_owned(),
        label: Some("Pladsanvisningen".to_owned()),
        info: vec![ContactInfo { label: "Barnets navn".to_owned(), value: "Bo <3".to_owned() }],
    });
    let memo = read(to_memo_1_2(&draft));
    let mail = read(to_mail(&draft));
    for letter in [&memo, &mail] {
        assert_eq!(letter.subject, draft.subject);
        assert_eq!(letter.text.new, draft.body);
        assert_eq!(letter.sender.label.as_ref(), Some(&draft.sender_name));
        assert_eq!(letter.recipient.label.as_ref(), Some(&draft.recipient_name));
        assert_eq!(letter.sent_at, Some(draft.sent_at));
        assert_eq!(kinds(letter), []);
    }
    assert_eq!(memo.channel, Channel::DigitalPost);
    assert_eq!(memo.sender.id.as_ref(), Some(&draft.sender_cpr));
    assert_eq!(memo.recipient.contact_point, draft.contact_point);
    assert_eq!(mail.channel, Channel::Email);
    assert_eq!(mail.sender.address.as_ref(), Some(&draft.sender_address));
    let id = mail.message_id.unwrap();
    assert_eq!(id, format!("{}@postbud.example", memo.id));
    let text = String::from_utf8(to_mail(&draft)).unwrap();
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
}

#[test]
fn memo_that_is_written_is_valid() {
    let Some(schemas) = shared("data/memo/xsd-1.2-derived") else {
        return;
    };
    if Command::new("xmllint").arg("--version").output().is_err() {
        println!("skipped: xmllint is not installed");
        return;
    }
    let mut draft = draft("Æ & <ø> \"å\"", "Tekst");
    for contact_point in [draft.contact_point.clone(), None] {
        draft.contact_point = contact_point;
        let folder = std::env::temp_dir().join(format!("postbud-letter-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("memo.xml");
        std::fs::write(&path, to_memo_1_2(&draft)).unwrap();
        let output = Command::new("xmllint")
            .args(["--noout", "--nonet", "--schema"])
            .arg(schemas.join("MeMo_core.xsd"))
            .arg(&path)
            .output()
            .unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// As the reader tidies it: what the writer is given must be in that form to come back the same.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_subject_and_body_come_back(
        subject in "[a-zæøåÆØÅéü0-9 <>&\"'=?_,:;@().!/\\\\łя中😀-]{0,120}",
        body in "([a-zæøåÆØÅéü0-9 <&\"'=?_,;@.!łя中😀-]{0,100}\n){0,8}",
    ) {
        let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
        let body = tidy(&body);
        let draft = draft(&subject, &body);
        for raw in [to_memo_1_2(&draft), to_mail(&draft)] {
            let letter = read(&raw);
            prop_assert_eq!(&letter.subject, &subject);
            prop_assert_eq!(&letter.text.new, &body);
            prop_assert_eq!(letter.text.quoted, "");
        }
    }

    #[test]
    fn nothing_that_is_put_in_can_break_the_form(
        subject in "\\PC*|[\\x00-\\x20<>&\"]{0,40}",
        name in "\\PC*|[\\x00-\\x20<>,\"]{0,40}",
        body in "(\\PC|[\\x00-\\x20])*",
        sent_at in any::<i64>(),
    ) {
        let mut draft = draft(&subject, &body);
        draft.sender_name = name;
        draft.sent_at = sent_at;
        let memo = read(to_memo_1_2(&draft));
        prop_assert_eq!(memo.channel, Channel::DigitalPost);
        prop_assert!(memo.id.as_str().len() == 36);
        let broken = postbud_letter::DefectKind::BrokenXml;
        prop_assert!(!kinds(&memo).contains(&broken));
        prop_assert_eq!(read(to_mail(&draft)).channel, Channel::Email);
    }
}
