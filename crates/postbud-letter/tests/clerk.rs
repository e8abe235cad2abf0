//! What a clerk sees of a letter, as snapshots to be read by people.
#![allow(clippy::unwrap_used)]

mod common;

use common::{read, show};

macro_rules! snapshot {
    ($($name:ident: $file:literal),+ $(,)?) => {
        $(#[test]
        fn $name() {
            let letter = read(include_bytes!(concat!("fixtures/", $file)));
            insta::assert_snapshot!(show(&letter));
            let text = letter.classifier_text();
            insta::assert_snapshot!(
                concat!(stringify!($name), "_for_the_classifier"),
                format!("{}\n\n{}", text.subject, text.body)
            );
        })+
    };
}

snapshot! {
    digital_post_letter: "digital_post_letter.xml",
    digital_post_reply: "digital_post_reply.xml",
    digital_post_forward: "digital_post_forward.xml",
    digital_post_broken_attachment: "digital_post_broken_attachment.xml",
    mail_from_gmail: "mail_from_gmail.eml",
    mail_from_outlook_forwarding: "mail_from_outlook_forwarding.eml",
    mail_with_message_attached: "mail_with_message_attached.eml",
    mail_from_iphone_below: "mail_from_iphone_below.eml",
    mail_from_scanner: "mail_from_scanner.eml",
    mail_html_newsletter: "mail_html_newsletter.eml",
}
