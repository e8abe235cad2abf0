//! MeMo, the message format of Digital Post: the types of its header.

use serde::{Deserialize, Serialize};

/// Everything that a MeMo header holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {}
