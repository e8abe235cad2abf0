//! Free ports.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Result, bail};

/// Below the range from which Linux takes the local ports of outgoing connections: a client that
/// tries again and again to reach a stopped server there would one day connect to itself.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A loopback port on which nobody listens.
pub(crate) fn free() -> Result<u16> {
    for _ in 0..1000 {
        let random = RandomState::new().build_hasher().finish();
        let port = FIRST + u16::try_from(random % u64::from(COUNT))?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("there is no free port from {FIRST} on")
}
