//! What a message answers, passes on, or asks for.

use serde::{Deserialize, Serialize};

use super::Moment;
use crate::opaque::opaque_debug;

/// ForwardData: a recipient passed someone else's message on.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ForwardData {
    /// The UUID of the message that is passed on.
    pub message_uuid: Option<String>,
    /// When that was sent (1.1 and later).
    pub original_message_at: Option<Moment>,
    /// Who had sent it.
    pub original_sender: Option<String>,
    /// Who answered for its content.
    pub original_content_responsible: Option<String>,
    /// Who acted for its sender (1.2).
    pub original_representative: Option<String>,
    /// The contact point it is passed on to.
    pub contact_point_id: Option<String>,
    /// What the person who passes it on says.
    pub comment: Option<String>,
}

/// ReplyData: one message of the thread that this one answers.
///
/// An answer carries the authority's own case and system ids back: nothing says better where it
/// belongs.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplyData {
    /// The sender's id of that message.
    pub message_id: Option<String>,
    /// That message's UUID.
    pub message_uuid: Option<String>,
    /// The UUID of the message that it answered in turn.
    pub reply_uuid: Option<String>,
    /// Who sent it.
    pub sender_id: Option<String>,
    /// Who got it.
    pub recipient_id: Option<String>,
    /// The case it belongs to.
    pub case_id: Option<String>,
    /// The contact point it came from.
    pub contact_point_id: Option<String>,
    /// The system that made it.
    pub generating_system_id: Option<String>,
    /// A comment.
    pub comment: Option<String>,
    /// More data, at most four.
    pub additional: Vec<AdditionalReply>,
}

/// A piece of data that an authority wants back with the answer.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdditionalReply {
    /// What it is called.
    pub label: String,
    /// The data.
    pub value: String,
}

/// Something that a document asks its reader to do.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Action {
    /// What the button says.
    pub label: Option<String>,
    /// AFTALE, BETALING, SELVBETJENING and so on.
    pub code: Option<String>,
    /// From when.
    pub start: Option<Moment>,
    /// Until when.
    pub end: Option<Moment>,
    /// Where to, for an entry point.
    pub url: Option<String>,
    /// What is reserved, for a reservation.
    pub description: Option<String>,
    /// Where, for a reservation.
    pub location: Option<String>,
}

opaque_debug!(ForwardData, ReplyData, AdditionalReply, Action);
