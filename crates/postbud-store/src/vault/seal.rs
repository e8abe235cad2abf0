//! AES-256-GCM over one chunk, with a nonce of its own (NIST SP 800-38D). A random nonce of 96 bits is good
//! for 2^32 chunks under one key: four billion letters.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::sql::Fault;

/// Bytes of a key.
pub(super) const KEY_BYTES: usize = 32;

/// Seals and opens under one key, which it never shows.
pub(super) struct Sealer(LessSafeKey);

impl Sealer {
    pub(super) fn new(key: &[u8; KEY_BYTES]) -> Result<Self, Fault> {
        let key =
            UnboundKey::new(&AES_256_GCM, key).map_err(|_| fault("the key cannot be used"))?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Nonce, cipher text and tag.
    pub(super) fn seal(&self, place: &[u8], plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let (_, body) = sealed.split_at_mut(NONCE_LEN);
        let tag = self
            .0
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), body)
            .map_err(|_| fault("bytes cannot be encrypted"))?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// The plain bytes; `None` when a bit of them, of their place or of the key is another.
    pub(super) fn open(&self, place: &[u8], mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.0.open_in_place(nonce, Aad::from(place), body).ok()?.len();
        sealed.drain(..NONCE_LEN);
        sealed.truncate(plain);
        Some(sealed)
    }
}

/// Bytes that nobody can guess.
pub(super) fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| fault("the system gives no random bytes"))?;
    Ok(bytes)
}

fn fault(what: &str) -> Fault {
    Fault::Incompatible(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_bytes_look_different_each_time() {
        let sealer = Sealer::new(&random().unwrap()).unwrap();
        assert_ne!(sealer.seal(b"a", b"Hej").unwrap(), sealer.seal(b"a", b"Hej").unwrap());
    }

    proptest! {
        #[test]
        fn only_the_same_bytes_at_the_same_place_open(
            plain in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), bit in 0..8u8,
        ) {
            let key = random().unwrap();
            let sealer = Sealer::new(&key).unwrap();
            let sealed = sealer.seal(b"here", &plain).unwrap();
            prop_assert_eq!(sealed.len(), plain.len() + 28);
            prop_assert_eq!(sealer.open(b"here", sealed.clone()), Some(plain.clone()));
            prop_assert_eq!(sealer.open(b"there", sealed.clone()), None);
            let other = Sealer::new(&random().unwrap()).unwrap();
            prop_assert_eq!(other.open(b"here", sealed.clone()), None);
            let mut changed = sealed.clone();
            changed[at.index(sealed.len())] ^= 1 << bit;
            prop_assert_eq!(sealer.open(b"here", changed), None);
            prop_assert_eq!(sealer.open(b"here", sealed[..at.index(sealed.len())].to_vec()), None);
        }
    }
}
