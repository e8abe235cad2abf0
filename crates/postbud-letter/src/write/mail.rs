//! A draft as a mail.

use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::date::Date;

use super::{Draft, one_line, uuid_of};

/// The draft as RFC 5322 bytes with CRLF line ends.
#[must_use]
pub fn to_mail(draft: &Draft) -> Vec<u8> {
    let address = |name: &str, address: &str| {
        Address::new_address(Some(one_line(name, 256)), one_line(address, 256))
    };
    // The last line ends like every other, for the sake of SMTP.
    let newline = if draft.body.ends_with('\n') { "" } else { "\n" };
    let mut mail = Vec::new();
    MessageBuilder::new()
        .message_id(format!("{}@postbud.example", uuid_of(&draft.id)))
        .date(Date::new(draft.sent_at.div_euclid(1000)))
        .from(address(&draft.sender_name, &draft.sender_address))
        .to(address(&draft.recipient_name, &draft.recipient_address))
        .subject(one_line(&draft.subject, 1000))
        .text_body(format!("{}{newline}", draft.body))
        .serialize(&mut mail);
    mail
}
