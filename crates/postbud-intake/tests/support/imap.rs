//! An IMAP server with a script: it knows what the adapter says, and misbehaves where it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};

/// Where the server misbehaves. A number names a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImapFault {
    /// Says nothing from this command on.
    SilentAt(&'static str),
    /// Says NO to this command.
    NoTo(&'static str),
    /// Ends the connection instead of an answer to this command.
    EndsAt(&'static str),
    /// Says NO when up to this letter is fetched.
    NoToFetchUpTo(u32),
    /// Is silent in the middle of this letter.
    SilentInside(u32),
    /// Breaks off in the middle of this letter.
    CutInside(u32),
    /// Gives this letter with what no client can parse.
    Rubbish(u32),
}

#[derive(Default)]
struct State {
    letters: BTreeMap<u32, String>,
    moved: Vec<(u32, String)>,
    validity: u32,
    fault: Option<ImapFault>,
}

/// A mailbox behind the script.
#[derive(Clone)]
pub struct ImapScript {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl ImapScript {
    pub async fn start(letters: &[(u32, String)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let letters = letters.iter().cloned().collect();
        let state = State { letters, validity: 1, ..State::default() };
        let this = Self { port, state: Arc::new(Mutex::new(state)) };
        let server = this.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { server.talk(stream).await });
            }
        });
        this
    }

    pub fn fail(&self, fault: Option<ImapFault>) {
        self.state.lock().unwrap().fault = fault;
    }

    pub fn new_validity(&self) {
        self.state.lock().unwrap().validity += 1;
    }

    /// What is still in the mailbox.
    pub fn left(&self) -> Vec<u32> {
        self.state.lock().unwrap().letters.keys().copied().collect()
    }

    /// What was moved, and where.
    pub fn moved(&self) -> Vec<(u32, String)> {
        self.state.lock().unwrap().moved.clone()
    }

    /// Talks until the client leaves, or the script ends the connection.
    async fn talk(&self, stream: TcpStream) -> Option<()> {
        let (read, mut write) = stream.into_split();
        write.write_all(b"* OK ready\r\n").await.ok()?;
        let mut lines = BufReader::new(read).lines();
        while let Some(line) = lines.next_line().await.ok()? {
            let (tag, said) = line.split_once(' ')?;
            let fault = self.state.lock().unwrap().fault;
            match fault {
                Some(ImapFault::SilentAt(what)) if said.starts_with(what) => {
                    std::future::pending::<()>().await;
                }
                Some(ImapFault::EndsAt(what)) if said.starts_with(what) => return None,
                Some(ImapFault::NoTo(what)) if said.starts_with(what) => {
                    write.write_all(format!("{tag} NO not now\r\n").as_bytes()).await.ok()?;
                }
                _ => {
                    let answer = self.answer(said);
                    self.say(tag, said, &answer, fault, &mut write).await?;
                }
            }
        }
        None
    }

    async fn say(
        &self,
        tag: &str,
        said: &str,
        answer: &str,
        fault: Option<ImapFault>,
        write: &mut OwnedWriteHalf,
    ) -> Option<()> {
        let uid = said.strip_prefix("UID FETCH ").and_then(|rest| rest.split(' ').next());
        let uid = uid.and_then(|uid| uid.parse().ok()).unwrap_or(0);
        let body = said.contains("BODY");
        let half = &answer.as_bytes()[..answer.len() / 2];
        match fault {
            Some(ImapFault::NoToFetchUpTo(last)) if (1..=last).contains(&uid) => {
                return write.write_all(format!("{tag} NO broken\r\n").as_bytes()).await.ok();
            }
            Some(ImapFault::SilentInside(one)) if one == uid && body => {
                write.write_all(half).await.ok()?;
                std::future::pending::<()>().await;
            }
            Some(ImapFault::CutInside(one)) if one == uid && body => {
                write.write_all(half).await.ok()?;
                return None;
            }
            Some(ImapFault::Rubbish(one)) if one == uid && body => {
                let text = answer.split_once('}')?.1.trim_start();
                let rubbish = format!("* {uid} FETCH (((({text}\r\n");
                write.write_all(rubbish.as_bytes()).await.ok()?;
            }
            _ => write.write_all(answer.as_bytes()).await.ok()?,
        }
        write.write_all(format!("{tag} OK done\r\n").as_bytes()).await.ok()
    }

    fn answer(&self, said: &str) -> String {
        let mut state = self.state.lock().unwrap();
        let words: Vec<&str> = said.split(' ').collect();
        let uid = |at: usize| words.get(at).and_then(|word| word.parse::<u32>().ok());
        match words.as_slice() {
            ["CAPABILITY"] => "* CAPABILITY IMAP4rev1 MOVE\r\n".to_owned(),
            ["SELECT", ..] => format!(
                "* {} EXISTS\r\n* OK [UIDVALIDITY {}] valid\r\n",
                state.letters.len(),
                state.validity
            ),
            ["UID", "SEARCH", ..] => {
                let fits = |one: &u32| uid(3).is_none_or(|wanted| wanted == *one);
                let found = state.letters.keys().filter(|one| fits(one));
                let found: String = found.map(|one| format!(" {one}")).collect();
                format!("* SEARCH{found}\r\n")
            }
            ["UID", "FETCH", ..] => {
                let uid = uid(2).unwrap_or(0);
                let Some(letter) = state.letters.get(&uid) else { return String::new() };
                let size = letter.len();
                if said.contains("BODY") {
                    format!("* {uid} FETCH (UID {uid} BODY[] {{{size}}}\r\n{letter})\r\n")
                } else {
                    format!("* {uid} FETCH (UID {uid} RFC822.SIZE {size})\r\n")
                }
            }
            ["UID", "MOVE", _, folder] => {
                let uid = uid(2).unwrap_or(0);
                if state.letters.remove(&uid).is_some() {
                    state.moved.push((uid, folder.trim_matches('"').to_owned()));
                }
                String::new()
            }
            _ => String::new(),
        }
    }
}
