//! The desk: pages on which people decide about letters.
//!
//! Server-rendered HTML over axum; the only crate that speaks HTTP. Everything it keeps goes
//! through the ports `Store` and `Desk`. Who may call what stands in one table ([`ROUTES`]), and one
//! guard in front of all pages checks it, the session and the form's token.

mod api;
mod attempts;
mod calendar;
mod draw;
mod error;
mod filter;
mod guard;
mod language;
mod markdown;
mod marks;
mod oidc;
mod pages;
mod password;
mod restricted;
mod routes;
mod score;
mod search;
mod threshold;
mod worth;

pub use guard::token_hash;
pub use oidc::OidcOptions;
pub use password::{PasswordError, hash_password};
pub use restricted::Restricted;
pub use routes::{Access, ROUTES, Route, router};

use std::net::SocketAddr;
use std::sync::Arc;

use postbud_decide::{MailboxId, Settings};
use postbud_letter::Limits;
use postbud_pipeline::ports::{
    Checks, Desk, Documents, Labels, Models, Owner, People, Retrains, Shadows, Store,
};
use postbud_pipeline::{NotMine, Stop};
use tokio::net::TcpListener;

/// A store with everything that the desk needs.
pub trait DeskStore: Store + Desk + Checks + Labels + Owner + Retrains + Shadows {}
impl<T: Store + Desk + Checks + Labels + Owner + Retrains + Shadows> DeskStore for T {}

/// How many of the letters that the machine sends out people look at again.
#[derive(Debug, Clone, Copy)]
pub struct Blind {
    /// The share, 0 to 1.
    pub share: f64,
    /// But at least so many of a week's letters.
    pub least: u32,
}

/// Another authority, to which letters are sent on.
#[derive(Debug, Clone)]
pub struct Authority {
    /// Its name.
    pub name: String,
    /// How letters reach it, for the person who sends them.
    pub reach: String,
}

/// How the desk works.
#[derive(Clone)]
pub struct DeskOptions {
    /// The mailboxes that people choose from.
    pub settings: Settings,
    /// How much of a letter is read.
    pub limits: Limits,
    /// How long a decision can be taken back, in milliseconds.
    pub grace_ms: i64,
    /// How long a session lasts, in milliseconds.
    pub session_ms: i64,
    /// How long a letter may wait before the list says that it is late, in milliseconds.
    pub deadline_ms: i64,
    /// Letters that only named people see.
    pub restricted: Restricted,
    /// Only over TLS (behind a proxy): cookies are then marked so.
    pub secure: bool,
    /// The second looks.
    pub blind: Blind,
    /// The promise: at most this share of what goes out automatically is wrong.
    pub target_error: f64,
    /// The links with which mailboxes send letters back; `None`: there are none.
    pub not_mine: Option<NotMine>,
    /// How long such a link can be used, in milliseconds.
    pub link_ms: i64,
    /// Where letters for another authority are kept; `None`: in the first mailbox without a target.
    pub authority_mailbox: Option<MailboxId>,
    /// Other authorities.
    pub authorities: Vec<Authority>,
    /// The versions of the model, and making others; `None` where there are none to look at.
    pub models: Option<Arc<dyn Models>>,
    /// What people can ask for; `None` where that is not done at the desk.
    pub people: Option<Arc<dyn People>>,
    /// What reads the documents of a letter; `None` where nobody does.
    pub documents: Option<Arc<dyn Documents>>,
    /// Where else people sign in; `None` for local accounts alone.
    pub oidc: Option<OidcOptions>,
}

/// What every page needs.
pub(crate) struct Room {
    pub(crate) store: Arc<dyn DeskStore>,
    pub(crate) options: DeskOptions,
    pub(crate) stop: Stop,
    /// Wrong passwords.
    pub(crate) attempts: attempts::Attempts,
    /// Wrong tokens of programs.
    pub(crate) tokens: attempts::Attempts,
    pub(crate) elsewhere: Option<oidc::Provider>,
}

/// Serves the desk until `stop`.
///
/// # Errors
/// What the listener says when it cannot accept connections any more.
pub async fn serve(
    listener: TcpListener,
    store: Arc<dyn DeskStore>,
    options: DeskOptions,
    stop: Stop,
) -> std::io::Result<()> {
    tokio::spawn(draw::keep_drawing(Arc::clone(&store), options.blind, stop.clone()));
    let app = router(store, options, stop.clone());
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).with_graceful_shutdown(async move { stop.wait().await }).await
}
