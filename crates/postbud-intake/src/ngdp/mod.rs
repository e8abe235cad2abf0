//! Digital Post (NgDP) by REST_PULL: list what waits, fetch each message, make it durable, send the
//! business receipt, delete it there.
//!
//! Nothing about a message is kept here across a restart: as long as it has not been deleted over
//! there, it comes again, and is recognised by its messageUUID. What is no MeMo message is never
//! acknowledged: it stays there, is tried again with growing pauses, and keeps no other waiting.

mod client;
mod wire;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use postbud_pipeline::ports::Timestamp;
use postbud_pipeline::{RetryPolicy, Stop};
use tracing::{debug, info, warn};
use url::Url;
use uuid::Uuid;

use crate::acceptor::{AcceptError, Acceptor};
use crate::activity::{Activity, chain};
use crate::aside::{Aside, IN_A_ROW};
use crate::room::Room;
use crate::tls::{Identity, TlsError};

use client::{Acknowledged, Api};
use wire::Receipt;

pub use client::ApiToken;

/// Pages of the list that are read in one round.
const PAGES: u64 = 100;
/// Messages that are looked at in one round; the others come in the next.
const LISTED: usize = 20_000;
/// When the other side is away or answers nonsense.
const AWAY: RetryPolicy = RetryPolicy {
    attempts: u32::MAX,
    first: Duration::from_secs(5),
    longest: Duration::from_secs(300),
};

/// How Digital Post is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NgdpOptions {
    /// The interface, such as `https://api.digitalpost.dk/apis/v1/`.
    pub base: Url,
    /// The token that names the receiving system.
    pub token: ApiToken,
    /// The OCES3 certificate with which we show who we are.
    pub identity: Option<Identity>,
    /// Authorities to trust instead of those of the operating system, in PEM form.
    pub ca: Option<PathBuf>,
    /// How often to look when nothing waits.
    pub every: Duration,
    /// Messages on one page of the list.
    pub page: u32,
    /// How long the other side may be silent.
    pub idle: Duration,
    /// How long one message may take in all.
    pub deadline: Duration,
    /// Pauses when the other side is away; `None` for the usual ones (5 seconds to 5 minutes).
    pub away: Option<RetryPolicy>,
    /// Pauses of a message that cannot be had while others can; `None` for the usual ones (30
    /// seconds to 10 minutes).
    pub aside: Option<RetryPolicy>,
}

