//! Letters for a campaign: each with a number of its own and a mailbox that its rule leads to.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::marks;

/// The header that tells in a mailbox which letter it is.
const MARK: &str = "X-Chaos-Letter: ";

/// Where a letter must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// In the mailbox `affald`, by a rule.
    Affald,
    /// In the mailbox `vej-park`, by a rule.
    VejPark,
    /// With a person: no rule speaks.
    Person,
}

impl Wanted {
    /// The mailbox, or `person`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Affald => "affald",
            Self::VejPark => "vej-park",
            Self::Person => "person",
        }
    }
}

/// A letter: an e-mail of about one to nine kilobytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChaosLetter {
    /// Its number, which stands in it.
    pub number: u64,
    /// Where it must end.
    pub wanted: Wanted,
    /// The bytes.
    pub raw: Vec<u8>,
}

impl ChaosLetter {
    /// Letter `number` of the campaign `seed`: the same bytes each time.
    #[must_use]
    pub fn new(seed: u64, number: u64) -> Self {
        let wanted = match number % 5 {
            0 | 2 => Wanted::Affald,
            1 | 3 => Wanted::VejPark,
            _ => Wanted::Person,
        };
        let word = match wanted {
            Wanted::Affald => "storskrald",
            Wanted::VejPark => "parkering",
            Wanted::Person => "hilsen",
        };
        let mut text = format!(
            "From: {} <{}>\r\nTo: kommunen@klitkobing.example\r\n\
             Subject: Brev {number}\r\nMessage-ID: <{seed}.{number}@borger.example>\r\n\
             Date: Mon, 23 Nov 2026 08:15:00 +0100\r\nMIME-Version: 1.0\r\n{MARK}{number}\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
             Det handler om {word}.\r\n> {}\r\n",
            marks::NAME,
            marks::EMAIL,
            marks::line()
        );
        let lines = Sha256::digest(format!("{seed}/{number}"))[0] / 2;
        for line in 0..lines {
            // Writing to a String cannot fail.
            let _ =
                write!(text, "Linje {line}: æøå og mere om sagen, brev {number}, {seed:x}.\r\n");
        }
        Self { number, wanted, raw: text.into_bytes() }
    }

    /// The SHA-256 of the bytes in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        hash(&self.raw)
    }

    /// The id that Postbud gives an e-mail: `sha-` and the first 32 digits of its hash.
    #[must_use]
    pub fn id(&self) -> String {
        format!("sha-{}", self.hash().get(..32).unwrap_or_default())
    }
}

/// SHA-256 in hexadecimal.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The number of the letter in these bytes, as they lie in a mailbox.
#[must_use]
pub fn number_in(data: &[u8]) -> Option<u64> {
    let mark = MARK.as_bytes();
    let at = data.windows(mark.len()).position(|window| window == mark)? + mark.len();
    let digits: Vec<u8> = data.get(at..)?.iter().copied().take_while(u8::is_ascii_digit).collect();
    String::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_the_same_each_time_and_knows_its_number() {
        for number in [0, 1, 4, 77] {
            let letter = ChaosLetter::new(7, number);
            assert_eq!(letter, ChaosLetter::new(7, number));
            assert_ne!(letter.raw, ChaosLetter::new(8, number).raw);
            let delivered = [b"X-Postbud-Mailbox: affald\r\n", letter.raw.as_slice()].concat();
            assert_eq!(number_in(&delivered), Some(number));
        }
        assert_eq!(number_in(b"Subject: x\r\n\r\n"), None);
    }
}
