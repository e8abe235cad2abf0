//! What the beginning of a letter says of the whole, for letters that are not held in memory.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Channel, LetterId, Limits, hash, mail, memo};

/// What is known of a letter from its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How it came: never [`Channel::Unknown`].
    pub channel: Channel,
    /// The id that it carries itself; a letter without one is named after its bytes.
    own_id: Option<LetterId>,
}

impl Head {
    /// The id of the letter, whose bytes have this SHA-256 as [`crate::raw_sha256_hex`] writes it.
    #[must_use]
    pub fn id(&self, raw_sha256_hex: &str) -> LetterId {
        self.own_id.clone().unwrap_or_else(|| hash::letter_id_of_hash(raw_sha256_hex))
    }

    /// The id that the letter carries itself, if any.
    #[must_use]
    pub fn own_id(&self) -> Option<&LetterId> {
        self.own_id.as_ref()
    }
}

/// What [`crate::read`] will say of a letter that begins like this, whatever follows; `None` where only
/// the whole of it tells, such as when its header is not there to its end.
#[must_use]
pub fn head(beginning: &[u8], limits: &Limits) -> Option<Head> {
    // See `read`: a panic in a library must not stop who takes letters in.
    catch_unwind(AssertUnwindSafe(|| look(beginning, limits))).unwrap_or_default()
}

fn look(beginning: &[u8], limits: &Limits) -> Option<Head> {
    if let Some(source) = memo::Source::of_beginning(beginning) {
        if !memo::is_message(&source, limits) {
            return None;
        }
        let header = memo::header(&source, limits)?;
        return Some(Head { channel: Channel::DigitalPost, own_id: memo::own_id(&header) });
    }
    // What begins as XML does is no mail yet.
    let mail = memo::Source::of(beginning).is_none() && mail::is_headed(beginning, limits);
    mail.then_some(Head { channel: Channel::Email, own_id: None })
}
