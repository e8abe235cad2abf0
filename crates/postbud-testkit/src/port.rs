//! Free ports.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Result, bail};

use crate::process::Ended;

/// Below the range from which Linux takes the local ports of outgoing connections: a client that
/// tries again and again to reach a stopped server there would one day connect to itself.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A loopback port on which nobody listens.
///
/// # Errors
/// When a thousand tries found none.
pub fn free_port() -> Result<u16> {
    for _ in 0..1000 {
        let random = RandomState::new().build_hasher().finish();
        let port = FIRST + u16::try_from(random % u64::from(COUNT))?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("there is no free port from {FIRST} on")
}

/// Starts a server on ports that are free now. Somebody else may take one of them before the server
/// does: then it ends while starting, and is started again on others.
pub(crate) fn launch<T>(mut start: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 1..4 {
        match start() {
            Err(error) if error.is::<Ended>() => {}
            answer => return answer,
        }
    }
    start()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended() -> anyhow::Error {
        Ended { status: "1".to_owned(), log: "Address already in use".to_owned() }.into()
    }

    #[test]
    fn a_server_whose_port_was_taken_starts_on_another() {
        let mut tries = 0;
        let started = launch(|| {
            tries += 1;
            if tries < 3 { Err(ended()) } else { Ok(tries) }
        });
        assert_eq!(started.unwrap(), 3);
    }

    #[test]
    fn what_no_other_port_mends_is_told() {
        let mut tries = 0;
        let started: Result<()> = launch(|| {
            tries += 1;
            Err(ended())
        });
        assert!(started.unwrap_err().to_string().contains("Address already in use"));
        assert_eq!(tries, 4);
        let missing: Result<()> = launch(|| bail!("it is not installed"));
        assert!(missing.is_err());
    }
}
