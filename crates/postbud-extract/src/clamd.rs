//! A client for clamd, the malware scanner: a few lines of its protocol over TCP or a Unix socket.
//!
//! Whatever goes wrong here means "not checked" and never "clean": only the one answer that says
//! so counts as such.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::socket::sockopt::SendTimeout;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, setsockopt, socket};
use nix::sys::time::TimeVal;

/// Bytes are sent in pieces of this size.
const CHUNK: usize = 64 << 10;
/// Longer answers are no answers.
const ANSWER_BYTES: u64 = 1024;
/// Characters of a signature's name that are kept.
const SIGNATURE_CHARS: usize = 80;
/// After a scanner was silent until the time was up, the next letters do not wait for it as well.
const REST: Duration = Duration::from_secs(5);
/// One that is well says its version within this time.
const ALIVE: Duration = Duration::from_secs(2);

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Address and port. No name: asking for a name takes a time that nobody can limit.
    Tcp(SocketAddr),
    /// A socket on this machine.
    Unix(PathBuf),
}

/// How clamd is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where it listens.
    pub address: Address,
    /// How long one letter may take, with all its documents.
    pub time: Duration,
    /// Larger pieces are not sent.
    pub max_bytes: u64,
}

/// What clamd says of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It knows nothing in them.
    Clean,
    /// It knows something in them.
    Found {
        /// What it calls it: letters, digits and a few marks.
        signature: String,
    },
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClamdError {
    /// Nothing listens there.
    #[error("clamd cannot be reached")]
    Away(#[source] io::Error),
    /// It was there, and went away over these bytes.
    #[error("clamd broke the connection off")]
    Broke(#[source] io::Error),
    /// The time was up, and clamd answers nothing else either.
    #[error("clamd does not answer")]
    Silent,
    /// The time was up over these bytes; clamd answers otherwise.
    #[error("clamd did not answer in time")]
    Late,
    /// More bytes than this client or clamd takes.
    #[error("there are more bytes than clamd takes")]
    TooLarge,
    /// An answer that the protocol does not know. It is not repeated: nobody knows what is in it.
    #[error("clamd's answer could not be understood")]
    BadAnswer,
}

/// Asks a clamd.
#[derive(Debug)]
pub struct Clamd {
    options: Options,
    silent_since: Mutex<Option<Instant>>,
}

impl Clamd {
    /// A client; no connection is made before the first question.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options, silent_since: Mutex::default() }
    }

    /// Asks about each of `pieces`, all within the time for one letter, until something is found.
    ///
    /// # Errors
    /// That clamd did not see all of them.
    pub fn check<'a>(
        &self,
        pieces: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Answer, ClamdError> {
        if self.rests() {
            return Err(ClamdError::Silent);
        }
        let end = Instant::now() + self.options.time;
        let mut trouble = None;
        for piece in pieces {
            match self.scan(piece, end) {
                Ok(Answer::Clean) => {}
                Ok(found) => return Ok(found),
                // A piece that is too large hides nothing that lies in the others.
                Err(ClamdError::TooLarge) => trouble = Some(ClamdError::TooLarge),
                Err(error) => return Err(self.after(error)),
            }
        }
        trouble.map_or(Ok(Answer::Clean), Err)
    }

    /// Asks whether it is there; says its version.
    ///
    /// # Errors
    /// That it is not, or is something else.
    pub fn version(&self) -> Result<String, ClamdError> {
        self.version_by(Instant::now() + self.options.time.min(ALIVE))
    }

    fn version_by(&self, end: Instant) -> Result<String, ClamdError> {
        let silent = |error| match error {
            ClamdError::Late => ClamdError::Silent,
            error => error,
        };
        let mut line = self.connect(end).map_err(silent)?;
        line.send(b"zVERSION\0").map_err(silent)?;
        let answer = line.answer().map_err(silent)?;
        let known = answer.starts_with("ClamAV ");
        known.then(|| name(&answer, " ")).ok_or(ClamdError::BadAnswer)
    }

    fn scan(&self, bytes: &[u8], end: Instant) -> Result<Answer, ClamdError> {
        if bytes.len() as u64 > self.options.max_bytes {
            return Err(ClamdError::TooLarge);
        }
        let mut line = self.connect(end)?;
        match line.stream(bytes) {
            // clamd hangs up on a stream that is too long; its answer says why.
            Ok(()) | Err(ClamdError::Away(_)) => {}
            Err(error) => return Err(error),
        }
        let answer = line.answer().map_err(|error| match error {
            ClamdError::Away(source) => ClamdError::Broke(source),
            error => error,
        })?;
        answer_of(&answer)
    }

    fn connect(&self, end: Instant) -> Result<Line, ClamdError> {
        let wire: Box<dyn Wire> = match &self.options.address {
            Address::Unix(path) => Box::new(unix(path, end)?),
            Address::Tcp(address) => {
                Box::new(TcpStream::connect_timeout(address, left(end)?).map_err(trouble)?)
            }
        };
        Ok(Line { wire, end })
    }

    fn rests(&self) -> bool {
        let since = self.silent_since.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() < REST)
    }

    /// Is a scanner that was late over a letter silent altogether? Then the next letters do not wait.
    fn after(&self, error: ClamdError) -> ClamdError {
        if !matches!(error, ClamdError::Late) || self.version().is_ok() {
            return error;
        }
        *self.silent_since.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        ClamdError::Silent
    }
}

