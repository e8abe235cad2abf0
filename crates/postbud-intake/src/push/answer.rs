//! What the endpoint answers, in JSON: accepted, rejected for good, or not now.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde::Serialize;

/// When to come again, in seconds.
const AGAIN: &str = "30";

/// An answer.
pub(super) type Answer = Response<Full<Bytes>>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    accepted: bool,
    #[serde(rename = "messageUUID", skip_serializing_if = "Option::is_none")]
    message_uuid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// The letter is durable.
pub(super) fn accepted(letter: &str) -> Answer {
    answer(
        StatusCode::OK,
        &Body { accepted: true, message_uuid: Some(letter), code: None, message: None },
    )
}

/// The letter, or the request, is refused for good.
pub(super) fn rejected(status: StatusCode, code: &str, message: &str) -> Answer {
    let body =
        Body { accepted: false, message_uuid: None, code: Some(code), message: Some(message) };
    let mut answer = answer(status, &body);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    answer
}

/// Not now: the same request later may do.
pub(super) fn later(code: &str, message: &str) -> Answer {
    let mut answer = rejected(StatusCode::SERVICE_UNAVAILABLE, code, message);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(AGAIN));
    answer
}

/// The rest of the request is not read: the connection ends with this answer.
pub(super) fn and_close(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}

fn answer(status: StatusCode, body: &Body<'_>) -> Answer {
    // Nothing in it can fail to be written; an empty body would still carry the state.
    let body = serde_json::to_vec(body).unwrap_or_default();
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(answer: Answer) -> (u16, String) {
        let status = answer.status().as_u16();
        let body = format!("{:?}", answer.into_body());
        (status, body)
    }

    #[test]
    fn answers_say_what_became_of_the_letter() {
        let (status, body) = text(accepted("8c2e"));
        assert_eq!(status, 200);
        assert!(body.contains(r#"{\"accepted\":true,\"messageUUID\":\"8c2e\"}"#), "{body}");
        let again = later("busy", "come again");
        assert_eq!(again.headers()[RETRY_AFTER], AGAIN);
        let (status, body) = text(again);
        assert_eq!(status, 503);
        assert!(body.contains(r#"\"accepted\":false,\"code\":\"busy\""#), "{body}");
    }
}
