//! The demo's desk: an account made for this run, and the way in.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use postbud_desk::hash_password;
use postbud_pipeline::ports::{Role, Timestamp, User};
use postbud_store::SqlStore;

use crate::commands::desk::Door;
use crate::commands::user;
use crate::config::Desk;

/// The name of the demo's account.
const NAME: &str = "demo";
/// The port of the demo's desk, unless something else listens there.
const PORT: u16 = 8025;

/// A desk that has its address, and who may come in.
pub(crate) struct Opened {
    pub(crate) door: Door,
    pub(crate) guest: Guest,
}

/// What somebody needs to sign in.
#[derive(Clone)]
pub(crate) struct Guest {
    address: SocketAddr,
    password: String,
}

impl Guest {
    /// The lines at the end of the demo.
    pub(crate) fn invitation(&self, waiting: usize) -> String {
        format!(
            "\nSkranken er åben (the desk is open), {waiting} breve venter (letters wait):\n  \
             http://{}\n  navn (name)             {NAME}\n  adgangskode (password)  {}",
            self.address, self.password
        )
    }
}

/// Takes an address on this machine and makes the account, with a new password every time. `None`
/// where no address can be had: the demo then goes on without a desk.
pub(crate) async fn open(store: &SqlStore) -> anyhow::Result<Option<Opened>> {
    let here = |port| Desk::at(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    let door = match Door::open(here(PORT)).await {
        Ok(door) => door,
        Err(_) => match Door::open(here(0)).await {
            Ok(door) => door,
            Err(error) => {
                eprintln!("postbud: no desk, because no address can be had ({error})");
                return Ok(None);
            }
        },
    };
    let password = user::made();
    let account = User {
        name: NAME.to_owned(),
        role: Role::Owner,
        password: hash_password(&password)?,
        created_at: Timestamp::now(),
        disabled: false,
        locked_until: Timestamp(0),
    };
    user::renew(store, &account).await?;
    let guest = Guest { address: door.address(), password };
    Ok(Some(Opened { door, guest }))
}
