//! Letters as bytes: our own small writer, for the demo, for sending test letters, and for tests.
//!
//! Everything that is written follows from the draft alone: no clock and no chance, so the same
//! draft always gives the same bytes.

mod mail;
mod memo;

use crate::opaque::opaque_debug;
use crate::{Channel, ContactPoint, hash};

pub use mail::to_mail;
pub use memo::to_memo_1_2;

/// A letter to be written. Its people and numbers are invented.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// Names the draft; its message UUID or Message-ID follows from it.
    pub id: String,
    /// The form that [`Draft::to_bytes`] writes.
    pub channel: Channel,
    /// The subject.
    pub subject: String,
    /// The text.
    pub body: String,
    /// The citizen's name.
    pub sender_name: String,
    /// The citizen's CPR number. The invented ones end in 0000, which no real one does today.
    pub sender_cpr: String,
    /// The citizen's mail address.
    pub sender_address: String,
    /// The municipality's name.
    pub recipient_name: String,
    /// The municipality's CVR number.
    pub recipient_cvr: String,
    /// The municipality's mail address.
    pub recipient_address: String,
    /// The contact point that the citizen chose (Digital Post only).
    pub contact_point: Option<ContactPoint>,
    /// When it is sent, in UTC milliseconds since 1970; written in whole seconds.
    pub sent_at: i64,
}

opaque_debug!(Draft);

impl Draft {
    /// A letter to the municipality of Klitkøbing from a citizen who is invented from `id`.
    #[must_use]
    pub fn new(id: &str, channel: Channel, subject: &str, body: &str, sent_at: i64) -> Self {
        let citizen = Citizen::of(id);
        Self {
            id: id.to_owned(),
            channel,
            subject: subject.to_owned(),
            body: body.to_owned(),
            sender_name: citizen.name,
            sender_cpr: citizen.cpr,
            sender_address: citizen.address,
            recipient_name: "Klitkøbing Kommune".to_owned(),
            recipient_cvr: "00000000".to_owned(),
            recipient_address: "kommunen@klitkobing.example".to_owned(),
            contact_point: Some(ContactPoint {
                group: Some("Kommunen".to_owned()),
                id: uuid_of("contact point Hovedpostkassen"),
                label: Some("Hovedpostkassen".to_owned()),
                info: Vec::new(),
            }),
            sent_at,
        }
    }

    /// The letter in the form of its channel; a mail when the channel is unknown.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self.channel {
            Channel::DigitalPost => to_memo_1_2(self),
            Channel::Email | Channel::Unknown => to_mail(self),
        }
    }
}

/// Somebody who does not exist.
struct Citizen {
    name: String,
    cpr: String,
    address: String,
}

impl Citizen {
    fn of(id: &str) -> Self {
        const FIRST: [&str; 16] = [
            "Aase", "Bjørn", "Camilla", "Dennis", "Ebbe", "Frida", "Gitte", "Hassan", "Ida",
            "Jørgen", "Kirsten", "Lars", "Mette", "Niels", "Oda", "Peter",
        ];
        const LAST: [&str; 16] = [
            "Andersen",
            "Bach",
            "Christensen",
            "Dam",
            "Enevoldsen",
            "Frost",
            "Gregersen",
            "Holm",
            "Iversen",
            "Jensen",
            "Klit",
            "Lund",
            "Møller",
            "Nørgaard",
            "Overgaard",
            "Poulsen",
        ];
        let d = hash::digest(&format!("citizen {id}"));
        let (first, last) = (FIRST[usize::from(d[0] % 16)], LAST[usize::from(d[1] % 16)]);
        let (day, month, year) = (d[2] % 28 + 1, d[3] % 12 + 1, d[4] % 60 + 40);
        let plain = |name: &str| {
            name.to_lowercase().replace('ø', "oe").replace('å', "aa").replace('æ', "ae")
        };
        Self {
            name: format!("{first} {last}"),
            cpr: format!("{day:02}{month:02}{year:02}0000"),
            address: format!("{}.{}@borger.example", plain(first), plain(last)),
        }
    }
}

/// A UUID in the form of version 4 that follows from a name.
fn uuid_of(name: &str) -> String {
    let mut bytes = hash::digest(name);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let h = hash::hex(&bytes[..16]);
    format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
}

/// Without the characters that XML and mail headers cannot hold, in one line.
fn one_line(text: &str, most_chars: usize) -> String {
    let allowed = |c: &char| !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}');
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let kept: String = spaced.filter(allowed).take(most_chars).collect();
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_draft_gives_the_same_bytes_and_another_id_other_ones() {
        let draft = |id| Draft::new(id, Channel::DigitalPost, "Emne", "Tekst", 0);
        assert_eq!(draft("a").to_bytes(), draft("a").to_bytes());
        assert_ne!(draft("a").to_bytes(), draft("b").to_bytes());
    }

    #[test]
    fn uuids_have_the_form_of_version_4() {
        let uuid = uuid_of("L0001");
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&uuid.as_bytes()[19]));
    }

    #[test]
    fn invented_citizens_have_invented_numbers() {
        for id in ["L0001", "L0002", "x"] {
            let draft = Draft::new(id, Channel::Email, "", "", 0);
            assert!(draft.sender_cpr.ends_with("0000") && draft.sender_cpr.len() == 10);
            assert!(draft.sender_address.is_ascii());
        }
    }
}
