//! A mail's header: who, to whom, when, about what. The fields are parsed by the mail library,
//! once they are in a form that it reads without loss.

use mail_parser::{Address, DateTime, HeaderName, Message, MessageParser};

use super::fields::Fields;
use super::parameters::Parameters;
use super::words;
use crate::{Party, tidy};

/// What a letter needs of a header.
#[derive(Default)]
pub(super) struct Head {
    pub(super) subject: String,
    pub(super) sender: Party,
    pub(super) recipient: Party,
    pub(super) sent_at: Option<i64>,
    pub(super) message_id: Option<String>,
}

impl Head {
    /// Parses the kept fields of a header.
    pub(super) fn read(fields: &Fields<'_>, most_bytes: usize) -> Self {
        let kind = Parameters::parse(fields.get("content-type"));
        let label = kind.get("charset", None);
        let charset = words::useful_charset(label.as_deref());
        let mut block = String::new();
        for name in ["from", "sender", "to", "cc", "date", "message-id"] {
            if let Some(value) = fields.get(name) {
                let value = words::repair(value, charset);
                block.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        block.push_str("\r\n");
        let subject = fields.get("subject").unwrap_or_default();
        let subject = tidy::line(&words::decode(subject, charset), most_bytes);
        let mut head = Self { subject, ..Self::default() };
        if let Some(parsed) = MessageParser::default().parse_headers(block.as_bytes()) {
            head.take(&parsed, most_bytes);
        }
        if head.recipient == Party::default()
            && let Some(address) = fields.get("delivered-to")
        {
            head.recipient.address = short(&words::decode(address, charset), most_bytes);
        }
        // The library takes the year 0001, which stands for "unknown", for a short 2001.
        let date = fields.get("date").unwrap_or_default();
        if date.split(u8::is_ascii_whitespace).any(|word| word == b"0001") {
            head.sent_at = None;
        }
        head
    }

    fn take(&mut self, parsed: &Message<'_>, most_bytes: usize) {
        let address = |name| parsed.header(name).and_then(|value| value.as_address());
        let first = |names: [HeaderName<'static>; 2]| {
            names.into_iter().find_map(|name| party(address(name)?, most_bytes)).unwrap_or_default()
        };
        self.sender = first([HeaderName::From, HeaderName::Sender]);
        self.recipient = first([HeaderName::To, HeaderName::Cc]);
        self.sent_at = parsed.date().and_then(moment);
        self.message_id = parsed.message_id().and_then(|id| short(id, most_bytes));
    }

    /// The header in lines, above the text of a message that was forwarded whole.
    pub(super) fn summary(&self) -> String {
        let mut lines = Vec::new();
        match (&self.sender.label, &self.sender.address) {
            (Some(name), Some(address)) => lines.push(format!("Fra: {name} <{address}>")),
            (Some(one), None) | (None, Some(one)) => lines.push(format!("Fra: {one}")),
            (None, None) => {}
        }
        if !self.subject.is_empty() {
            lines.push(format!("Emne: {}", self.subject));
        }
        lines.join("\n")
    }
}

/// The first address that says anything.
fn party(addresses: &Address<'_>, most_bytes: usize) -> Option<Party> {
    addresses.iter().find_map(|one| {
        let label = one.name().and_then(|name| short(name.trim_matches(['"', '\'']), most_bytes));
        let address = one.address().and_then(|address| short(address, most_bytes));
        // Many programs repeat the address as the name.
        let label = label.filter(|label| address.as_ref() != Some(label));
        let found = label.is_some() || address.is_some();
        found.then_some(Party { label, address, ..Party::default() })
    })
}

fn short(text: &str, most_bytes: usize) -> Option<String> {
    let text = tidy::line(text, most_bytes);
    (!text.is_empty()).then_some(text)
}

/// Milliseconds since 1970; `None` for no date, and for one before 1970, which is a clock not set.
fn moment(date: &DateTime) -> Option<i64> {
    let seconds = date.is_valid().then(|| date.to_timestamp())?;
    (seconds >= 0).then_some(seconds * 1000)
}
