//! What a worker says by its metrics, for the judge to hold against the store.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use postbud_testkit::free_port;
use postbud_testkit::judge::Counts;

use super::place::Place;
use super::worker::Worker;

/// The first reading of the store comes right after the start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a worker, reads its first figures about the store, and ends it.
pub(crate) fn counts(place: &Place) -> Result<Counts> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    let mut worker = Worker::measured(place, address)?;
    worker.connected(PATIENCE)?;
    let counts = read(address)?;
    worker.terminate(Duration::from_secs(10))?;
    Ok(counts)
}

fn read(address: SocketAddr) -> Result<Counts> {
    let begun = Instant::now();
    loop {
        // It may not listen yet.
        if let Some(counts) = page(address).ok().as_deref().and_then(parse) {
            return Ok(counts);
        }
        if begun.elapsed() > PATIENCE {
            bail!("the metrics said nothing about the store within {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn page(address: SocketAddr) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    Ok(page)
}

/// `None` while the store was not read.
fn parse(page: &str) -> Option<Counts> {
    let value = |name: &str| -> Option<f64> {
        page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    };
    if value("postbud_sampled_timestamp_seconds ")? <= 0.0 {
        return None;
    }
    let state = |name: &str| {
        // Whole numbers, far below what a float holds exactly.
        value(&format!("postbud_letters{{state=\"{name}\"}} ")).map(|count| count as u64)
    };
    Some(Counts {
        received: value("postbud_letters_received ")? as u64,
        routed: state("routed")?,
        delivered: state("delivered")?,
        review: state("review")?,
        quarantined: state("quarantined")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_counts_before_the_store_was_read() {
        let page = |sampled: u32| {
            format!(
                "HTTP/1.1 200 OK\r\n\r\n# TYPE postbud_letters gauge\n\
                 postbud_letters{{state=\"delivered\"}} 5\npostbud_letters{{state=\"quarantined\"}} 1\n\
                 postbud_letters{{state=\"review\"}} 2\npostbud_letters{{state=\"routed\"}} 0\n\
                 postbud_letters_received 8\npostbud_sampled_timestamp_seconds {sampled}\n"
            )
        };
        assert_eq!(parse(&page(0)), None);
        let counts = Counts { received: 8, routed: 0, delivered: 5, review: 2, quarantined: 1 };
        assert_eq!(parse(&page(1_795_000_000)), Some(counts));
        assert_eq!(parse("HTTP/1.1 503 Service Unavailable\r\n\r\n"), None);
    }
}
