//! The desk: pages on which people decide about letters.
//!
//! Server-rendered HTML over axum; the only crate that speaks HTTP. Everything it keeps goes
//! through the ports `Store` and `Desk`. Who may call what stands in one table ([`ROUTES`]), and one
//! guard in front of all pages checks it, the session and the form's token.

mod attempts;
mod error;
mod guard;
mod language;
mod marks;
mod pages;
mod password;
mod restricted;
mod routes;

pub use password::{PasswordError, hash_password};
pub use restricted::Restricted;
pub use routes::{Access, ROUTES, Route, router};

use std::net::SocketAddr;
use std::sync::Arc;

use postbud_decide::Settings;
use postbud_letter::Limits;
use postbud_pipeline::Stop;
use postbud_pipeline::ports::{Desk, Store};
use tokio::net::TcpListener;

/// A store with everything that the desk needs.
pub trait DeskStore: Store + Desk {}
impl<T: Store + Desk> DeskStore for T {}

/// How the desk works.
#[derive(Debug, Clone)]
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
}

/// What every page needs.
pub(crate) struct Room {
    pub(crate) store: Arc<dyn DeskStore>,
    pub(crate) options: DeskOptions,
    pub(crate) stop: Stop,
    pub(crate) attempts: attempts::Attempts,
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
    let app = router(store, options, stop.clone());
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).with_graceful_shutdown(async move { stop.wait().await }).await
}
