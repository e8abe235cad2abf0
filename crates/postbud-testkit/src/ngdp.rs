//! A simulator of Digital Post's receiving side (NgDP, REST_PULL), written by us from what is
//! publicly known of the interface: `GET /memos/` in pages, `GET /memos/{id}`,
//! `POST /memos/{id}/receipt`, `DELETE /memos/{id}`, mutual TLS and a Basic token.
//!
//! It is not the real thing: it keeps to the names and states that the interface documents and
//! knows nothing of the rest. It fails when told to, in the ways that real ones do.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::authority::{Authority, Issued};

/// Where the interface begins.
const BASE: &str = "/apis/v1";
const BODY_BYTES: usize = 1 << 20;
/// How long a hung answer hangs: longer than any client's patience.
const FOREVER: Duration = Duration::from_secs(600);

/// One of the four calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// The list.
    List,
    /// One message.
    Memo,
    /// The business receipt.
    Receipt,
    /// Taking a message off the list.
    Delete,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NgdpFault {
    /// This state, with `Retry-After` seconds where given.
    Status(u16, Option<u64>),
    /// State 200 and a page of a proxy.
    Garbage,
    /// State 200 and bytes without end, slowly.
    Endless,
    /// No answer.
    Hang,
    /// The body breaks off in the middle.
    Cut,
    /// It is done, and the connection closed before the client hears of it.
    DoAndClose,
}

#[derive(Default)]
struct State {
    memos: BTreeMap<String, Vec<u8>>,
    receipts: Vec<(String, String)>,
    fetched: BTreeMap<String, usize>,
    deleted: Vec<String>,
    once: VecDeque<(Call, NgdpFault)>,
    /// By call, for messages whose id holds the text.
    always: Vec<(Call, String, NgdpFault)>,
    trouble: Vec<String>,
}

struct Shared {
    state: Mutex<State>,
    stopped: AtomicBool,
    authorization: String,
    tls: Arc<ServerConfig>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The simulator. It stops when it is dropped.
pub struct NgdpServer {
    address: SocketAddr,
    authority: Authority,
    client: Issued,
    shared: Arc<Shared>,
}

impl NgdpServer {
    /// Listens on a free loopback port; only clients with its certificate and this token come in.
    ///
    /// # Errors
    /// When no port can be had or no certificate can be made.
    pub fn start(token: &str) -> Result<Self> {
        let authority = Authority::new()?;
        let client = authority.issue("client")?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            stopped: AtomicBool::new(false),
            authorization: format!("Basic {token}"),
            tls: authority.mutual()?,
        });
        let ours = Arc::clone(&shared);
        thread::Builder::new().name("digital post".into()).spawn(move || {
            for stream in listener.incoming().flatten() {
                if ours.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&ours);
                // A client that breaks off is a client's affair.
                thread::spawn(move || drop(serve(stream, &shared)));
            }
        })?;
        Ok(Self { address, authority, client, shared })
    }

    /// The address of the interface.
    #[must_use]
    pub fn base(&self) -> String {
        format!("https://localhost:{}{BASE}", self.address.port())
    }

    /// Who issued the certificates, for a client to trust.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The certificate with which a client comes in.
    #[must_use]
    pub fn client(&self) -> &Issued {
        &self.client
    }

    /// Puts a message on the list.
    pub fn put(&self, id: &str, memo: impl Into<Vec<u8>>) {
        self.shared.lock().memos.insert(id.to_lowercase(), memo.into());
    }

    /// The ids on the list.
    #[must_use]
    pub fn waiting(&self) -> Vec<String> {
        self.shared.lock().memos.keys().cloned().collect()
    }

    /// The receipts that came, each with its id, oldest first.
    #[must_use]
    pub fn receipts(&self) -> Vec<(String, String)> {
        self.shared.lock().receipts.clone()
    }

    /// How often a message was fetched whole.
    #[must_use]
    pub fn fetched(&self, id: &str) -> usize {
        self.shared.lock().fetched.get(id).copied().unwrap_or_default()
    }

    /// What the client did that it must not: deletions before a receipt, a wrong receipt.
    #[must_use]
    pub fn trouble(&self) -> Vec<String> {
        self.shared.lock().trouble.clone()
    }

    /// Fails once at this call.
    pub fn fail_once(&self, call: Call, fault: NgdpFault) {
        self.shared.lock().once.push_back((call, fault));
    }

    /// Fails at this call, for messages whose id holds `id`, until [`recover`](Self::recover).
    pub fn fail_always(&self, call: Call, id: &str, fault: NgdpFault) {
        self.shared.lock().always.push((call, id.to_owned(), fault));
    }

    /// Fails no more.
    pub fn recover(&self) {
        let mut state = self.shared.lock();
        state.once.clear();
        state.always.clear();
    }
}

