//! Train, evaluate, certify, promote; the model registry on disk.

mod split;

pub use split::{HeldOut, held_out};
