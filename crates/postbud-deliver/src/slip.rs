//! What Postbud says about a letter to programs: the same words for every way out.

use postbud_decide::{Mailbox, Reason};
use postbud_letter::{Channel, Letter};
use postbud_pipeline::ports::{Envelope, Outgoing};

use crate::compose::{self, Settings};

/// The version of the words below; readers refuse one that they do not know.
pub(crate) const VERSION: u32 = 1;

/// Who decided, in one word: `rule`, `reply`, `kle`, `model` or `person`.
pub(crate) fn way(reason: &Reason) -> &'static str {
    match reason {
        Reason::Rule { .. } => "rule",
        Reason::Reply { .. } => "reply",
        Reason::Kle { .. } => "kle",
        Reason::Model { .. } => "model",
        Reason::Person { .. } | Reason::Assigned { .. } => "person",
    }
}

/// The media type of a letter's original bytes.
pub(crate) fn media_type(channel: Channel) -> &'static str {
    match channel {
        Channel::DigitalPost => "application/xml",
        Channel::Email => "message/rfc822",
        Channel::Unknown => "application/octet-stream",
    }
}

/// The letter as it lies on a mailbox's queue.
pub(crate) fn envelope(
    letter: &Letter,
    item: &Outgoing,
    mailbox: &Mailbox,
    settings: &Settings,
) -> Envelope {
    let mut headers = vec![
        ("x-postbud-version", VERSION.to_string()),
        ("x-postbud-letter", item.letter.to_string()),
        ("x-postbud-decision", item.decision.id.clone()),
        ("x-postbud-mailbox", item.mailbox.to_string()),
        ("x-postbud-channel", letter.channel.as_str().to_owned()),
        ("x-postbud-way", way(&item.decision.reason).to_owned()),
        ("x-postbud-reason", compose::reason(item, mailbox, settings)),
    ];
    if let Reason::Model { model, probability, .. } = &item.decision.reason {
        headers.push(("x-postbud-model", model.0.clone()));
        headers.push(("x-postbud-probability", format!("{probability:.4}")));
    }
    if let Some(links) = &settings.not_mine {
        headers.push(("x-postbud-not-mine", links.link(&item.key)));
    }
    Envelope {
        key: compose::token(&item.key),
        media_type: media_type(letter.channel),
        headers,
        body: item.raw.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::samples;

    #[test]
    fn an_envelope_says_why_and_holds_every_byte() {
        let item = samples::item(samples::MAIL.as_bytes());
        let letter = samples::read(&item.raw);
        let made = envelope(&letter, &item, &samples::mailbox(), &samples::settings());
        assert_eq!(made.body, samples::MAIL.as_bytes());
        let lines: Vec<String> =
            made.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        insta::assert_snapshot!(format!("{} {}\n{}", made.key, made.media_type, lines.join("\n")));
    }
}
