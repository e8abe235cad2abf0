//! ContentData: what a message is about, as data. Authorities fill it in, citizens seldom.

use serde::{Deserialize, Serialize};

use super::{Address, Reference};
use crate::opaque::opaque_debug;

/// ContentData. Each entry is there at most once, but for `additional`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContentData {
    /// The person it concerns: CPR number and name.
    pub cpr: Option<Reference>,
    /// The company it concerns: CVR number and name.
    pub cvr: Option<Reference>,
    /// The vehicle it concerns.
    pub motor_vehicle: Option<MotorVehicle>,
    /// The property it concerns.
    pub property_number: Option<String>,
    /// The case it belongs to.
    pub case_id: Option<CaseId>,
    /// Its KLE subject.
    pub kle: Option<Classification>,
    /// Its FORM task.
    pub form: Option<Classification>,
    /// The production unit it concerns: P-number and name.
    pub production_unit: Option<Reference>,
    /// The education it concerns: code and name.
    pub education: Option<Reference>,
    /// The address it concerns, in fields.
    pub address: Option<Address>,
    /// The address it concerns, in one line.
    pub unstructured_address: Option<String>,
    /// Anything else, at most ten.
    pub additional: Vec<AdditionalContent>,
}

/// A vehicle.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MotorVehicle {
    /// Number plate.
    pub license_number: Option<String>,
    /// Chassis number.
    pub chassis_number: Option<String>,
}

/// A case in a system.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CaseId {
    /// The case.
    pub id: Option<String>,
    /// The system that keeps it.
    pub system: Option<String>,
}

/// A subject of KLE or a task of FORM. Untrusted: malformed codes occur.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Classification {
    /// `27.18.02` in KLE, `59.10.05.10` in FORM.
    pub key: Option<String>,
    /// The edition of the register.
    pub version: Option<String>,
    /// Action facet, such as `G01`.
    pub facet: Option<String>,
    /// The subject in words.
    pub label: Option<String>,
}

/// A piece of data that MeMo has no element for.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdditionalContent {
    /// What kind of data.
    pub kind: Option<String>,
    /// What it is called.
    pub name: String,
    /// The data.
    pub value: String,
}

opaque_debug!(ContentData, MotorVehicle, CaseId, Classification, AdditionalContent);
