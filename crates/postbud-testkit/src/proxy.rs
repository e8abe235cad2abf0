//! A TCP proxy on loopback that can be cut, go silent, be slow or narrow.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;

const POLL: Duration = Duration::from_millis(20);

/// What becomes of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// They pass.
    Clear,
    /// Every connection is closed, and every new one at once.
    Cut,
    /// Nothing passes and nothing is closed, as when packets vanish. What was on its way goes on
    /// when the weather clears.
    Silent,
    /// Each piece is late by this much.
    Late(Duration),
    /// So many bytes a second in each direction of each connection.
    Narrow(u32),
}

struct Shared {
    target: u16,
    weather: Mutex<Weather>,
    open: Mutex<Vec<TcpStream>>,
    accepted: AtomicU64,
    stopped: AtomicBool,
}

impl Shared {
    fn weather(&self) -> Weather {
        *lock(&self.weather)
    }

    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The proxy. It closes all connections when it is dropped.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Listens on a free loopback port and passes everything on to `target`, which need not be
    /// there yet.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(target: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            target,
            weather: Mutex::new(Weather::Clear),
            open: Mutex::default(),
            accepted: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        });
        let ours = Arc::clone(&shared);
        thread::Builder::new().name("proxy".into()).spawn(move || {
            for client in listener.incoming().flatten() {
                if ours.stopped() {
                    return;
                }
                ours.accepted.fetch_add(1, Ordering::Relaxed);
                let shared = Arc::clone(&ours);
                // A connection that breaks is what this is for.
                thread::spawn(move || drop(serve(client, &shared)));
            }
        })?;
        Ok(Self { port, shared })
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many connections it has seen.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.shared.accepted.load(Ordering::Relaxed)
    }

    /// Changes the weather, for open connections too.
    pub fn set(&self, weather: Weather) {
        *lock(&self.shared.weather) = weather;
        if weather == Weather::Cut {
            for stream in lock(&self.shared.open).drain(..) {
                // It may be closed already.
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        self.set(Weather::Cut);
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

fn serve(client: TcpStream, shared: &Arc<Shared>) -> std::io::Result<()> {
    while shared.weather() == Weather::Silent && !shared.stopped() {
        thread::sleep(POLL);
    }
    if shared.weather() == Weather::Cut {
        return client.shutdown(Shutdown::Both);
    }
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.target))?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(POLL))?;
        let mut open = lock(&shared.open);
        // Closed ones are let go, or a long campaign would run out of file descriptors.
        if open.len() >= 256 {
            open.retain(|stream| stream.peer_addr().is_ok());
        }
        open.push(stream.try_clone()?);
    }
    let (from, to, ours) = (server.try_clone()?, client.try_clone()?, Arc::clone(shared));
    thread::spawn(move || pump(from, to, &ours));
    pump(client, server, shared);
    Ok(())
}

/// Passes bytes on until one side closes.
fn pump(mut from: TcpStream, mut to: TcpStream, shared: &Shared) {
    let mut buffer = [0; 16 * 1024];
    while !shared.stopped() {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                continue;
            }
            Err(_) => break,
        };
        if pass(buffer.get(..count).unwrap_or_default(), &mut to, shared).is_err() {
            break;
        }
    }
    // In silent weather the other side does not even hear of the end.
    while shared.weather() == Weather::Silent && !shared.stopped() {
        thread::sleep(POLL);
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

fn pass(mut bytes: &[u8], to: &mut TcpStream, shared: &Shared) -> std::io::Result<()> {
    while !bytes.is_empty() && !shared.stopped() {
        let now = match shared.weather() {
            Weather::Clear => bytes.len(),
            Weather::Cut => return Err(ErrorKind::ConnectionAborted.into()),
            Weather::Silent => {
                thread::sleep(POLL);
                continue;
            }
            Weather::Late(time) => {
                thread::sleep(time);
                bytes.len()
            }
            Weather::Narrow(rate) => {
                thread::sleep(Duration::from_millis(100));
                bytes.len().min(rate as usize / 10).max(1)
            }
        };
        let (first, rest) = bytes.split_at(now.min(bytes.len()));
        to.write_all(first)?;
        bytes = rest;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers each byte with the same byte.
    fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut byte = [0];
                    while stream.read_exact(&mut byte).is_ok() && stream.write_all(&byte).is_ok() {}
                });
            }
        });
        port
    }

    fn client(proxy: &Proxy) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        stream
    }

    fn ask(stream: &mut TcpStream) -> std::io::Result<u8> {
        stream.write_all(b"x")?;
        let mut byte = [0];
        stream.read_exact(&mut byte).map(|()| byte[0])
    }

    #[test]
    fn bytes_pass_in_clear_late_and_narrow_weather() {
        let proxy = Proxy::start(echo()).unwrap();
        let mut stream = client(&proxy);
        for weather in
            [Weather::Clear, Weather::Late(Duration::from_millis(5)), Weather::Narrow(1_000)]
        {
            proxy.set(weather);
            assert_eq!(ask(&mut stream).unwrap(), b'x');
        }
        assert_eq!(proxy.accepted(), 1);
    }

    #[test]
    fn a_cut_closes_and_refuses_until_it_clears() {
        let proxy = Proxy::start(echo()).unwrap();
        let mut open = client(&proxy);
        assert_eq!(ask(&mut open).unwrap(), b'x');
        proxy.set(Weather::Cut);
        assert!(ask(&mut open).is_err());
        assert!(ask(&mut client(&proxy)).is_err());
        proxy.set(Weather::Clear);
        assert_eq!(ask(&mut client(&proxy)).unwrap(), b'x');
    }

    #[test]
    fn silence_closes_nothing_and_what_was_on_its_way_arrives_later() {
        let proxy = Proxy::start(echo()).unwrap();
        let mut stream = client(&proxy);
        assert_eq!(ask(&mut stream).unwrap(), b'x');
        proxy.set(Weather::Silent);
        let error = ask(&mut stream).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
        proxy.set(Weather::Clear);
        let mut byte = [0];
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.read_exact(&mut byte).unwrap();
        assert_eq!(byte, *b"x");
    }
}
