//! From trees to the types of a header. Element names as in the MeMo schemas, in their order.

use super::xml::{Node, Space};
use super::{
    Action, AdditionalContent, AdditionalReply, Address, AttentionData, CaseId, Classification,
    ContentData, Correspondent, ForwardData, MessageType, Moment, MotorVehicle, ReplyData,
    Representative,
};
use crate::memo::Reference;
use crate::{ContactInfo, ContactPoint, IdType, tidy};

use Space::{Dmv, Form, Gln, Grd, Kle, Memo, Sor, Udd};

/// More than the schema's largest "unbounded" has any use for.
const MOST_REPEATS: usize = 100;

impl Node {
    /// The first child of this name.
    pub(super) fn get(&self, space: Space, local: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name.is(space, local))
    }

    /// All children of this name, within reason.
    pub(super) fn all(&self, space: Space, local: &str) -> impl Iterator<Item = &Node> {
        self.children.iter().filter(move |child| child.name.is(space, local)).take(MOST_REPEATS)
    }

    /// The text of the first child of this name; `None` when it is missing or blank.
    pub(super) fn value(&self, space: Space, local: &str) -> Option<String> {
        let text = tidy::text(self.get(space, local)?.text.trim());
        (!text.is_empty()).then_some(text)
    }

    fn moment(&self, local: &str) -> Option<Moment> {
        self.value(Memo, local).map(Moment::parse)
    }

    /// An entry of the shape "number and name".
    fn reference(&self, space: Space, local: &str, id: &str, label: &str) -> Option<Reference> {
        let node = self.get(space, local)?;
        Some(Reference { id: node.value(space, id), label: node.value(space, label) })
    }
}

