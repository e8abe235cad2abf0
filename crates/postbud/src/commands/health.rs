//! `postbud health`: is a running Postbud well? For whoever watches over a container that has no curl.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use url::Url;

use crate::cli::HealthArgs;
use crate::exit::{self, Failure};
use crate::output;

/// What it is asked when nothing else is said: the address that `[metrics]` usually has.
const USUAL: &str = "http://127.0.0.1:9464/health/ready";
/// The whole of it. Postbud answers from what it found last, so it need not be waited for.
const DEADLINE: Duration = Duration::from_secs(4);
/// An answer is at most so long.
const ANSWER_BYTES: u64 = 64 << 10;

/// Asks, and fails unless the answer is 200.
pub(crate) fn run(args: &HealthArgs) -> anyhow::Result<()> {
    let url = args.url.as_deref().unwrap_or(USUAL);
    let url = Url::parse(url).ok().filter(|url| url.scheme() == "http" && url.has_host());
    let Some(url) = url else {
        let what = format!("an address such as {USUAL} is needed (http only)");
        return Err(Failure::new(exit::CONFIGURATION, what).into());
    };
    let (status, said) = ask(&url).map_err(|error| {
        let what = format!("{url} does not answer: {error}; is Postbud running, and is it what [metrics] listens on?");
        Failure::new(exit::UNREACHABLE, what)
    })?;
    if status == 200 {
        return output::line(said.trim_end());
    }
    let what = format!("{url} answers {status}: {}", said.trim_end());
    Err(Failure::new(exit::FAILED, what).into())
}

/// The status of an answer, and what it says.
fn ask(url: &Url) -> io::Result<(u16, String)> {
    let end = Instant::now() + DEADLINE;
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(80);
    let mut stream = connect(&format!("{host}:{port}"), end)?;
    stream.set_write_timeout(Some(left(end)?))?;
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        stream.set_read_timeout(Some(left(end)?))?;
        let read = match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(too_slow()),
            Err(error) => return Err(error),
        };
        answer.extend_from_slice(&piece[..read]);
        if answer.len() as u64 > ANSWER_BYTES {
            break;
        }
    }
    read(&String::from_utf8_lossy(&answer)).ok_or_else(|| io::Error::other("that is no HTTP"))
}

fn connect(address: &str, end: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::other("no such host");
    for address in address.to_socket_addrs()?.collect::<Vec<SocketAddr>>() {
        match TcpStream::connect_timeout(&address, left(end)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The time that is left.
fn left(end: Instant) -> io::Result<Duration> {
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(too_slow()) } else { Ok(left) }
}

fn too_slow() -> io::Error {
    io::Error::other(format!("nothing came for {} seconds", DEADLINE.as_secs()))
}

fn read(answer: &str) -> Option<(u16, String)> {
    let status = answer.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    Some((status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_what_it_says() {
        let whole = "HTTP/1.1 503 Service Unavailable\r\nx: y\r\n\r\nqueue: away\n";
        assert_eq!(read(whole), Some((503, "queue: away\n".to_owned())));
        for none in ["", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 many\r\n\r\n"] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }
}
