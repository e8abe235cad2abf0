//! The body of a letter's POST. docs/webhook.openapi.json describes it for whoever receives it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postbud_decide::{Mailbox, Reason};
use postbud_letter::{ContactPoint, DocumentRole, IdType, Letter, Party};
use postbud_pipeline::ports::Outgoing;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::compose::{self, Settings};
use crate::slip;

#[derive(Serialize)]
struct Payload<'a> {
    version: u32,
    key: &'a str,
    letter: &'a str,
    mailbox: Named<'a>,
    channel: &'a str,
    decision: Decided<'a>,
    subject: &'a str,
    sender: Person<'a>,
    recipient: Person<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kle: Option<Kle<'a>>,
    text: &'a str,
    documents: Vec<Attached<'a>>,
    original: Original,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_mine: Option<String>,
}

#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Decided<'a> {
    id: &'a str,
    way: &'a str,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
}

#[derive(Serialize)]
struct Person<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_point: Option<Point<'a>>,
}

#[derive(Serialize)]
struct Point<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    fields: Vec<Field<'a>>,
}

#[derive(Serialize)]
struct Field<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct Kle<'a> {
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    facet: Option<&'a str>,
}

#[derive(Serialize)]
struct Attached<'a> {
    role: &'a str,
    file_name: &'a str,
    media_type: &'a str,
    bytes: usize,
}

#[derive(Serialize)]
struct Original {
    media_type: &'static str,
    sha256: String,
    base64: String,
}

/// The body for `letter`, whose key is `key`. The same on every attempt.
pub(crate) fn payload(
    letter: &Letter,
    item: &Outgoing,
    key: &str,
    mailbox: &Mailbox,
    settings: &Settings,
) -> Option<Vec<u8>> {
    let kle = letter.memo.as_ref().and_then(|memo| memo.content.kle.as_ref());
    let payload = Payload {
        version: slip::VERSION,
        key,
        letter: item.letter.as_str(),
        mailbox: Named { id: item.mailbox.as_str(), name: &mailbox.name },
        channel: letter.channel.as_str(),
        decision: decided(item, mailbox, settings),
        subject: &letter.subject,
        sender: person(&letter.sender),
        recipient: person(&letter.recipient),
        sent_at: letter
            .sent_at
            .and_then(|at| jiff::Timestamp::from_millisecond(at).ok())
            .map(|at| at.to_string()),
        kle: kle.and_then(|kle| {
            Some(Kle { subject: kle.key.as_deref()?, facet: kle.facet.as_deref() })
        }),
        text: &letter.text.new,
        documents: letter.documents.iter().map(attached).collect(),
        original: original(letter, item),
        not_mine: settings.not_mine.as_ref().map(|links| links.link(&item.key)),
    };
    serde_json::to_vec(&payload).ok()
}

fn decided<'a>(item: &'a Outgoing, mailbox: &Mailbox, settings: &Settings) -> Decided<'a> {
    let (model, probability) = match &item.decision.reason {
        Reason::Model { model, probability, .. } => (Some(model.0.as_str()), Some(*probability)),
        _ => (None, None),
    };
    Decided {
        id: &item.decision.id,
        way: slip::way(&item.decision.reason),
        reason: compose::reason(item, mailbox, settings),
        model,
        probability,
    }
}

fn person(party: &Party) -> Person<'_> {
    let id_type = party.id_type.as_ref().map(|kind| match kind {
        IdType::Cpr => "CPR",
        IdType::Cvr => "CVR",
        IdType::Other(other) => other,
    });
    Person {
        name: party.label.as_deref(),
        address: party.address.as_deref(),
        id: party.id.as_deref(),
        id_type,
        contact_point: party.contact_point.as_ref().map(point),
    }
}

fn point(point: &ContactPoint) -> Point<'_> {
    let fields = point.info.iter().map(|info| Field { name: &info.label, value: &info.value });
    Point { id: &point.id, name: point.label.as_deref(), fields: fields.collect() }
}

fn attached(document: &postbud_letter::Document) -> Attached<'_> {
    let role = match document.role {
        DocumentRole::Main => "main",
        DocumentRole::Attachment => "attachment",
        DocumentRole::Technical => "technical",
    };
    Attached {
        role,
        file_name: &document.filename,
        media_type: &document.media_type,
        bytes: document.bytes.len(),
    }
}

fn original(letter: &Letter, item: &Outgoing) -> Original {
    let hash = Sha256::digest(&item.raw);
    Original {
        media_type: slip::media_type(letter.channel),
        sha256: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        base64: STANDARD.encode(&item.raw),
    }
}

#[cfg(test)]
mod tests;
