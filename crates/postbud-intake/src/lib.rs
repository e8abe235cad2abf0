//! Letters in from the outside world: a drop folder, Digital Post, mail over SMTP and LMTP, an
//! HTTPS endpoint, a mailbox read over IMAP, a queue of somebody else's.
//!
//! What always holds, whichever way a letter comes:
//!
//! - It is durable first (published with confirm, or in the embedded queue), and only then
//!   acknowledged to where it came from: moved, deleted, answered. A crash in between brings the
//!   letter again, and the same letter again is recognised further on.
//! - Everything from outside has a limit: sizes, lines, counts, and the time a peer may take.
//! - When queue or store do not take letters, nothing is acknowledged: the letters stay where they
//!   are, and the adapter tries again by itself.
//! - No log line and no error holds text of a letter, an address or a CPR number.

mod acceptor;
mod activity;
mod arriving;
mod aside;
mod folder;
mod forward;
mod imap;
mod intake;
mod listening;
mod ngdp;
mod push;
mod renewing;
mod room;
mod smtp;
mod tls;

pub use acceptor::{AcceptError, Acceptor, Kind};
pub use activity::{Activity, Reading};
pub use folder::{
    BulkLimits, Folder, FolderError, FolderOptions, Swept, is_bulk, kept_in, read_kept,
    reason_beside,
};
pub use forward::Forward;
pub use imap::{Imap, ImapError, ImapOptions, ImapPassword, ImapTls};
pub use intake::{Intake, IntakeOptions, OpenError};
/// A network of those who may connect.
pub use ipnet::IpNet;
pub use listening::ListenError;
pub use ngdp::{ApiToken, Ngdp, NgdpError, NgdpOptions, Round};
pub use push::{Push, PushOptions};
pub use room::Room;
pub use smtp::{Smtp, SmtpOptions};
pub use tls::{Identity, TlsError};
