//! A message as it travels: bytes, content type and headers.
//!
//! | property | meaning |
//! |---|---|
//! | `content_type` | `application/vnd.postbud.letter`: the body is the letter; `application/vnd.postbud.stored`: the body is `{"raw_id": "…"}`; anything else, or nothing, comes from a foreign publisher and is taken as the letter |
//! | `message_id` | a name for lists and logs, the letter's id where it is known |
//! | `x-postbud-attempts` | how many attempts have failed |
//! | `x-postbud-reason` | why the last one failed |
//! | `x-postbud-returned` | how often it came back unsettled before it was last published |
//! | `traceparent` | the letter's trace, as W3C Trace Context writes it, where traces are kept |
//! | `x-postbud-given-up-at` | dead letters only: when, in UTC milliseconds |

use bytes::Bytes;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};
use postbud_pipeline::TraceContext;
use postbud_pipeline::ports::{Body, DeadLetter, Message, RawId, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) const LETTER: &str = "application/vnd.postbud.letter";
pub(crate) const STORED: &str = "application/vnd.postbud.stored";
const ATTEMPTS: &str = "x-postbud-attempts";
const REASON: &str = "x-postbud-reason";
const RETURNED: &str = "x-postbud-returned";
const GIVEN_UP_AT: &str = "x-postbud-given-up-at";
const TRACEPARENT: &str = "traceparent";
/// Set by the broker on quorum queues, from the second delivery on.
const DELIVERY_COUNT: &str = "x-delivery-count";
const DEATH: &str = "x-death";

const LONGEST_ID: usize = 255;
const LONGEST_REASON: usize = 1000;
const LONGEST_REFERENCE: usize = 1024;
const PERSISTENT: u8 = 2;

#[derive(Serialize, Deserialize)]
struct Reference {
    raw_id: String,
}

/// One message with everything that must survive being sent on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parcel {
    pub(crate) id: String,
    pub(crate) content_type: String,
    pub(crate) payload: Bytes,
    pub(crate) attempts: u32,
    pub(crate) returned: u32,
    pub(crate) reason: Option<String>,
    pub(crate) given_up_at: Option<Timestamp>,
    pub(crate) traceparent: Option<String>,
}

impl Parcel {
    /// A message of the application. An id above 255 bytes, the most that AMQP takes, is cut.
    pub(crate) fn new(message: Message) -> Self {
        let (content_type, payload) = match message.body {
            Body::Inline(bytes) => (LETTER, bytes),
            Body::Stored(RawId(raw_id)) => {
                // A struct of one string always has a JSON form.
                let json = serde_json::to_vec(&Reference { raw_id }).unwrap_or_default();
                (STORED, Bytes::from(json))
            }
        };
        Self {
            id: cut(&message.id, LONGEST_ID),
            content_type: content_type.to_owned(),
            payload,
            attempts: 0,
            returned: 0,
            reason: None,
            given_up_at: None,
            traceparent: None,
        }
    }

    /// The same with its trace named, when it is in this share of all traces.
    pub(crate) fn traced(mut self, share: f64) -> Self {
        let context = TraceContext::of(&self.id);
        let kept = !self.id.is_empty() && context.place() < share;
        self.traceparent = kept.then(|| context.traceparent(true));
        self
    }

    /// A message as the broker delivered it, and how often the broker says it was delivered
    /// before. Nothing in it is believed: it may come from any publisher.
    pub(crate) fn read(properties: &BasicProperties, data: Vec<u8>) -> (Self, u32) {
        let text = |value: &Option<ShortString>| {
            value.as_ref().map(|text| text.as_str().to_owned()).unwrap_or_default()
        };
        let headers = properties.headers().as_ref();
        let delivered = count(headers, DELIVERY_COUNT);
        let parcel = Self {
            id: text(properties.message_id()),
            content_type: text(properties.content_type()),
            payload: Bytes::from(data),
            attempts: count(headers, ATTEMPTS),
            returned: count(headers, RETURNED),
            reason: string(headers, REASON).map(|reason| cut(&reason, LONGEST_REASON)),
            given_up_at: integer(headers, GIVEN_UP_AT).map(Timestamp),
            traceparent: string(headers, TRACEPARENT).filter(|text| is_traceparent(text)),
        };
        (parcel, delivered)
    }

    /// What the application gets to see, or why it cannot be understood.
    pub(crate) fn body(&self) -> Result<Body, String> {
        let media = self.content_type.split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case(STORED) {
            return Ok(Body::Inline(self.payload.clone()));
        }
        if self.payload.len() > LONGEST_REFERENCE {
            return Err(format!(
                "a reference to stored bytes is longer than {LONGEST_REFERENCE} bytes"
            ));
        }
        let reference: Reference = serde_json::from_slice(&self.payload)
            .map_err(|_| "a reference to stored bytes is not {\"raw_id\": \"…\"}".to_owned())?;
        let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if reference.raw_id.len() != 64 || !reference.raw_id.bytes().all(digit) {
            return Err(
                "a reference to stored bytes holds no SHA-256 in lower-case hexadecimal".into()
            );
        }
        Ok(Body::Stored(RawId(reference.raw_id)))
    }

