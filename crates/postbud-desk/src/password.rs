//! Passwords as argon2id hashes.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use uuid::Uuid;

/// The fewest characters of a password.
pub(crate) const PASSWORD_CHARS: usize = 12;
/// The most bytes of a password that are hashed.
const PASSWORD_BYTES: usize = 1024;

/// Why a password is refused.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error(
        "a password has at least {PASSWORD_CHARS} characters and at most {PASSWORD_BYTES} bytes"
    )]
    Length,
    /// The library refused.
    #[error("the password could not be hashed")]
    Hash,
}

/// Hashes a password with argon2id and a salt of its own. Takes about 20 ms of one core.
///
/// # Errors
/// [`PasswordError::Length`] when it is too short or too long.
pub fn hash_password(password: &str) -> Result<String, PasswordError> {
    if password.chars().count() < PASSWORD_CHARS || password.len() > PASSWORD_BYTES {
        return Err(PasswordError::Length);
    }
    let salt =
        SaltString::encode_b64(Uuid::new_v4().as_bytes()).map_err(|_| PasswordError::Hash)?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    Ok(hash.map_err(|_| PasswordError::Hash)?.to_string())
}

/// A hash that no password has, so that an unknown name takes as long as a known one.
pub(crate) const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Is it the password of this hash?
pub(crate) fn fits(password: &str, hash: &str) -> bool {
    password.len() <= PASSWORD_BYTES
        && PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_fits_and_no_two_hashes_are_alike() {
        let (one, other) =
            (hash_password("korrekt hest batteri"), hash_password("korrekt hest batteri"));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_ne!(one, other);
        assert!(fits("korrekt hest batteri", &one) && !fits("korrekt hest batter", &one));
        assert!(PasswordHash::new(NOBODY).is_ok() && !fits("", NOBODY));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert!(hash_password("elleve tegn").is_err());
        assert!(hash_password(&"a".repeat(PASSWORD_BYTES + 1)).is_err());
    }
}
