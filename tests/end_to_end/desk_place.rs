//! An installation with a desk, accounts and waiting letters, and a small HTTP client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use crate::settings::{embedded, mail};
use crate::support::{Installation, PATIENCE, Running, wait_until};

/// A desk that is open.
pub(crate) struct Place {
    pub(crate) here: Installation,
    pub(crate) running: Running,
    pub(crate) address: String,
}

/// What the desk answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header; empty without it.
    pub(crate) fn header(&self, name: &str) -> String {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.clone().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    }
}

/// Somebody who is signed in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

impl Place {
    /// A desk with these letters waiting. Decisions can be taken back for a minute.
    pub(crate) fn open(letters: &[(&str, &str)]) -> Self {
        let desk = "\n[desk]\nlisten = \"127.0.0.1:0\"\ngrace_seconds = 60\n";
        let here = Installation::with(&(embedded() + desk));
        for (n, (subject, text)) in letters.iter().enumerate() {
            here.write(&format!("letters/{n}.eml"), mail(subject, text));
        }
        Self::over(here, letters.len())
    }

    /// A desk over an installation whose folder `letters` holds so many letters.
    pub(crate) fn over(here: Installation, letters: usize) -> Self {
        if letters > 0 {
            here.json(&["send", "letters"]);
        }
        Self::again(here, letters)
    }

    /// A desk over an installation in which so many letters wait, or will.
    pub(crate) fn again(here: Installation, letters: usize) -> Self {
        let running = here.run(None);
        Self::beside(here, running, letters)
    }

    /// The desk of a process that runs.
    pub(crate) fn beside(here: Installation, running: Running, letters: usize) -> Self {
        let mut address = String::new();
        wait_until("the desk", || {
            let log = running.log();
            let after = log.split("the desk is open address=").nth(1);
            address =
                after.and_then(|rest| rest.split_whitespace().next()).unwrap_or("").to_owned();
            !address.is_empty()
        });
        here.wait_for("review", letters);
        Self { here, running, address }
    }

    /// Makes an account; its password.
    pub(crate) fn account(&self, name: &str, role: &str) -> String {
        let made = self.here.json(&["user", "add", name, "--role", role]);
        made["password"].as_str().unwrap().to_owned()
    }

    /// Makes an account and signs in.
    pub(crate) fn person(&self, name: &str, role: &str) -> Person {
        let password = self.account(name, role);
        let said = self.post("/sign-in", &format!("name={name}&password={password}"), None, "");
        assert_eq!(said.status, 303, "{}", said.body);
        let cookie = said.header("set-cookie");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let mut csrf = String::new();
        // On a busy machine a page may say that the database does not answer, and to try again.
        wait_until("a page with a form", || {
            let page = self.get(&said.header("location"), Some(&cookie)).body;
            let found = page.split("name=\"csrf\" value=\"").nth(1);
            csrf = found.and_then(|rest| rest.split('"').next()).unwrap_or("").to_owned();
            !csrf.is_empty()
        });
        Person { cookie, csrf }
    }

    /// The ids of the waiting letters, first in line first.
    pub(crate) fn waiting(&self, person: &Person) -> Vec<String> {
        let page = self.get("/", Some(&person.cookie));
        let parts = page.body.split("href=\"/letters/").skip(1);
        parts.map(|part| part.split('"').next().unwrap().to_owned()).collect()
    }

    pub(crate) fn get(&self, path: &str, cookie: Option<&str>) -> Answer {
        let cookie = cookie.map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
        self.ask(&format!("GET {path} HTTP/1.1\r\n{cookie}"), b"")
    }

    /// Asks for a page with further header lines, each with its line end.
    pub(crate) fn get_with(&self, path: &str, more: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\n{more}"), b"")
    }

    /// Sends a form; `more` are further header lines, each with its line end.
    pub(crate) fn post(&self, path: &str, form: &str, cookie: Option<&str>, more: &str) -> Answer {
        let cookie = cookie.map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
        let head = format!(
            "POST {path} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n{cookie}{more}",
            form.len()
        );
        self.ask(&head, form.as_bytes())
    }

    fn ask(&self, head: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!("{head}Host: {}\r\nConnection: close\r\n\r\n", self.address);
        stream.write_all(head.as_bytes()).unwrap();
        // A form that is too large is refused while it is being sent.
        let _ = stream.write_all(body);
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                break;
            }
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut body = Vec::new();
        // Live counts never end.
        if !head.contains("text/event-stream") {
            let _ = reader.read_to_end(&mut body);
        }
        Answer { status, head, body: String::from_utf8_lossy(&body).into_owned() }
    }
}
