//! What a listener has, whatever is spoken on it: its address, TLS, room for letters, its figures.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::activity::Activity;
use crate::renewing::Renewing;
use crate::room::Room;
use crate::tls::TlsError;

/// Why a listener cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address cannot be had.
    #[error("{address} cannot be listened on")]
    Address {
        /// Which.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The certificate cannot be used.
    #[error("the certificate of the listener cannot be used")]
    Tls(#[source] TlsError),
}

/// An address that was taken, where nobody is answered yet.
pub(crate) struct Listening {
    pub(crate) listener: TcpListener,
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<Renewing>,
    pub(crate) room: Room,
    pub(crate) activity: Arc<Activity>,
}

impl Listening {
    /// Takes `wanted`; `kind` is what the figures call it.
    pub(crate) async fn open(
        wanted: SocketAddr,
        kind: &'static str,
        tls: Option<Result<Renewing, TlsError>>,
        room: Room,
    ) -> Result<Self, ListenError> {
        let tls = tls.transpose().map_err(ListenError::Tls)?;
        let listener = TcpListener::bind(wanted).await;
        let listener =
            listener.map_err(|source| ListenError::Address { address: wanted, source })?;
        // With the port that was taken when port 0 was asked for.
        let address = listener.local_addr().unwrap_or(wanted);
        let activity = Arc::new(Activity::new(kind, address.to_string()));
        Ok(Self { listener, address, tls, room, activity })
    }
}