/// Connects with a limit on the time, since a scanner that takes no more connections keeps callers
/// waiting for ever.
fn unix(path: &Path, end: Instant) -> Result<UnixStream, ClamdError> {
    let left = left(end)?;
    let open = || {
        let fd = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
        let micros = i64::try_from(left.as_micros()).unwrap_or(i64::MAX).max(1);
        setsockopt(&fd, SendTimeout, &TimeVal::new(micros / 1_000_000, micros % 1_000_000))?;
        connect(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
        Ok(fd)
    };
    let fd = open().map_err(|errno: nix::errno::Errno| trouble(errno.into()))?;
    Ok(UnixStream::from(fd))
}

/// A connection and the moment at which patience ends.
struct Line {
    wire: Box<dyn Wire>,
    end: Instant,
}

impl Line {
    /// Writes piece by piece, since a limit on time holds for one call only.
    fn send(&mut self, mut bytes: &[u8]) -> Result<(), ClamdError> {
        while !bytes.is_empty() {
            self.wire.limit(left(self.end)?).map_err(trouble)?;
            let sent = match self.wire.write(bytes) {
                Ok(0) => return Err(ClamdError::Away(io::ErrorKind::WriteZero.into())),
                Ok(sent) => sent,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                Err(error) => return Err(trouble(error)),
            };
            bytes = bytes.get(sent..).unwrap_or_default();
        }
        Ok(())
    }

    fn stream(&mut self, bytes: &[u8]) -> Result<(), ClamdError> {
        self.send(b"zINSTREAM\0")?;
        for chunk in bytes.chunks(CHUNK) {
            let length = u32::try_from(chunk.len()).map_err(|_| ClamdError::TooLarge)?;
            self.send(&length.to_be_bytes())?;
            self.send(chunk)?;
        }
        self.send(&0_u32.to_be_bytes())
    }

    /// Everything up to the byte 0, or to the end of the connection.
    fn answer(&mut self) -> Result<String, ClamdError> {
        let mut answer = Vec::new();
        let mut buffer = [0; 256];
        loop {
            self.wire.limit(left(self.end)?).map_err(trouble)?;
            let read = match self.wire.read(&mut buffer) {
                Ok(read) => buffer.get(..read).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(trouble(error)),
            };
            let end = read.iter().position(|byte| *byte == 0);
            answer.extend_from_slice(read.get(..end.unwrap_or(read.len())).unwrap_or_default());
            if read.is_empty() && answer.is_empty() {
                return Err(ClamdError::Away(io::ErrorKind::UnexpectedEof.into()));
            }
            if answer.len() as u64 > ANSWER_BYTES || (read.is_empty() && end.is_none()) {
                // An answer without its last byte may be half of one.
                return Err(ClamdError::BadAnswer);
            }
            if end.is_some() {
                return String::from_utf8(answer).map_err(|_| ClamdError::BadAnswer);
            }
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.wire.close();
    }
}

/// What both kinds of socket can do.
trait Wire: Read + Write {
    fn limit(&self, time: Duration) -> io::Result<()>;
    fn close(&self);
}

impl Wire for TcpStream {
    fn limit(&self, time: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(time))?;
        self.set_write_timeout(Some(time))
    }

    fn close(&self) {
        // The other side may have gone first.
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Wire for UnixStream {
    fn limit(&self, time: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(time))?;
        self.set_write_timeout(Some(time))
    }

    fn close(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

fn left(end: Instant) -> Result<Duration, ClamdError> {
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ClamdError::Late) } else { Ok(left) }
}

fn trouble(error: io::Error) -> ClamdError {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => ClamdError::Late,
        _ => ClamdError::Away(error),
    }
}

fn answer_of(answer: &str) -> Result<Answer, ClamdError> {
    if answer == "stream: OK" {
        return Ok(Answer::Clean);
    }
    if answer.starts_with("INSTREAM size limit exceeded") {
        return Err(ClamdError::TooLarge);
    }
    let found = answer.strip_prefix("stream: ").and_then(|rest| rest.strip_suffix(" FOUND"));
    let signature = found.map(|found| name(found, "")).filter(|name| !name.is_empty());
    signature.map(|signature| Answer::Found { signature }).ok_or(ClamdError::BadAnswer)
}

/// What is fit to be shown and stored of a word that came from outside.
fn name(text: &str, also: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || "._-/:".contains(*c) || also.contains(*c);
    text.chars().filter(fits).take(SIGNATURE_CHARS).collect()
}
