//! The port to what people have asked for: that nothing about them is decided automatically.

use postbud_letter::Letter;

/// Knows about whom nothing may be decided automatically. Quick: asked for every letter.
pub trait Restrictions: Send + Sync {
    /// Is `letter`, whose bytes are `raw`, about such a person?
    fn holds_for(&self, letter: &Letter, raw: &[u8]) -> bool;
}