    /// The properties to publish it with. Everything is set anew: foreign properties could send it
    /// elsewhere (`CC`), let it expire, or make the broker refuse it (`user_id`).
    pub(crate) fn properties(&self, expires_after_ms: Option<u32>) -> BasicProperties {
        let mut headers = FieldTable::default();
        let mut put = |name: &str, value: i64| {
            headers.insert(name.into(), AMQPValue::LongLongInt(value));
        };
        if self.attempts > 0 {
            put(ATTEMPTS, self.attempts.into());
        }
        if self.returned > 0 {
            put(RETURNED, self.returned.into());
        }
        if let Some(Timestamp(at)) = self.given_up_at {
            put(GIVEN_UP_AT, at);
        }
        if let Some(reason) = &self.reason {
            let reason = LongString::from(clean(reason).into_bytes());
            headers.insert(REASON.into(), AMQPValue::LongString(reason));
        }
        if let Some(trace) = &self.traceparent {
            let trace = LongString::from(trace.clone().into_bytes());
            headers.insert(TRACEPARENT.into(), AMQPValue::LongString(trace));
        }
        let short = |text: &str| ShortString::try_new(cut(text, LONGEST_ID)).unwrap_or_default();
        let properties = BasicProperties::default()
            .with_delivery_mode(PERSISTENT)
            .with_content_type(short(&self.content_type))
            .with_message_id(short(&self.id))
            .with_headers(headers);
        match expires_after_ms {
            Some(ms) => properties.with_expiration(short(&ms.to_string())),
            None => properties,
        }
    }

    /// What a list of dead letters shows. A message that the broker itself gave up carries no
    /// reason of ours for that; its own record says why.
    pub(crate) fn dead_letter(self, properties: &BasicProperties) -> DeadLetter {
        let (reason, at) = match self.given_up_at {
            Some(at) => (self.reason.unwrap_or_default(), Some(at)),
            None => death(properties.headers().as_ref(), self.reason.as_deref()),
        };
        DeadLetter {
            id: self.id,
            reason,
            attempts: self.attempts,
            bytes: self.payload.len() as u64,
            at,
        }
    }
}

/// The broker's own record of why it dead-lettered a message, newest first.
fn death(headers: Option<&FieldTable>, earlier: Option<&str>) -> (String, Option<Timestamp>) {
    let newest = headers
        .and_then(|table| table.inner().get(DEATH))
        .and_then(|value| value.as_array())
        .and_then(|deaths| deaths.as_slice().first())
        .and_then(|value| value.as_field_table());
    let why = string(newest, "reason").unwrap_or_default();
    let mut reason = match why.as_str() {
        "delivery_limit" => {
            "came back again and again without being settled: it may end the process".to_owned()
        }
        "" => "put here by somebody else, without a reason".to_owned(),
        other => format!("given up by the broker: {}", cut(&clean(other), 100)),
    };
    if let Some(earlier) = earlier {
        reason = format!("{reason}; before that: {earlier}");
    }
    let seconds = newest
        .and_then(|table| table.inner().get("time"))
        .and_then(AMQPValue::as_timestamp)
        .and_then(|seconds| i64::try_from(seconds).ok());
    (reason, seconds.map(|seconds| Timestamp(seconds.saturating_mul(1000))))
}

fn integer(headers: Option<&FieldTable>, name: &str) -> Option<i64> {
    match headers?.inner().get(name)? {
        AMQPValue::LongLongInt(n) => Some(*n),
        AMQPValue::LongInt(n) => Some((*n).into()),
        AMQPValue::LongUInt(n) => Some((*n).into()),
        AMQPValue::ShortInt(n) => Some((*n).into()),
        AMQPValue::ShortUInt(n) => Some((*n).into()),
        AMQPValue::ShortShortInt(n) => Some((*n).into()),
        AMQPValue::ShortShortUInt(n) => Some((*n).into()),
        _ => None,
    }
}

fn count(headers: Option<&FieldTable>, name: &str) -> u32 {
    let n = integer(headers, name).unwrap_or(0).max(0);
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn string(headers: Option<&FieldTable>, name: &str) -> Option<String> {
    match headers?.inner().get(name)? {
        AMQPValue::LongString(text) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
        AMQPValue::ShortString(text) => Some(text.as_str().to_owned()),
        _ => None,
    }
}

/// Has it the form that W3C Trace Context gives it? What a foreign publisher wrote there otherwise is
/// not sent on.
fn is_traceparent(text: &str) -> bool {
    let digits = |part: &str, count: usize| {
        part.len() == count && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let parts: Vec<&str> = text.split('-').take(5).collect();
    matches!(parts[..], [version, trace, span, flags]
        if digits(version, 2) && digits(trace, 32) && digits(span, 16) && digits(flags, 2))
}

/// At most `bytes` bytes of a text, ending between two characters.
fn cut(text: &str, bytes: usize) -> String {
    let end = (0..=bytes.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}

/// A reason fit for one line of a list.
fn clean(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(&line, LONGEST_REASON)
}

#[cfg(test)]
mod tests;
