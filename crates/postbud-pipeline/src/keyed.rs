//! What only the holder of a secret can make: the link with which a mailbox sends a letter back,
//! and the draw of the letters that are looked at a second time.

use std::fmt;

use ring::hmac;

/// The fewest bytes of a secret.
pub const SECRET_BYTES: usize = 32;

/// The page behind a link, in front of delivery and mark.
const PAGE: &str = "/not-mine/";

/// A secret; HMAC-SHA-256 over what it is used for, then the text.
#[derive(Clone)]
pub struct Keyed(hmac::Key);

impl fmt::Debug for Keyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyed(..)")
    }
}

impl Keyed {
    /// `None` for a secret of fewer than [`SECRET_BYTES`] bytes.
    #[must_use]
    pub fn new(secret: &[u8]) -> Option<Self> {
        let long = secret.len() >= SECRET_BYTES;
        long.then(|| Self(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// The mark of `text`. What it is for keeps the marks of one use apart from those of another.
    fn mark(&self, purpose: &str, text: &str) -> hmac::Tag {
        hmac::sign(&self.0, format!("postbud {purpose}\0{text}").as_bytes())
    }

    /// A number from 0 up to and without 1: the same for the same text, and as good as random for
    /// whoever does not have the secret.
    #[must_use]
    pub fn draw(&self, text: &str) -> f64 {
        let mark = self.mark("draw", text);
        let bits =
            mark.as_ref().iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        // 53 bits are what a number of this type holds exactly.
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Makes the links with which a mailbox says that a letter is not for it, and knows them again.
/// A link is for one delivery; when it ends is for the store to say, which knows when it began.
#[derive(Debug, Clone)]
pub struct NotMine {
    keyed: Keyed,
    url: String,
}

impl NotMine {
    /// Links that begin with `url`, the address under which mailboxes reach the desk.
    #[must_use]
    pub fn new(keyed: Keyed, url: &str) -> Self {
        Self { keyed, url: url.trim_end_matches('/').to_owned() }
    }

    /// The link for a delivery, by its key in the outbox. The same key gives the same link.
    #[must_use]
    pub fn link(&self, key: &str) -> String {
        let mark = hex(self.keyed.mark("not-mine", key).as_ref());
        format!("{}{PAGE}{}/{mark}", self.url, safe(key))
    }

    /// Is this the mark of this delivery? Takes as long for every wrong one.
    #[must_use]
    pub fn fits(&self, key: &str, mark: &str) -> bool {
        let Some(mark) = bytes(mark) else { return false };
        let text = format!("postbud not-mine\0{key}");
        hmac::verify(&self.keyed.0, text.as_bytes(), &mark).is_ok()
    }
}

/// A key as a part of an address.
fn safe(key: &str) -> String {
    key.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What [`hex`] has written: 32 bytes in lower case.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !digits {
        return None;
    }
    (0..32).map(|n| u8::from_str_radix(text.get(2 * n..2 * n + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keyed() -> Keyed {
        Keyed::new(&[7; SECRET_BYTES]).unwrap()
    }

    fn mark_of(link: &str) -> String {
        link.rsplit('/').next().unwrap().to_owned()
    }

    #[test]
    fn a_short_secret_is_none() {
        assert!(Keyed::new(&[7; SECRET_BYTES - 1]).is_none());
        assert_eq!(format!("{:?}", keyed()), "Keyed(..)");
    }

    #[test]
    fn a_link_is_for_one_delivery_and_one_secret() {
        let links = NotMine::new(keyed(), "https://post.klitkobing.example/");
        let link = links.link("æ b-1");
        assert!(
            link.starts_with("https://post.klitkobing.example/not-mine/%C3%A6%20b-1/"),
            "{link}"
        );
        let mark = mark_of(&link);
        assert!(links.fits("æ b-1", &mark));
        assert!(!links.fits("æ b-2", &mark) && !links.fits("", &mark));
        let other = NotMine::new(Keyed::new(&[8; SECRET_BYTES]).unwrap(), "https://a.example");
        assert!(!other.fits("æ b-1", &mark));
        for wrong in ["", "0", &mark[1..], &mark.to_uppercase(), &"é".repeat(32)] {
            assert!(!links.fits("æ b-1", wrong), "{wrong}");
        }
    }

    #[test]
    fn about_the_share_that_was_asked_for_is_drawn() {
        let drawn = (0..20_000).filter(|n| keyed().draw(&format!("letter-{n}")) < 0.02).count();
        // 400 are expected, with a standard deviation of 20; the draw is the same every time.
        assert!((320..480).contains(&drawn), "{drawn}");
    }

    proptest! {
        #[test]
        fn a_draw_is_a_share_and_a_changed_mark_fits_nothing(
            key in ".{0,40}", at in 0_usize..64, digit in 0_u8..16,
        ) {
            let drawn = keyed().draw(&key);
            prop_assert!((0.0..1.0).contains(&drawn));
            let links = NotMine::new(keyed(), "https://a.example");
            let mark = mark_of(&links.link(&key));
            let mut changed = mark.clone().into_bytes();
            changed[at] = b"0123456789abcdef"[usize::from(digit)];
            let changed = String::from_utf8(changed).unwrap();
            prop_assert_eq!(links.fits(&key, &changed), changed == mark);
        }
    }
}
