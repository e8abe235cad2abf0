//! What a mailbox claims: replies to the letters it sent.

use serde::{Deserialize, Serialize};

use crate::Pattern;

/// Which replies come back to a mailbox. Strongest first: a case id says more than the system
/// that wrote the letter, and that more than a contact point.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Claims {
    /// Case ids of the reply data or of the message, such as `EDH-2026-*`.
    pub case_id: Vec<Pattern>,
    /// Ids of the systems that wrote the letters.
    pub generating_system: Vec<Pattern>,
    /// Contact points that the reply data names.
    pub contact_point: Vec<Pattern>,
}

impl Claims {
    /// Claims nothing?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.case_id.is_empty()
            && self.generating_system.is_empty()
            && self.contact_point.is_empty()
    }
}