impl Drop for NgdpServer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener, which then sees that it is to stop.
        drop(TcpStream::connect(self.address));
    }
}

type Wire = StreamOwned<ServerConnection, TcpStream>;

struct Request {
    method: String,
    path: String,
    authorization: String,
    body: Vec<u8>,
}

fn serve(stream: TcpStream, shared: &Shared) -> Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(FOREVER))?;
    let connection = ServerConnection::new(Arc::clone(&shared.tls))?;
    let mut wire = BufReader::new(StreamOwned::new(connection, stream));
    while let Some(request) = read(&mut wire)? {
        let wire = wire.get_mut();
        if request.authorization != shared.authorization {
            answer(wire, 401, None, "application/json", br#"{"code":"unauthorized"}"#)?;
            continue;
        }
        respond(wire, shared, &request)?;
    }
    Ok(())
}

fn read(wire: &mut BufReader<Wire>) -> Result<Option<Request>> {
    let mut line = String::new();
    if wire.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else { bail!("no request") };
    let (method, path) = (method.to_owned(), path.to_owned());
    let (mut authorization, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if wire.read_line(&mut line)? == 0 {
            bail!("the request broke off");
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_lowercase().as_str() {
            "authorization" => value.trim().clone_into(&mut authorization),
            "content-length" => length = value.trim().parse()?,
            _ => {}
        }
    }
    if length > BODY_BYTES {
        bail!("too large");
    }
    let mut body = vec![0; length];
    wire.read_exact(&mut body)?;
    Ok(Some(Request { method, path, authorization, body }))
}

fn respond(wire: &mut Wire, shared: &Shared, request: &Request) -> Result<()> {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let rest = path.strip_prefix(BASE).and_then(|rest| rest.strip_prefix("/memos/"));
    let parts: Vec<&str> = rest.map(|rest| rest.split('/').collect()).unwrap_or_default();
    let (call, id) = match (request.method.as_str(), parts.as_slice()) {
        ("GET", [""]) => (Call::List, ""),
        ("GET", [id]) => (Call::Memo, *id),
        ("POST", [id, "receipt"]) => (Call::Receipt, *id),
        ("DELETE", [id]) => (Call::Delete, *id),
        _ => return answer(wire, 404, None, "application/json", b"{}"),
    };
    let fault = {
        let mut state = shared.lock();
        let always = state.always.iter().find(|(at, text, _)| *at == call && id.contains(text));
        let always = always.map(|(_, _, fault)| fault.clone());
        always.or_else(|| state.once.pop_front_if(|(at, _)| *at == call).map(|(_, fault)| fault))
    };
    match fault {
        Some(NgdpFault::Status(status, after)) => {
            answer(wire, status, after, "application/json", br#"{"code":"fault"}"#)
        }
        Some(NgdpFault::Garbage) => {
            answer(wire, 200, None, "text/html", b"<html>Service is being maintained</html>")
        }
        Some(NgdpFault::Endless) => endless(wire, shared),
        Some(NgdpFault::Hang) => {
            thread::sleep(FOREVER);
            bail!("hung")
        }
        fault => {
            let (status, kind, body) = perform(shared, call, id, query, &request.body);
            match fault {
                Some(NgdpFault::Cut) => {
                    let head = head(status, None, kind, Some(body.len()));
                    wire.write_all(head.as_bytes())?;
                    wire.write_all(&body[..body.len() / 2])?;
                    wire.flush()?;
                    bail!("cut")
                }
                Some(_) => bail!("done and closed"),
                None => answer(wire, status, None, kind, &body),
            }
        }
    }
}

/// Does what was asked; state, type and body of the answer.
fn perform(
    shared: &Shared,
    call: Call,
    id: &str,
    query: &str,
    body: &[u8],
) -> (u16, &'static str, Vec<u8>) {
    const JSON: &str = "application/json";
    let mut state = shared.lock();
    if call == Call::List {
        return (200, JSON, list(&state, query).into_bytes());
    }
    let Some(memo) = state.memos.get(id).cloned() else {
        return (404, JSON, b"{}".to_vec());
    };
    let received = state.receipts.iter().any(|(of, _)| of == id);
    match call {
        Call::Memo => {
            *state.fetched.entry(id.to_owned()).or_default() += 1;
            (200, "application/xml", memo)
        }
        Call::Receipt if received => (409, JSON, br#"{"code":"receipt.exists"}"#.to_vec()),
        Call::Receipt => {
            let receipt = String::from_utf8_lossy(body).into_owned();
            if !receipt.contains("\"receiptStatus\":\"COMPLETED\"") {
                state.trouble.push(format!("a receipt for {id} says something else: {receipt}"));
            }
            state.receipts.push((id.to_owned(), receipt));
            (200, JSON, b"{}".to_vec())
        }
        Call::Delete | Call::List => {
            if !received {
                state.trouble.push(format!("{id} was deleted before its receipt"));
            }
            state.memos.remove(id);
            state.deleted.push(id.to_owned());
            (204, JSON, Vec::new())
        }
    }
}

fn list(state: &State, query: &str) -> String {
    let value = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).and_then(|(_, value)| value.parse().ok())
    };
    let (page, size) = (value("page").unwrap_or(0), value("size").unwrap_or(10_usize).max(1));
    let ids: Vec<String> =
        state.memos.keys().skip(page * size).take(size).map(|id| format!("\"{id}\"")).collect();
    let total = state.memos.len();
    format!(
        r#"{{"content":[{}],"number":{page},"size":{size},"totalElements":{total},"totalPages":{}}}"#,
        ids.join(","),
        total.div_ceil(size)
    )
}

fn endless(wire: &mut Wire, shared: &Shared) -> Result<()> {
    wire.write_all(head(200, None, "application/xml", None).as_bytes())?;
    while !shared.stopped.load(Ordering::Relaxed) {
        wire.write_all(b"10\r\n<memo:Message x=\r\n")?;
        wire.flush()?;
        thread::sleep(Duration::from_millis(20));
    }
    bail!("stopped")
}

fn head(status: u16, after: Option<u64>, kind: &str, length: Option<usize>) -> String {
    let after = after.map_or_else(String::new, |seconds| format!("Retry-After: {seconds}\r\n"));
    let length = length.map_or_else(
        || "Transfer-Encoding: chunked\r\n".to_owned(),
        |length| format!("Content-Length: {length}\r\n"),
    );
    format!("HTTP/1.1 {status} Answer\r\nContent-Type: {kind}\r\n{after}{length}\r\n")
}

fn answer(wire: &mut Wire, status: u16, after: Option<u64>, kind: &str, body: &[u8]) -> Result<()> {
    let length = (status != 204).then_some(body.len());
    let head = match length {
        Some(length) => head(status, after, kind, Some(length)),
        None => format!("HTTP/1.1 {status} Answer\r\n\r\n"),
    };
    wire.write_all(head.as_bytes())?;
    wire.write_all(body)?;
    wire.flush()?;
    Ok(())
}