impl Moment {
    /// Reads xs:dateTime; without a zone it is taken as UTC.
    pub(super) fn parse(text: String) -> Self {
        let zoned = text.parse::<jiff::Timestamp>().ok();
        let moment = zoned.or_else(|| {
            let local = text.parse::<jiff::civil::DateTime>().ok()?;
            Some(local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
        });
        let at = moment.map(jiff::Timestamp::as_millisecond).filter(|ms| *ms >= 0);
        Self { text, at }
    }

    /// Is it a date and time at all, though perhaps one that stands for "unknown"?
    pub(super) fn is_valid(&self) -> bool {
        self.at.is_some()
            || self.text.parse::<jiff::Timestamp>().is_ok()
            || self.text.parse::<jiff::civil::DateTime>().is_ok()
    }
}

/// `DIGITALPOST` and `NEMSMS`.
pub(super) fn message_type(text: &str) -> Option<MessageType> {
    if text.eq_ignore_ascii_case("DIGITALPOST") {
        Some(MessageType::DigitalPost)
    } else if text.eq_ignore_ascii_case("NEMSMS") {
        Some(MessageType::NemSms)
    } else {
        None
    }
}

/// Sender or Recipient; `id` is what the element calls its id.
pub(super) fn correspondent(node: &Node, id: &str) -> Correspondent {
    Correspondent {
        id: node.value(Memo, id),
        id_type: node.value(Memo, "idType").map(|text| IdType::parse(&text)),
        id_type_label: node.value(Memo, "idTypeLabel"),
        label: node.value(Memo, "label").map(one_line),
        attention: node.get(Memo, "AttentionData").map(attention),
        contact_point: node.get(Memo, "ContactPoint").map(contact_point),
        representative: node.get(Memo, "Representative").map(|node| Representative {
            id: node.value(Memo, "representativeID"),
            id_type: node.value(Memo, "idType").map(|text| IdType::parse(&text)),
            label: node.value(Memo, "label").map(one_line),
        }),
    }
}

fn one_line(text: String) -> String {
    if text.contains(['\n', '\t']) { tidy::line(&text, text.len()) } else { text }
}

fn attention(node: &Node) -> AttentionData {
    let memo = |local, id, label| node.reference(Memo, local, id, label);
    let grd = |local, id, label| node.reference(Grd, local, id, label);
    AttentionData {
        person: memo("AttentionPerson", "personID", "label"),
        production_unit: grd("ProductionUnit", "productionUnitNumber", "productionUnitName"),
        global_location_number: node.reference(
            Gln,
            "GlobalLocationNumber",
            "globalLocationNumber",
            "location",
        ),
        email: memo("EMail", "emailAddress", "relatedAgent"),
        se_number: grd("SEnumber", "seNumber", "companyName"),
        telephone: memo("Telephone", "telephoneNumber", "relatedAgent"),
        eid: grd("EID", "eID", "label"),
        content_responsible: memo("ContentResponsible", "contentResponsibleID", "label"),
        generating_system: memo("GeneratingSystem", "generatingSystemID", "label"),
        sor: node.reference(Sor, "SORdata", "sorIdentifier", "entryName"),
        address: node.get(Grd, "Address").map(address),
        unstructured_address: unstructured_address(node),
    }
}

fn address(node: &Node) -> Address {
    let value = |local| node.value(Grd, local);
    let point = |local| node.get(Grd, "AddressPoint").and_then(|point| point.value(Grd, local));
    Address {
        id: value("id"),
        street: value("addressLabel"),
        house_number: value("houseNumber"),
        door: value("door"),
        floor: value("floor"),
        co: value("co"),
        zip_code: value("zipCode"),
        city: value("city"),
        country: value("country"),
        easting: point("geographicEastingMeasure"),
        northing: point("geographicNorthingMeasure"),
        height: point("geographicHeightMeasure"),
    }
}

fn unstructured_address(node: &Node) -> Option<String> {
    node.get(Grd, "UnstructuredAddress")?.value(Grd, "unstructured")
}

fn contact_point(node: &Node) -> ContactPoint {
    let info = |info: &Node| ContactInfo {
        label: info.value(Memo, "label").unwrap_or_default(),
        value: info.value(Memo, "value").unwrap_or_default(),
    };
    ContactPoint {
        group: node.value(Memo, "contactGroup"),
        id: node.value(Memo, "contactPointID").unwrap_or_default(),
        label: node.value(Memo, "label").map(one_line),
        info: node.all(Memo, "ContactInfo").map(info).collect(),
    }
}

/// ContentData.
pub(super) fn content(node: &Node) -> ContentData {
    let additional = |node: &Node| AdditionalContent {
        kind: node.value(Memo, "contentDataType"),
        name: node.value(Memo, "contentDataName").unwrap_or_default(),
        value: node.value(Memo, "contentDataValue").unwrap_or_default(),
    };
    let grd = |local, id, label| node.reference(Grd, local, id, label);
    ContentData {
        cpr: grd("CPRdata", "cprNumber", "name"),
        cvr: grd("CVRdata", "cvrNumber", "companyName"),
        motor_vehicle: node.get(Dmv, "MotorVehicle").map(|node| MotorVehicle {
            license_number: node.value(Dmv, "licenseNumber"),
            chassis_number: node.value(Dmv, "chassisNumber"),
        }),
        property_number: node
            .get(Grd, "PropertyNumber")
            .and_then(|node| node.value(Grd, "propertyNumber")),
        case_id: node.get(Memo, "CaseID").map(|node| CaseId {
            id: node.value(Memo, "caseID"),
            system: node.value(Memo, "caseSystem"),
        }),
        kle: node.get(Kle, "KLEdata").map(|node| classification(node, Kle, "subjectKey")),
        form: node.get(Form, "FORMdata").map(|node| classification(node, Form, "taskKey")),
        production_unit: grd("ProductionUnit", "productionUnitNumber", "productionUnitName"),
        education: node.reference(Udd, "Education", "educationCode", "educationName"),
        address: node.get(Grd, "Address").map(address),
        unstructured_address: unstructured_address(node),
        additional: node.all(Memo, "AdditionalContentData").map(additional).collect(),
    }
}

fn classification(node: &Node, space: Space, key: &str) -> Classification {
    Classification {
        key: node.value(space, key),
        version: node.value(space, "version"),
        facet: node.value(space, "activityFacet"),
        label: node.value(space, "label"),
    }
}

/// ForwardData.
pub(super) fn forward(node: &Node) -> ForwardData {
    ForwardData {
        message_uuid: node.value(Memo, "messageUUID"),
        original_message_at: node.moment("originalMessageDateTime"),
        original_sender: node.value(Memo, "originalSender"),
        original_content_responsible: node.value(Memo, "originalContentResponsible"),
        original_representative: node.value(Memo, "originalRepresentative"),
        contact_point_id: node.value(Memo, "contactPointID"),
        comment: node.value(Memo, "comment"),
    }
}

/// ReplyData.
pub(super) fn reply(node: &Node) -> ReplyData {
    let additional = |node: &Node| AdditionalReply {
        label: node.value(Memo, "label").unwrap_or_default(),
        value: node.value(Memo, "value").unwrap_or_default(),
    };
    ReplyData {
        message_id: node.value(Memo, "messageID"),
        message_uuid: node.value(Memo, "messageUUID"),
        reply_uuid: node.value(Memo, "replyUUID"),
        sender_id: node.value(Memo, "senderID"),
        recipient_id: node.value(Memo, "recipientID"),
        case_id: node.value(Memo, "caseID"),
        contact_point_id: node.value(Memo, "contactPointID"),
        generating_system_id: node.value(Memo, "generatingSystemID"),
        comment: node.value(Memo, "comment"),
        additional: node.all(Memo, "AdditionalReplyData").map(additional).collect(),
    }
}

/// An Action of a document.
pub(super) fn action(node: &Node) -> Action {
    let reservation = |local| node.get(Memo, "Reservation").and_then(|r| r.value(Memo, local));
    Action {
        label: node.value(Memo, "label"),
        code: node.value(Memo, "actionCode"),
        start: node.moment("startDateTime"),
        end: node.moment("endDateTime"),
        url: node.get(Memo, "EntryPoint").and_then(|entry| entry.value(Memo, "url")),
        description: reservation("description"),
        location: reservation("location"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let at = |text: &str| Moment::parse(text.to_owned()).at;
        assert_eq!(at("1970-01-01T00:00:01Z"), Some(1000));
        assert_eq!(at("1970-01-01T01:00:01.5+01:00"), Some(1500));
        assert_eq!(at("1970-01-01T00:00:01"), Some(1000));
        for text in ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00"] {
            let moment = Moment::parse(text.to_owned());
            assert!(moment.at.is_none() && moment.is_valid(), "{text}");
        }
        for text in ["", "i går", "2026-13-45T99:00:00Z", "99999999-01-01T00:00:00Z"] {
            let moment = Moment::parse(text.to_owned());
            assert!(moment.at.is_none() && !moment.is_valid(), "{text}");
        }
    }
}
