//! The filter of the waiting list. A cookie keeps it, so that the way to the next letter follows it
//! through every decision, also without the script.

use axum::extract::Query;
use axum::http::{HeaderMap, Uri};
use postbud_decide::MailboxId;
use postbud_letter::Channel;
use postbud_pipeline::ports::{WAITS_FOR, WaitingFilter};
use serde::Deserialize;

use crate::language::cookie;

/// The name of the cookie.
const COOKIE: &str = "filter";
/// The languages in which letters come, beside Danish, with their names in Danish and English.
pub(crate) const LANGUAGES: [(&str, &str, &str); 5] = [
    ("en", "engelsk", "English"),
    ("de", "tysk", "German"),
    ("sv", "svensk", "Swedish"),
    ("nb", "norsk", "Norwegian"),
    ("other", "et andet", "another"),
];

/// What somebody asked to see. Words that mean nothing are no filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Shown {
    pub(crate) mailbox: String,
    pub(crate) channel: String,
    pub(crate) why: String,
    pub(crate) language: String,
}

impl Shown {
    /// What the cookie keeps.
    pub(crate) fn kept(headers: &HeaderMap) -> Self {
        let kept = cookie(headers, COOKIE).unwrap_or_default();
        let uri = format!("/?{kept}").parse::<Uri>().ok();
        let parsed = uri.and_then(|uri| Query::<Self>::try_from_uri(&uri).ok());
        parsed.map(|Query(shown)| shown.checked()).unwrap_or_default()
    }

    /// Without what means nothing.
    pub(crate) fn checked(self) -> Self {
        let only = |text: String, fits: &dyn Fn(&str) -> bool| {
            if fits(&text) { text } else { String::new() }
        };
        Self {
            mailbox: only(self.mailbox, &|text| MailboxId::parse(text).is_ok()),
            channel: only(self.channel, &|text| channel_of(text).is_some()),
            why: only(self.why, &|text| WAITS_FOR.contains(&text)),
            language: only(self.language, &|text| LANGUAGES.iter().any(|known| known.0 == text)),
        }
    }

    /// The filter for the store.
    pub(crate) fn filter(&self, limit: u32) -> WaitingFilter {
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        WaitingFilter {
            mailbox: MailboxId::parse(&self.mailbox).ok(),
            channel: channel_of(&self.channel),
            why: some(&self.why),
            language: some(&self.language),
            after: None,
            limit,
        }
    }

    /// As the query of an address; empty for no filter.
    pub(crate) fn query(&self) -> String {
        let all = [
            ("mailbox", &self.mailbox),
            ("channel", &self.channel),
            ("why", &self.why),
            ("language", &self.language),
        ];
        let set = all.into_iter().filter(|(_, value)| !value.is_empty());
        let set: Vec<_> = set.map(|(key, value)| format!("{key}={}", encoded(value))).collect();
        set.join("&")
    }

    /// The cookie that keeps it.
    pub(crate) fn cookie(&self, secure: bool) -> String {
        let secure = if secure { "; Secure" } else { "" };
        format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict{secure}", self.query())
    }
}

fn channel_of(text: &str) -> Option<Channel> {
    [Channel::DigitalPost, Channel::Email, Channel::Unknown]
        .into_iter()
        .find(|channel| channel.as_str() == text)
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use axum::http::header::COOKIE as HEADER;
    use proptest::prelude::*;

    use super::*;

    fn kept(cookie: &str) -> Shown {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, cookie.parse().unwrap());
        Shown::kept(&headers)
    }

    #[test]
    fn a_cookie_keeps_the_filter_and_nonsense_is_none() {
        let shown = Shown {
            mailbox: "børn og unge".to_owned(),
            channel: "email".to_owned(),
            why: "no-text".to_owned(),
            language: "de".to_owned(),
        };
        let cookie = shown.cookie(true);
        assert!(cookie.is_ascii() && cookie.ends_with("; Secure"), "{cookie}");
        assert_eq!(kept(cookie.split(';').next().unwrap()), shown);
        assert_eq!(kept("filter=why=<b>&language=da&mailbox=%2F&channel=x"), Shown::default());
        assert_eq!(kept("filter=%%%&&&=="), Shown::default());
    }

    proptest! {
        #[test]
        fn whatever_is_asked_the_cookie_is_one(mailbox in any::<String>(), why in any::<String>()) {
            let shown = Shown { mailbox, why, ..Shown::default() }.checked();
            let cookie = shown.cookie(false);
            prop_assert!(cookie.bytes().all(|b| b.is_ascii_graphic() || b == b' '));
            prop_assert_eq!(kept(cookie.split(';').next().unwrap()), shown);
        }
    }
}
