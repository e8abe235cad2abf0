//! What people and programs may do at the desk.

use serde::{Deserialize, Serialize};

/// What a person may do at the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Works letters.
    Clerk,
    /// Works letters and sees the evidence.
    Owner,
    /// Reads who did what, and no letter.
    Auditor,
    /// A program with a token, for the interface for programs alone.
    Integration,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Clerk, Self::Owner, Self::Auditor, Self::Integration];

    /// The word used in the database and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Owner => "owner",
            Self::Auditor => "auditor",
            Self::Integration => "integration",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// May this person read letters and decide about them?
    #[must_use]
    pub fn reads_letters(self) -> bool {
        matches!(self, Self::Clerk | Self::Owner)
    }
}
