//! A server as careless as the careless ones out there: a lone LF ends a line for it, also the
//! line of the final dot. Its extensions and answers can be chosen.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the server says of itself.
#[derive(Clone, Default)]
pub(crate) struct Manners {
    /// The greeting instead of `220`.
    pub(crate) greeting: Option<&'static str>,
    /// Lines of its answer to EHLO.
    pub(crate) extensions: &'static [&'static str],
    /// Its answer to AUTH.
    pub(crate) auth: Option<&'static str>,
    /// Hang up after this many messages on one connection.
    pub(crate) messages_max: Option<usize>,
}

/// What the server has heard.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) commands: Vec<String>,
    pub(crate) messages: Vec<Vec<u8>>,
    pub(crate) connections: usize,
}

/// The server; its thread ends with the test process.
pub(crate) struct Lenient {
    pub(crate) port: u16,
    heard: Arc<Mutex<Heard>>,
}

impl Lenient {
    pub(crate) fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let ours = Arc::clone(&heard);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                ours.lock().unwrap().connections += 1;
                let (manners, heard) = (manners.clone(), Arc::clone(&ours));
                thread::spawn(move || drop(serve(stream, &manners, &heard)));
            }
        });
        Self { port, heard }
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        self.heard.lock().unwrap().commands.clone()
    }

    pub(crate) fn messages(&self) -> Vec<Vec<u8>> {
        self.heard.lock().unwrap().messages.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.heard.lock().unwrap().connections
    }
}

fn serve(mut out: TcpStream, manners: &Manners, heard: &Mutex<Heard>) -> std::io::Result<()> {
    let mut lines = BufReader::new(out.try_clone()?);
    let mut say = move |text: &str| out.write_all(format!("{text}\r\n").as_bytes());
    say(manners.greeting.unwrap_or("220 careless"))?;
    let mut taken = 0;
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let command = String::from_utf8_lossy(&line).trim_end().to_owned();
        heard.lock().unwrap().commands.push(command.clone());
        match command.split(' ').next().unwrap_or_default() {
            "EHLO" => {
                for extension in manners.extensions {
                    say(&format!("250-{extension}"))?;
                }
                say("250 careless")?;
            }
            "AUTH" => say(manners.auth.unwrap_or("235 welcome"))?,
            "DATA" => {
                say("354 go ahead")?;
                let message = message(&mut lines)?;
                heard.lock().unwrap().messages.push(message);
                say("250 taken")?;
                taken += 1;
                if manners.messages_max == Some(taken) {
                    return Ok(());
                }
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 fine")?,
        }
    }
}

fn message(lines: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" || line == b".\n" {
            return Ok(message);
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
