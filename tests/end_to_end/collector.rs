//! A collector of traces: takes OTLP over HTTP with JSON, and keeps every span.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use crate::outputs;

/// What one request may hold at most.
const LIMIT: usize = 16 << 20;

/// Listens until the test ends.
pub(crate) struct Collector {
    port: u16,
    kept: Arc<Mutex<Vec<Value>>>,
}

/// A span as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) name: String,
    pub(crate) trace: String,
    pub(crate) id: String,
    /// Empty for the first of a trace.
    pub(crate) parent: String,
    pub(crate) letter: String,
    /// What the process ran that sent it.
    pub(crate) part: String,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let kept = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&kept);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&all);
                thread::spawn(move || serve(&stream, &kept));
            }
        });
        Self { port, kept }
    }

    /// The section of a configuration that sends traces here.
    pub(crate) fn section(&self) -> String {
        let endpoint = format!("http://127.0.0.1:{}/v1/traces", self.port);
        format!("[traces]\nendpoint = \"{endpoint}\"\nevery_seconds = 1\n")
    }

    /// Every document that came, as text.
    pub(crate) fn text(&self) -> String {
        self.kept.lock().unwrap().iter().map(Value::to_string).collect()
    }

    /// Every span that came.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let each = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
        let mut spans = Vec::new();
        for document in self.kept.lock().unwrap().iter() {
            for resource in each(document, "resourceSpans") {
                let part = attribute(&resource["resource"], "postbud.part");
                for scope in each(&resource, "scopeSpans") {
                    let found = each(&scope, "spans");
                    spans.extend(found.iter().map(|span| read(span, &part)));
                }
            }
        }
        spans
    }
}

fn attribute(of: &Value, key: &str) -> String {
    let found = of["attributes"].as_array().into_iter().flatten().find(|one| one["key"] == key);
    found.and_then(|one| one["value"]["stringValue"].as_str()).unwrap_or_default().to_owned()
}

fn read(span: &Value, part: &str) -> Span {
    let text = |key: &str| span[key].as_str().unwrap_or_default().to_owned();
    Span {
        name: text("name"),
        trace: text("traceId"),
        id: text("spanId"),
        parent: text("parentSpanId"),
        letter: attribute(span, "postbud.letter"),
        part: part.to_owned(),
    }
}

/// Answers requests on one connection until the other side closes it.
fn serve(stream: &TcpStream, kept: &Mutex<Vec<Value>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match reader.read_line(&mut head) {
                Ok(read) if read > 0 && head.len() < LIMIT => {}
                _ => return,
            }
        }
        let head = head.to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length = length.and_then(|text| text.trim().parse::<usize>().ok()).unwrap_or(0);
        let mut body = vec![0; length.min(LIMIT)];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        outputs::keep(&outputs::name("traces"), &body);
        let document = serde_json::from_slice(&body);
        let fits = head.starts_with("post /v1/traces ") && head.contains("application/json");
        let status = match (fits, document) {
            (true, Ok(document)) => {
                kept.lock().unwrap().push(document);
                "200 OK"
            }
            _ => "400 Bad Request",
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
        );
        let mut writer = stream;
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
