//! One request to the endpoint: a MeMo in, an answer out.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::header::EXPECT;
use hyper::{Method, Request, StatusCode};
use tokio::time::timeout;
use tracing::info;

use super::Shared;
use super::answer::{Answer, accepted, and_close, later, rejected};
use crate::acceptor::{AcceptError, Kind};
use crate::arriving::Arriving;

/// The parameter with which a sender may say which message it sends.
const UUID_PARAMETER: &str = "memo-message-uuid";
/// So much of a message that is refused is still read, for so long.
const DISCARD_BYTES: u64 = 256 << 20;
const DISCARD: Duration = Duration::from_secs(5);

/// Answers one request.
pub(super) async fn serve(request: Request<Incoming>, shared: Arc<Shared>) -> Answer {
    if request.uri().path().trim_end_matches('/') != shared.options.path.trim_end_matches('/') {
        return and_close(rejected(StatusCode::NOT_FOUND, "not.found", "there is nothing here"));
    }
    if request.method() != Method::POST {
        let message = "send a MeMo message with POST";
        let status = StatusCode::METHOD_NOT_ALLOWED;
        return and_close(rejected(status, "method.not.allowed", message));
    }
    let named = named(request.uri().query().unwrap_or_default());
    let limit = shared.acceptor.letter_bytes();
    let announced = request.body().size_hint().lower();
    // Who asks first sends nothing when the answer is no.
    let asks = request.headers().contains_key(EXPECT);
    let mut body = request.into_body();
    if announced > limit as u64 {
        if announced <= DISCARD_BYTES && !asks {
            discard(&mut body).await;
        }
        let bytes = usize::try_from(announced).unwrap_or(usize::MAX);
        return and_close(refused(&shared, &AcceptError::TooLarge { bytes, limit }));
    }
    let reading = gather(&mut body, &shared, named);
    let letter = match timeout(shared.options.deadline, reading).await {
        Ok(Ok(letter)) => letter,
        Ok(Err(Fault::Refused(error))) => {
            discard(&mut body).await;
            return and_close(refused(&shared, &error));
        }
        Ok(Err(Fault::Slow)) | Err(_) => {
            let message = "the message did not come in time";
            shared.activity.broke_off("slow", message);
            return and_close(rejected(StatusCode::REQUEST_TIMEOUT, "too.slow", message));
        }
        Ok(Err(Fault::Broken)) => {
            let message = "the message broke off";
            shared.activity.broke_off("broke-off", message);
            return and_close(rejected(StatusCode::BAD_REQUEST, "broken", message));
        }
    };
    match letter.finish().await {
        Ok(letter) => {
            shared.activity.accepted();
            shared.activity.well();
            info!(letter = %letter.id, bytes = letter.bytes, "taken by push");
            accepted(letter.id.as_str())
        }
        Err(error) => refused(&shared, &error),
    }
}

fn refused(shared: &Shared, error: &AcceptError) -> Answer {
    let (status, code) = match error {
        AcceptError::NoRoom => {
            shared.activity.broke_off("no-room", &error.to_string());
            return later("busy", &error.to_string());
        }
        error if !error.is_final() => {
            shared.activity.trouble("not-taken", error);
            return later("not.now", "letters cannot be kept now");
        }
        AcceptError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "memo.too.large"),
        AcceptError::OtherName => (StatusCode::UNPROCESSABLE_ENTITY, "memo.uuid.mismatch"),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, "memo.invalid"),
    };
    shared.activity.refused();
    rejected(status, code, &error.to_string())
}

/// The messageUUID in the query, where there is one.
fn named(query: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == UUID_PARAMETER).map(|(_, value)| value.into_owned())
}

enum Fault {
    Refused(AcceptError),
    Slow,
    Broken,
}

/// Reads on and forgets. Whoever is answered while it still sends may never see the answer: the
/// connection breaks under its hands, and it comes again with the same message.
async fn discard(body: &mut Incoming) {
    let reading = async {
        let mut bytes = 0;
        while bytes <= DISCARD_BYTES
            && let Some(Ok(frame)) = body.frame().await
        {
            bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
    };
    // Whoever is still sending then sees the connection end.
    let _ = timeout(DISCARD, reading).await;
}

async fn gather(
    body: &mut Incoming,
    shared: &Shared,
    named: Option<String>,
) -> Result<Arriving, Fault> {
    let mut letter = shared.acceptor.arriving(&shared.room, Kind::Memo, named);
    loop {
        let idle: Duration = shared.options.idle;
        let frame = timeout(idle, body.frame()).await.map_err(|_| Fault::Slow)?;
        let Some(frame) = frame else { return Ok(letter) };
        // Trailers say nothing that matters here.
        if let Ok(data) = frame.map_err(|_| Fault::Broken)?.into_data() {
            letter.push(&data).await.map_err(Fault::Refused)?;
        }
    }
}
