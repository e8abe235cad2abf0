//! What a specialist system's answer means for a letter.

use serde::Deserialize;

use crate::https::{Answered, Verdict};

/// The longest code that is passed on.
const CODE_CHARS: usize = 40;

/// The documented answer.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    accepted: Option<bool>,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    code: Option<String>,
}

/// Judges an answer to the letter whose key is `key`.
pub(super) fn judge(place: &str, answered: &Answered, key: &str) -> Verdict {
    let Answered { status, kind, body } = answered;
    let is_json = {
        let media = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        media == "application/json" || media.ends_with("+json")
    };
    let answer: Option<Answer> = is_json.then(|| serde_json::from_slice(body).ok()).flatten();
    let code = answer.as_ref().and_then(|answer| answer.code.as_deref()).and_then(code);
    let behind = code.map(|code| format!(" ({code})")).unwrap_or_default();
    match (*status, answer) {
        (200..=202, Some(Answer { accepted: Some(true), key: Some(said), .. })) if said == key => {
            Verdict::Accepted
        }
        (200..=202, Some(Answer { accepted: Some(true), .. })) => Verdict::NotNow(format!(
            "{place} accepted another letter than the one it was sent; it must answer with the \
             key of the letter"
        )),
        (200..=202 | 400 | 409 | 413 | 415 | 422, Some(Answer { accepted: Some(false), .. })) => {
            Verdict::Refused(format!("{place} does not want it{behind}"))
        }
        (200..=299, _) => Verdict::NotNow(format!(
            "{place} answered {status}, but not that it has the letter ({}); see \
             docs/webhook.openapi.json",
            media(kind)
        )),
        (300..=399, _) => Verdict::NotNow(format!(
            "{place} points elsewhere ({status}); write the right address in deliver"
        )),
        (401 | 403, _) => Verdict::NotNow(format!(
            "{place} does not know Postbud ({status}{behind}); check secret_file and certificate_file in \
             [delivery.webhook]"
        )),
        (404 | 405 | 410, _) => Verdict::NotNow(format!(
            "{place} has nothing at this address ({status}); check the path in deliver"
        )),
        (413 | 415 | 422, _) => {
            Verdict::Refused(format!("{place} does not want it ({status}){behind}"))
        }
        _ => Verdict::NotNow(format!("{place} answered {status}{behind}")),
    }
}

/// A code that is one: a word of the system's own, and no text that could come from the letter.
fn code(text: &str) -> Option<&str> {
    let fits = |b: u8| b.is_ascii_lowercase() || b"-._".contains(&b);
    ((1..=CODE_CHARS).contains(&text.len()) && text.bytes().all(fits)).then_some(text)
}

/// A media type, when it looks like one.
fn media(kind: &str) -> &str {
    let media = kind.split(';').next().unwrap_or_default().trim();
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"/+-.".contains(&b);
    if (1..=60).contains(&media.len()) && media.bytes().all(fits) { media } else { "no type" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answered(status: u16, kind: &str, body: &[u8]) -> Answered {
        Answered { status, kind: kind.to_owned(), body: body.to_vec() }
    }

    fn said(status: u16, kind: &str, body: &str) -> String {
        match judge("https://fag.example", &answered(status, kind, body.as_bytes()), "o-1") {
            Verdict::Accepted => "accepted".to_owned(),
            Verdict::Refused(what) => format!("refused: {what}"),
            Verdict::NotNow(what) => format!("not now: {what}"),
        }
    }

    #[test]
    fn only_the_documented_answer_is_a_delivery() {
        let json = "application/json; charset=utf-8";
        let cases = [
            (200, json, r#"{"accepted":true,"key":"o-1"}"#),
            (202, "application/problem+json", r#"{"accepted":true,"key":"o-1","more":1}"#),
            (200, "text/html", "<html>Der er sket en fejl</html>"),
            (200, "text/html", r#"{"accepted":true,"key":"o-1"}"#),
            (200, json, r#"{"accepted":true}"#),
            (200, json, r#"{"accepted":true,"key":"o-2"}"#),
            (200, json, r#"{"accepted":false,"code":"case.closed"}"#),
            (200, json, r#"{"accepted":false,"code":"Kære Mette, du kan ikke"}"#),
            (200, json, ""),
            (204, "", ""),
            (302, "text/html", ""),
            (400, json, r#"{"accepted":false,"code":"no-kle"}"#),
            (400, "text/html", "x"),
            (401, json, "{}"),
            (404, "text/html", "x"),
            (409, json, r#"{"accepted":true,"key":"o-1"}"#),
            (413, "", ""),
            (422, json, r#"{"accepted":false}"#),
            (429, json, r#"{"code":"later"}"#),
            (500, "text/html; x\r\ny", "x"),
            (503, json, r#"{"accepted":true,"key":"o-1"}"#),
        ];
        let lines: Vec<String> = cases
            .iter()
            .map(|(status, kind, body)| format!("{status}: {}", said(*status, kind, body)))
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    proptest! {
        #[test]
        fn nothing_but_the_documented_answer_is_a_delivery(
            status in 100u16..600, kind in any::<String>(), body in any::<Vec<u8>>(),
        ) {
            let verdict = judge("https://x", &answered(status, &kind, &body), "o-1");
            prop_assert_ne!(verdict, Verdict::Accepted);
        }

        #[test]
        fn an_answers_words_do_not_leak(name in "[A-ZÆØÅ][a-zæøå]{8,20}") {
            let body = format!("{{\"accepted\":false,\"code\":\"{name} skriver\"}}");
            let verdict = judge("https://x", &answered(200, "application/json", body.as_bytes()), "o-1");
            let said = format!("{verdict:?}");
            prop_assert!(!said.contains(&name), "{}", said);
        }
    }
}
