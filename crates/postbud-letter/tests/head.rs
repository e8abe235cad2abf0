//! What the beginning of a letter says of it is what the whole says.
#![allow(clippy::unwrap_used)]

mod common;

use common::{memo_with_text, read};
use postbud_letter::{Channel, Limits, head, raw_sha256_hex};
use proptest::prelude::*;

const LETTERS: [&[u8]; 4] = [
    include_bytes!("fixtures/digital_post_letter.xml"),
    include_bytes!("fixtures/digital_post_reply.xml"),
    include_bytes!("fixtures/mail_from_gmail.eml"),
    include_bytes!("fixtures/mail_with_message_attached.eml"),
];

/// Every beginning of a letter either does not say enough or says the truth; returns how many say it.
fn beginnings(whole: &[u8], step: usize) -> usize {
    let letter = read(whole);
    let ends = (0..=whole.len()).rev().step_by(step);
    let said = ends.filter_map(|end| head(&whole[..end], &Limits::default()));
    said.map(|head| {
        assert_eq!(head.channel, letter.channel);
        assert_eq!(head.id(&raw_sha256_hex(whole)), letter.id);
    })
    .count()
}

#[test]
fn any_beginning_says_the_truth_or_nothing() {
    for whole in LETTERS {
        let said = beginnings(whole, 1);
        assert!(said > 20 && said < whole.len(), "{said}");
    }
}

#[test]
fn a_message_without_an_id_of_its_own_is_named_after_its_bytes() {
    let good = String::from_utf8(LETTERS[0].to_vec()).unwrap();
    let uuid = head(good.as_bytes(), &Limits::default()).unwrap().own_id().unwrap().to_string();
    let bad = good.replace(&uuid.to_uppercase(), "intet");
    assert!(beginnings(bad.as_bytes(), 7) > 20);
    let said = head(bad.as_bytes(), &Limits::default()).unwrap();
    assert_eq!((said.own_id(), said.channel), (None, Channel::DigitalPost));
}

#[test]
fn other_encodings_say_the_truth_or_nothing() {
    let text = memo_with_text("Hej");
    let text = text.replace("UTF-8", "UTF-16").replace("utf-8", "utf-16");
    let mut wide = vec![0xff, 0xfe];
    wide.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    beginnings(&wide, 7);
    let latin: Vec<u8> = text.replace("UTF-16", "ISO-8859-1").chars().map(|c| c as u8).collect();
    beginnings(&latin, 7);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damaged_letters_too(which in 0..LETTERS.len(), at in any::<prop::sample::Index>(), by in any::<[u8; 3]>()) {
        let mut whole = LETTERS[which].to_vec();
        let at = at.index(whole.len() - by.len());
        whole[at..at + by.len()].copy_from_slice(&by);
        beginnings(&whole, 211);
    }
}
