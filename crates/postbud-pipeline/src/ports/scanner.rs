//! The port to what looks for malware.

use postbud_decide::{Doubt, NotChecked};
use postbud_letter::Letter;

/// What the scanner says of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanned {
    /// All of it was seen, and nothing in it is known.
    Clean,
    /// Something in it is known.
    Infected {
        /// What the scanner calls it.
        signature: String,
    },
    /// Not all of it was seen.
    Unchecked(NotChecked),
    /// Nobody looks now; it is worth while to wait and to ask again.
    Later {
        /// Why.
        why: NotChecked,
        /// Was the scanner there, and went away over this letter?
        blamed: bool,
    },
}

impl Scanned {
    /// What keeps the letter from going on; `None` only when it is clean.
    #[must_use]
    pub fn doubt(self) -> Option<Doubt> {
        match self {
            Self::Clean => None,
            Self::Infected { signature } => Some(Doubt::Infected { signature }),
            Self::Unchecked(why) | Self::Later { why, .. } => Some(Doubt::Unchecked { why }),
        }
    }
}

/// Looks for malware. Never fails, and takes a bounded time: called from a blocking thread, before
/// any document of the letter is opened.
pub trait Scanner: Send + Sync {
    /// Looks at the raw bytes and at every document in `letter`, which lie encoded in them.
    fn check(&self, letter: &Letter, raw: &[u8]) -> Scanned;

    /// Does it answer? In words what it is, or why not.
    ///
    /// # Errors
    /// It does not.
    fn state(&self) -> Result<String, String>;
}