/// What can go wrong with Digital Post.
#[derive(Debug, thiserror::Error)]
pub enum NgdpError {
    /// Our own certificate or what to trust cannot be used.
    #[error("the certificate for Digital Post cannot be used")]
    Tls(#[source] TlsError),
    /// The token is no text for a header.
    #[error("the API token holds characters that no header may have; look at its file")]
    Token,
    /// The address cannot be extended.
    #[error("the address of Digital Post is no base for its calls")]
    Address,
    /// No connection: the network, a name, a certificate of theirs or ours.
    #[error("Digital Post cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The connection broke in the middle of an answer.
    #[error("an answer of Digital Post broke off")]
    Broken(#[source] reqwest::Error),
    /// Silence, or an answer without end.
    #[error("Digital Post took too long")]
    TooSlow,
    /// 401 or 403.
    #[error(
        "Digital Post refuses us ({0}): check that the certificate is valid and registered, the API token, and the list of allowed addresses"
    )]
    Refused(u16),
    /// 503 or 429.
    #[error("Digital Post is busy")]
    Busy {
        /// How long it asks us to wait.
        retry_after: Option<Duration>,
    },
    /// Another answer that is none.
    #[error("Digital Post answers {0}")]
    Status(u16),
    /// The message is not there any more.
    #[error("the message is gone from Digital Post")]
    Gone,
    /// An answer that says nothing.
    #[error("Digital Post answers what it should not: {0}")]
    Garbage(&'static str),
    /// Not a letter, too large, too many at once, or queue and store are away.
    #[error("the message is not accepted")]
    Accept(#[source] AcceptError),
}

impl NgdpError {
    /// The address is left out: it is in the configuration, and a proxy's could hold a password.
    fn sending(error: reqwest::Error) -> Self {
        if error.is_connect() || error.is_builder() {
            return Self::Unreachable(error.without_url());
        }
        Self::broken(error)
    }

    fn broken(error: reqwest::Error) -> Self {
        if error.is_timeout() { Self::TooSlow } else { Self::Broken(error.without_url()) }
    }

    /// Is it about the other side (or about us), and not about one message?
    fn concerns_all(&self) -> bool {
        match self {
            Self::Accept(error) => !error.is_final(),
            Self::Unreachable(_) | Self::Refused(_) | Self::Busy { .. } => true,
            _ => false,
        }
    }

    /// Is it about this letter alone, so that it says nothing about the other side?
    fn concerns_the_letter(&self) -> bool {
        matches!(self, Self::Accept(error) if error.is_final())
    }

    /// One word for logs and metrics.
    fn word(&self) -> &'static str {
        match self {
            Self::Tls(_) | Self::Token | Self::Address => "settings",
            Self::Unreachable(_) => "unreachable",
            Self::Broken(_) | Self::TooSlow => "broken",
            Self::Refused(_) => "refused",
            Self::Busy { .. } => "busy",
            Self::Status(_) | Self::Gone | Self::Garbage(_) => "garbage",
            Self::Accept(AcceptError::NoRoom) => "no-room",
            Self::Accept(_) => "not-taken",
        }
    }
}

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Messages that were listed.
    pub listed: usize,
    /// Messages that are durable here and deleted there.
    pub done: usize,
}

/// Takes letters from Digital Post.
pub struct Ngdp {
    options: NgdpOptions,
    api: Api,
    room: Room,
    activity: Arc<Activity>,
    /// Durable here, not yet deleted there: by their id there, with their messageUUID.
    durable: HashMap<Uuid, String>,
    aside: Aside<Uuid>,
}

impl Ngdp {
    /// Reads certificates and prepares the connection; calls nobody yet.
    ///
    /// # Errors
    /// When the certificates or the token cannot be used.
    pub fn open(options: NgdpOptions, room: Room) -> Result<Self, NgdpError> {
        let api = Api::new(&options)?;
        let name = options.base.host_str().unwrap_or_default();
        let activity = Arc::new(Activity::new("digital-post", name));
        let aside = Aside::new(options.aside);
        Ok(Self { options, api, room, activity, durable: HashMap::new(), aside })
    }

    /// Its figures.
    #[must_use]
    pub fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// Takes letters until `stop`.
    pub async fn run(&mut self, acceptor: &Acceptor, stop: &Stop) {
        let policy = self.options.away.unwrap_or(AWAY);
        let mut failed = 0;
        while !stop.is_set() {
            // Stopping in the middle of a message is no loss: it is not acknowledged.
            let round = tokio::select! {
                round = self.round(acceptor) => round,
                () = stop.wait() => return,
            };
            let pause = match round {
                Ok(round) => {
                    failed = 0;
                    self.activity.success();
                    self.activity.well();
                    // What came while we worked is taken at once.
                    if round.done > 0 { Duration::ZERO } else { self.options.every }
                }
                Err(error) => {
                    failed += 1;
                    self.activity.trouble(error.word(), &error);
                    self.read_certificates_again();
                    let pause = policy.pause_for_ever("digital-post", failed);
                    match error {
                        NgdpError::Busy { retry_after: Some(asked) } => asked.max(pause),
                        _ => pause,
                    }
                }
            };
            stop.sleep(pause).await;
        }
    }

    /// They may have been renewed. What cannot be read now leaves the old ones in place.
    fn read_certificates_again(&mut self) {
        if let Ok(api) = Api::new(&self.options) {
            self.api = api;
        }
    }

