//! AttentionData: who or what within a party a message is from or for.

use serde::{Deserialize, Serialize};

use crate::opaque::opaque_debug;

/// A number or id with a name beside it: the shape of most entries in MeMo.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reference {
    /// The number, id or address.
    pub id: Option<String>,
    /// What it is called.
    pub label: Option<String>,
}

/// AttentionData. Each entry is there at most once.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AttentionData {
    /// AttentionPerson: a CPR number, and a name.
    pub person: Option<Reference>,
    /// A production unit's P-number, and its name.
    pub production_unit: Option<Reference>,
    /// Global location number, and the place.
    pub global_location_number: Option<Reference>,
    /// E-mail address, and whose it is.
    pub email: Option<Reference>,
    /// SE number, and the company.
    pub se_number: Option<Reference>,
    /// Telephone number, and whose it is.
    pub telephone: Option<Reference>,
    /// An employee's id (`CVR:…-RID:…`), and a name.
    pub eid: Option<Reference>,
    /// Who answers for the content.
    pub content_responsible: Option<Reference>,
    /// The system that made the message.
    pub generating_system: Option<Reference>,
    /// An entry of the health service's organisation register.
    pub sor: Option<Reference>,
    /// An address in fields.
    pub address: Option<Address>,
    /// An address in one line.
    pub unstructured_address: Option<String>,
}

/// An address in fields.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Its id in the address register.
    pub id: Option<String>,
    /// The street.
    pub street: Option<String>,
    /// House number with its letter.
    pub house_number: Option<String>,
    /// Door.
    pub door: Option<String>,
    /// Floor.
    pub floor: Option<String>,
    /// Care of.
    pub co: Option<String>,
    /// Postal code.
    pub zip_code: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// UTM32 easting, northing and height, as they stood.
    pub easting: Option<String>,
    /// See `easting`.
    pub northing: Option<String>,
    /// See `easting`.
    pub height: Option<String>,
}

opaque_debug!(Reference, AttentionData, Address);
