//! Whatever the bytes are: no panic, always a letter, always the same one.
#![allow(clippy::unwrap_used)]

mod common;

use common::{base64_lines, file, main_document, memo, read};
use postbud_letter::{Letter, LetterId};
use proptest::prelude::*;

/// Messages to be damaged, one of each kind that has a reader of its own.
fn seeds() -> Vec<Vec<u8>> {
    let reply = "<memo:ReplyData><memo:messageUUID>8c2ea15d-61fb-4ba9-9366-42f8b194c657</memo:messageUUID>\
                 <memo:caseID>1</memo:caseID></memo:ReplyData>";
    let body = format!(
        "{}<memo:AdditionalDocument>{}{}</memo:AdditionalDocument>",
        main_document("Kære kommune, børn & søn"),
        file("application/pdf", "a.pdf", &[9; 100]),
        file("text/html", "b.html", b"<p>b</p>"),
    );
    let nested = "From: =?utf-8?Q?B=C3?= =?utf-8?Q?=B8rge?= <b@b.example>\r\nSubject: æ\r\n\r\n> citat\r\nny";
    let mail = format!(
        "From: \"Ida\" <i@b.example>, x:y;\r\nDate: Thu, 5 Nov 2026 11:12:00 +0100\r\nSubject: =?iso-8859-1?B?5vjl?=\r\n\
         Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n\
         --c\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         K=C3=A6re =\r\nkommune\r\n\r\nDen 5. nov. 2026 kl. 10.12 skrev Bo <b@b.example>:\r\n> hej\r\n\
         --c\r\nContent-Type: text/html\r\n\r\n<blockquote>k&aelig;re<br></blockquote><script>x</script>\r\n--c--\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\n{nested}\r\n\
         --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename*0*=utf-8''%C3;\r\n filename*1*=%A6.pdf\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        base64_lines(&[1; 200])
    );
    vec![memo("1.1", reply, &body).into_bytes(), mail.into_bytes()]
}

fn check_twice(raw: &[u8]) {
    let first = check(raw);
    assert_eq!(first, check(raw), "the same bytes are the same letter");
}

fn check(raw: &[u8]) -> Letter {
    let letter = read(raw);
    assert!(LetterId::parse(letter.id.as_str()).is_ok());
    assert!(letter.documents.iter().map(|d| d.bytes.len()).sum::<usize>() <= raw.len());
    for defect in &letter.defects {
        assert!(defect.position.is_none_or(|at| at <= raw.len() as u64));
    }
    let _ = letter.classifier_text();
    letter
}

#[test]
fn the_seeds_themselves_are_sound() {
    for seed in seeds() {
        assert_eq!(check(&seed).defects, []);
    }
}

#[test]
fn truncated_at_every_byte() {
    for seed in seeds() {
        for cut in 0..seed.len() {
            check(&seed[..cut]);
        }
    }
}

#[test]
fn every_byte_changed() {
    for seed in seeds() {
        for at in 0..seed.len() {
            for value in [b'<', b'\n', 0xff] {
                let mut damaged = seed.clone();
                damaged[at] = value;
                check(&damaged);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_bytes(raw in prop::collection::vec(any::<u8>(), 0..600)) {
        check_twice(&raw);
    }

    #[test]
    fn arbitrary_bytes_behind_a_beginning_that_is_known(
        begin in 0usize..6,
        raw in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let begins: [&[u8]; 6] = [
            b"Subject: x\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n",
            b"From: x\r\nContent-Type: text/html\r\n\r\n",
            b"From: ",
            b"Content-Type: text/plain; charset=",
            b"<m:Message xmlns:m='https://DigitalPost.dk/MeMo-1'><m:MessageHeader>",
            b"\xff\xfe<\0",
        ];
        let mut bytes = begins[begin].to_vec();
        bytes.extend(raw);
        check_twice(&bytes);
    }

    #[test]
    fn pieces_of_messages_in_any_order(
        seed in 0usize..2,
        cuts in prop::collection::vec((0usize..3000, 0usize..400), 1..12),
    ) {
        let seed = &seeds()[seed];
        let mut bytes = seed[..seed.len().min(400)].to_vec();
        for (from, length) in cuts {
            let from = from.min(seed.len());
            bytes.extend_from_slice(&seed[from..(from + length).min(seed.len())]);
        }
        check_twice(&bytes);
    }
}