    /// Takes everything that waits now.
    ///
    /// # Errors
    /// When the other side, the queue or the store cannot be used. A fault of one message is no
    /// error: it is counted and the message tried again later.
    pub async fn round(&mut self, acceptor: &Acceptor) -> Result<Round, NgdpError> {
        let mut ids = self.list().await?;
        // What was not looked at, because there is too much, may still be there.
        if ids.len() < LISTED {
            let listed: HashSet<&Uuid> = ids.iter().collect();
            self.durable.retain(|id, _| listed.contains(id));
            self.aside.retain(|id| listed.contains(id));
        }
        self.aside.order(&mut ids);
        let mut round = Round { listed: ids.len(), done: 0 };
        let mut in_a_row = 0;
        for id in ids {
            self.activity.set_waiting(round.listed - round.done);
            if !self.aside.is_due(id) {
                continue;
            }
            match self.message(id, acceptor).await {
                Ok(done) => {
                    in_a_row = 0;
                    round.done += usize::from(done);
                }
                Err(error) => {
                    if error.concerns_all() {
                        self.aside.blame(id);
                        return Err(error);
                    }
                    in_a_row += usize::from(!error.concerns_the_letter());
                    self.set_aside(id, &error);
                    if in_a_row >= IN_A_ROW {
                        return Err(error);
                    }
                }
            }
        }
        self.activity.set_waiting(self.aside.len());
        Ok(round)
    }

    /// The ids of everything that waits. What is deleted meanwhile moves the pages: what is missed
    /// for that is listed in the next round.
    async fn list(&self) -> Result<Vec<Uuid>, NgdpError> {
        let (mut ids, mut seen) = (Vec::new(), HashSet::new());
        for number in 0..PAGES {
            let page = self.api.page(number, self.options.page).await?;
            let last = page.content.is_empty()
                || page.total_pages.is_some_and(|pages| number + 1 >= pages);
            ids.extend(page.content.into_iter().filter(|id| seen.insert(*id)));
            if last || ids.len() >= LISTED {
                break;
            }
        }
        Ok(ids)
    }

    /// Takes one message; returns whether it is off the list.
    async fn message(&mut self, id: Uuid, acceptor: &Acceptor) -> Result<bool, NgdpError> {
        if !self.durable.contains_key(&id) {
            let fetched = self.api.memo(id, &self.room, acceptor).await;
            let memo = match fetched {
                // Another process was faster.
                Err(NgdpError::Gone) => return Ok(false),
                other => other?,
            };
            let letter = memo.finish().await.map_err(NgdpError::Accept)?;
            info!(letter = %letter.id, message = %id, bytes = letter.bytes, "taken from Digital Post");
            // A message without a UUID of its own is called what the list calls it.
            let uuid = Uuid::parse_str(letter.id.as_str()).unwrap_or(id);
            self.durable.insert(id, uuid.to_string());
            self.activity.accepted();
        }
        self.acknowledge(id).await
    }

    async fn acknowledge(&mut self, id: Uuid) -> Result<bool, NgdpError> {
        let message_uuid = self.durable.get(&id).cloned().unwrap_or_default();
        let receipt = Receipt::completed(&message_uuid, Timestamp::now().0);
        if let Acknowledged::NotNow(status) = self.api.receipt(id, &receipt).await? {
            return Err(NgdpError::Status(status.as_u16()));
        }
        match self.api.delete(id).await? {
            Acknowledged::Yes | Acknowledged::Already => {
                self.durable.remove(&id);
                self.aside.taken(id);
                debug!(message = %id, "acknowledged to Digital Post");
                Ok(true)
            }
            Acknowledged::NotNow(status) => Err(NgdpError::Status(status.as_u16())),
        }
    }

    /// Puts a message aside for a while.
    fn set_aside(&mut self, id: Uuid, error: &NgdpError) {
        let failed = self.aside.set(id);
        let durable = self.durable.contains_key(&id);
        let error = chain(error);
        warn!(message = %id, failed, durable, error, "a message of Digital Post is set aside; it stays there and is tried again");
    }
}
