//! Who wrote and to whom: people, companies and the contact point they chose.

use serde::{Deserialize, Serialize};

use crate::opaque::opaque_debug;

/// The kind of a party's id. Compared without regard to case, since senders differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum IdType {
    /// A person's civil registration number, ten digits.
    Cpr,
    /// A company's number, eight digits.
    Cvr,
    /// Anything else, as it stood.
    #[serde(untagged)]
    Other(String),
}

impl IdType {
    /// Reads `CPR`, `cvr` and so on; anything else is kept as it stood.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.trim().to_ascii_uppercase().as_str() {
            "CPR" => Self::Cpr,
            "CVR" => Self::Cvr,
            _ => Self::Other(text.trim().to_owned()),
        }
    }
}

/// A sender or a recipient, from either channel.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// CPR or CVR number (Digital Post only). Never log it.
    pub id: Option<String>,
    /// What kind of number `id` is.
    pub id_type: Option<IdType>,
    /// The name as the message gives it.
    pub label: Option<String>,
    /// The e-mail address (e-mail only).
    pub address: Option<String>,
    /// The contact point that was chosen; citizens choose one on the recipient.
    pub contact_point: Option<ContactPoint>,
}

/// An entry of the municipality's contact structure. Its values are untrusted text.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPoint {
    /// The group's name or number.
    pub group: Option<String>,
    /// The contact point's id, a UUID by convention.
    pub id: String,
    /// The name that the sender saw.
    pub label: Option<String>,
    /// Fields that the sender was asked to fill, at most two. May hold CPR numbers.
    pub info: Vec<ContactInfo>,
}

/// One filled field of a contact point.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactInfo {
    /// The question, such as "Barnets navn".
    pub label: String,
    /// The answer.
    pub value: String,
}

opaque_debug!(Party, ContactPoint, ContactInfo);
