//! MeMo, the message format of Digital Post: the types of its header.
//!
//! Versions 1.0, 1.1 and 1.2 share one namespace and one set of types; what a version does not have
//! stays `None`. All values are text as it stood, trimmed: they are untrusted, and many fields hold
//! CPR numbers, so `Debug` prints no content.

mod attention;
mod content;
mod document;
mod fill;
mod message;
mod source;
mod thread;
mod xml;

use serde::{Deserialize, Serialize};

use crate::opaque::opaque_debug;
use crate::{ContactPoint, IdType};

pub(crate) use document::is_attention;
pub(crate) use message::{header, is_message, own_id, read};
pub(crate) use source::Source;

pub use attention::{Address, AttentionData, Reference};
pub use content::{AdditionalContent, CaseId, Classification, ContentData, MotorVehicle};
pub use thread::{Action, AdditionalReply, ForwardData, ReplyData};

/// Namespace of MeMo itself, the same for all versions.
pub const NAMESPACE: &str = "https://DigitalPost.dk/MeMo-1";

/// Everything that a MeMo header holds, with what its body says beside the documents.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Header {
    /// The root's `memoVersion`, such as `1.1`.
    pub version: Option<String>,
    /// The root's `memoSchVersion`, required in 1.1 only.
    pub schema_version: Option<String>,
    /// DIGITALPOST or NEMSMS.
    pub message_type: Option<MessageType>,
    /// The message's UUID as it stood.
    pub message_uuid: Option<String>,
    /// The sender's own id of the message.
    pub message_id: Option<String>,
    /// What kind of message it is, in the sender's words.
    pub message_code: Option<String>,
    /// The subject.
    pub label: Option<String>,
    /// The text of the notification, or of a NemSMS.
    pub notification: Option<String>,
    /// More text for the notification.
    pub additional_notification: Option<String>,
    /// May the recipient reply?
    pub reply: bool,
    /// Until when.
    pub reply_by: Option<Moment>,
    /// Not to be shown before this day (`YYYY-MM-DD`).
    pub do_not_deliver_until: Option<String>,
    /// Must be delivered although the recipient is exempt.
    pub mandatory: bool,
    /// Has legal effect on delivery.
    pub legal_notification: bool,
    /// Post of an authority or of a company, such as MYNDIGHEDSPOST.
    pub post_type: Option<String>,
    /// Who sent it.
    pub sender: Correspondent,
    /// Whom it is for.
    pub recipient: Correspondent,
    /// What it is about, as data.
    pub content: ContentData,
    /// Set when a recipient passed someone else's message on.
    pub forward: Option<ForwardData>,
    /// What it answers, one entry per message of the thread.
    pub replies: Vec<ReplyData>,
    /// When the body was made.
    pub created: Option<Moment>,
    /// What the recipient is asked to do, over all documents.
    pub actions: Vec<Action>,
}

/// The two kinds of MeMo message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MessageType {
    /// A letter.
    DigitalPost,
    /// A text message, without a body.
    NemSms,
}

/// A date and time: as it stood, and as a moment where it is one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The text, such as `2026-11-05T10:12:00Z`.
    pub text: String,
    /// Milliseconds since 1970 in UTC. `None` for what is no date and time, and for years before
    /// 1970: systems write 0001-01-01 for "unknown".
    pub at: Option<i64>,
}

/// A Sender or Recipient with everything that MeMo can say of one.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Correspondent {
    /// CPR or CVR number.
    pub id: Option<String>,
    /// What kind of number it is.
    pub id_type: Option<IdType>,
    /// What to call another kind of number.
    pub id_type_label: Option<String>,
    /// The name.
    pub label: Option<String>,
    /// Person, unit or system within the party.
    pub attention: Option<AttentionData>,
    /// The contact point: on a recipient, the one that the sender chose.
    pub contact_point: Option<ContactPoint>,
    /// Who acts for the sender (1.2).
    pub representative: Option<Representative>,
}

/// Who acts for a sender.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Representative {
    /// CPR or CVR number.
    pub id: Option<String>,
    /// What kind of number it is.
    pub id_type: Option<IdType>,
    /// The name.
    pub label: Option<String>,
}

opaque_debug!(Header, Correspondent, Representative);
