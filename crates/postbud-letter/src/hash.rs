//! Names made from bytes: the raw letter's hash, and the letter id that follows from it.

use sha2::{Digest, Sha256};

use crate::LetterId;

/// SHA-256 of the raw letter, 64 lower-case hexadecimal digits: the name of its bytes.
#[must_use]
pub fn raw_sha256_hex(raw: &[u8]) -> String {
    hex(&Sha256::digest(raw))
}

/// The id of a letter that carries none of its own: `sha-` and half of its hash.
pub(crate) fn letter_id_of_bytes(raw: &[u8]) -> LetterId {
    letter_id_of_hash(&raw_sha256_hex(raw))
}

pub(crate) fn letter_id_of_hash(digits: &str) -> LetterId {
    let half: String = digits.chars().take(32).collect();
    LetterId::trusted(format!("sha-{half}"))
}

/// SHA-256 of a short text, for what must follow from a name and from nothing else.
pub(crate) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    bytes.iter().flat_map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_half_of_the_hash() {
        let hash = raw_sha256_hex(b"abc");
        assert_eq!(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(letter_id_of_bytes(b"abc").as_str(), format!("sha-{}", &hash[..32]));
    }
}
