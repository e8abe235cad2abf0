//! The languages in which decisions are described.

use serde::{Deserialize, Serialize};

/// A language that clerks and caseworkers read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lang {
    /// Danish.
    #[default]
    #[serde(rename = "da")]
    Danish,
    /// English.
    #[serde(rename = "en")]
    English,
}
