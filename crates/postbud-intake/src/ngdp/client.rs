//! The four calls of Digital Post's REST interface, each with its limits.

use std::fmt;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect};
use tokio::time::timeout;
use url::Url;
use uuid::Uuid;

use super::wire::{Page, Receipt};
use super::{NgdpError, NgdpOptions};
use crate::acceptor::{AcceptError, Acceptor, Kind};
use crate::arriving::Arriving;
use crate::room::Room;
use crate::tls;

/// Connecting, TLS included.
const CONNECT: Duration = Duration::from_secs(15);
/// A call without a letter in it; less when a letter may take less.
const CALL: Duration = Duration::from_secs(60);
/// An answer that is no letter is at most so large.
const ANSWER_BYTES: usize = 1 << 20;
/// The longest pause that the other side may ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3_600);

/// The API token. Shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiToken(String);

impl ApiToken {
    /// The value that stands behind `Basic` in the header `Authorization`.
    #[must_use]
    pub fn new(token: String) -> Self {
        Self(token)
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(hidden)")
    }
}

/// What an acknowledgement came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acknowledged {
    /// It counts.
    Yes,
    /// It counted already, or the message is gone.
    Already,
    /// Not now: 409, or 422 with a reason that only their side knows.
    NotNow(StatusCode),
}

/// A client with our certificate and our token.
pub(super) struct Api {
    client: Client,
    base: Url,
    authorization: HeaderValue,
    idle: Duration,
    call: Duration,
    letter: Duration,
}

impl Api {
    pub(super) fn new(options: &NgdpOptions) -> Result<Self, NgdpError> {
        let tls = tls::client(options.identity.as_ref(), options.ca.as_deref())
            .map_err(NgdpError::Tls)?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            // A redirect would carry the token somewhere else.
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(options.idle)
            .user_agent(concat!("postbud/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(NgdpError::sending)?;
        let mut authorization = HeaderValue::from_str(&format!("Basic {}", options.token.0))
            .map_err(|_| NgdpError::Token)?;
        authorization.set_sensitive(true);
        let mut base = options.base.clone();
        // Url::join would cut the last part of the path off.
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let (idle, letter) = (options.idle, options.deadline);
        Ok(Self { client, base, authorization, idle, call: CALL.min(letter), letter })
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, NgdpError> {
        let url = self.base.join(path).map_err(|_| NgdpError::Address)?;
        Ok(self.client.request(method, url).header(AUTHORIZATION, self.authorization.clone()))
    }

    /// One page of the list of messages that wait, from page 0 on.
    pub(super) async fn page(&self, number: u64, size: u32) -> Result<Page, NgdpError> {
        let request = self
            .request(Method::GET, &format!("memos/?page={number}&size={size}"))?
            .header(ACCEPT, "application/json");
        let whole = async {
            let mut response = expect(send(request).await?, &[StatusCode::OK])?;
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(NgdpError::broken)? {
                if body.len() + chunk.len() > ANSWER_BYTES {
                    return Err(NgdpError::Garbage("the list of messages is too long"));
                }
                body.extend_from_slice(&chunk);
            }
            serde_json::from_slice(&body).map_err(|_| {
                NgdpError::Garbage("the list of messages is not the JSON it should be")
            })
        };
        timeout(self.call, whole).await.map_err(|_| NgdpError::TooSlow)?
    }

    /// One message, to its end and not yet durable.
    pub(super) async fn memo(
        &self,
        id: Uuid,
        room: &Room,
        acceptor: &Acceptor,
    ) -> Result<Arriving, NgdpError> {
        let limit = acceptor.letter_bytes();
        let request =
            self.request(Method::GET, &format!("memos/{id}"))?.header(ACCEPT, "application/xml");
        let whole = async {
            let response = timeout(self.idle, send(request)).await;
            let response = response.map_err(|_| NgdpError::TooSlow)??;
            // The interface names 206 for a whole message; a part of one would not be MeMo.
            let fine = [StatusCode::OK, StatusCode::PARTIAL_CONTENT];
            let mut response = expect(response, &fine)?;
            let announced = response.content_length();
            let size = announced.map_or(0, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
            if size > limit {
                return Err(NgdpError::Accept(AcceptError::TooLarge { bytes: size, limit }));
            }
            let mut letter = acceptor.arriving(room, Kind::Memo, None);
            while let Some(chunk) = response.chunk().await.map_err(NgdpError::broken)? {
                letter.push(&chunk).await.map_err(NgdpError::Accept)?;
            }
            if announced.is_some_and(|bytes| bytes != letter.len() as u64) {
                return Err(NgdpError::Garbage("the message is shorter than announced"));
            }
            Ok(letter)
        };
        timeout(self.letter, whole).await.map_err(|_| NgdpError::TooSlow)?
    }

    /// Says that a message has arrived.
    pub(super) async fn receipt(
        &self,
        id: Uuid,
        receipt: &Receipt,
    ) -> Result<Acknowledged, NgdpError> {
        let body = serde_json::to_vec(receipt).map_err(|_| NgdpError::Address)?;
        let request = self
            .request(Method::POST, &format!("memos/{id}/receipt"))?
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        match self.acknowledge(request).await? {
            // There is a receipt already: ours, from before a crash.
            Acknowledged::NotNow(StatusCode::CONFLICT) => Ok(Acknowledged::Already),
            other => Ok(other),
        }
    }

    /// Takes a message off the list.
    pub(super) async fn delete(&self, id: Uuid) -> Result<Acknowledged, NgdpError> {
        let request = self.request(Method::DELETE, &format!("memos/{id}"))?;
        self.acknowledge(request).await
    }

    async fn acknowledge(&self, request: RequestBuilder) -> Result<Acknowledged, NgdpError> {
        let response =
            timeout(self.call, send(request)).await.map_err(|_| NgdpError::TooSlow)??;
        match response.status() {
            status if status.is_success() => Ok(Acknowledged::Yes),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Acknowledged::Already),
            status @ (StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY) => {
                Ok(Acknowledged::NotNow(status))
            }
            _ => expect(response, &[]).map(|_| Acknowledged::Yes),
        }
    }
}

async fn send(request: RequestBuilder) -> Result<Response, NgdpError> {
    request.send().await.map_err(NgdpError::sending)
}

/// The answer, when it has one of these states.
fn expect(response: Response, fine: &[StatusCode]) -> Result<Response, NgdpError> {
    let status = response.status();
    if fine.contains(&status) {
        return Ok(response);
    }
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let seconds = after.and_then(|text| text.trim().parse::<u64>().ok());
    let retry_after = seconds.map(|s| Duration::from_secs(s).min(LONGEST_RETRY_AFTER));
    Err(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => NgdpError::Refused(status.as_u16()),
        StatusCode::NOT_FOUND | StatusCode::GONE => NgdpError::Gone,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            NgdpError::Busy { retry_after }
        }
        other => NgdpError::Status(other.as_u16()),
    })
}
