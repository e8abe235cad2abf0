//! One connection: a request is read, kept or not, and answered.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};

use super::{Posted, Shared, Speech, WebhookFault};

/// More than the largest letter, in base64.
const BODY_BYTES: usize = 256 << 20;
const JSON: &str = "application/json";
const XML: &str = "text/xml; charset=utf-8";
/// How often a hung answer looks whether the test is over.
const GLANCE: Duration = Duration::from_millis(20);

/// Serves a connection until either side ends it.
pub(super) fn serve(stream: impl Read + Write, shared: &Shared) -> Result<()> {
    let mut wire = BufReader::new(stream);
    while let Some(posted) = read(&mut wire, shared)? {
        let fault = {
            let mut state = shared.lock();
            state.posted.push(posted.clone());
            state.always.clone().or_else(|| state.once.pop_front())
        };
        answer(wire.get_mut(), shared, &posted, fault)?;
    }
    Ok(())
}

fn read(wire: &mut impl BufRead, shared: &Shared) -> Result<Option<Posted>> {
    let mut line = String::new();
    if wire.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    if !line.starts_with("POST /letters HTTP/1.1") {
        bail!("no request for this system");
    }
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if wire.read_line(&mut line)? == 0 {
            bail!("the request broke off");
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    if length > BODY_BYTES {
        bail!("too large");
    }
    let mut body = vec![0; length];
    wire.read_exact(&mut body)?;
    let (key, signed) = match shared.speech {
        Speech::Webhook => {
            let key = headers.get("idempotency-key").cloned().unwrap_or_default();
            (key, shared.signed(&headers, &body))
        }
        Speech::Sf2900 => (transaction(&body), false),
    };
    Ok(Some(Posted { key, headers, body, signed }))
}

fn answer(
    wire: &mut impl Write,
    shared: &Shared,
    posted: &Posted,
    fault: Option<WebhookFault>,
) -> Result<()> {
    let page = "<html>Der er sket en uventet fejl</html>";
    match fault {
        None if shared.speech == Speech::Sf2900 => {
            keep(shared, posted);
            say(wire, 200, XML, &receipt("OK", None))
        }
        Some(WebhookFault::Refuse(code)) if shared.speech == Speech::Sf2900 => {
            say(wire, 200, XML, &receipt("FEJL", Some(&code)))
        }
        None if !posted.signed => say(wire, 401, JSON, r#"{"code":"signature"}"#),
        None => {
            keep(shared, posted);
            let body = format!(r#"{{"accepted":true,"key":"{}"}}"#, posted.key);
            say(wire, 200, JSON, &body)
        }
        Some(WebhookFault::Status(status)) => say(wire, status, JSON, "{}"),
        Some(WebhookFault::Page) => say(wire, 200, "text/html", page),
        Some(WebhookFault::Garbage) => say(wire, 200, JSON, r#"{"accepted":true,"ke"#),
        Some(WebhookFault::OtherKey) => say(wire, 200, JSON, r#"{"accepted":true,"key":"o-0"}"#),
        Some(WebhookFault::Redirect) => {
            let head = "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n";
            Ok(wire.write_all(head.as_bytes())?)
        }
        Some(WebhookFault::Refuse(code)) => {
            say(wire, 422, JSON, &format!(r#"{{"accepted":false,"code":"{code}"}}"#))
        }
        Some(WebhookFault::NoHttp) => Ok(wire.write_all(b"220 mail.example ESMTP\r\n")?),
        Some(WebhookFault::Endless) => endless(wire, shared),
        Some(WebhookFault::Hang) => {
            while !shared.stopped() {
                thread::sleep(GLANCE);
            }
            bail!("hung")
        }
        Some(WebhookFault::Close) => bail!("closed"),
        Some(WebhookFault::KeepAndClose) => {
            keep(shared, posted);
            bail!("kept and closed")
        }
    }
}

/// `AnvenderTransaktionsID` of a request; empty where it has none.
fn transaction(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let behind = text.split_once("<AnvenderTransaktionsID>").map(|(_, rest)| rest);
    let id = behind.and_then(|rest| rest.split_once('<')).map(|(id, _)| id);
    id.unwrap_or_default().to_owned()
}

/// A transport receipt, in the form of KOMBIT's schema `DistributionServiceTypes`.
fn receipt(state: &str, code: Option<&str>) -> String {
    let faults = code.map(|code| {
        format!("<FejlListe><Fejl><FejlKode>{code}</FejlKode><FejlTekst>x</FejlTekst></Fejl></FejlListe>")
    });
    format!(
        "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>\
         <TransportKvittering xmlns=\"http://serviceplatformen.dk/xml/wsdl/soap11/DistributionService/3/types\">\
         <TransportValideringsKode>{state}</TransportValideringsKode>{}\
         </TransportKvittering></soap:Body></soap:Envelope>",
        faults.unwrap_or_default()
    )
}

/// The first under a key counts; the others are the same letter again.
fn keep(shared: &Shared, posted: &Posted) {
    shared.lock().kept.entry(posted.key.clone()).or_insert_with(|| posted.clone());
}

fn endless(wire: &mut impl Write, shared: &Shared) -> Result<()> {
    wire.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")?;
    wire.write_all(b"Transfer-Encoding: chunked\r\n\r\n")?;
    let line = " ".repeat(0x1000);
    while !shared.stopped() {
        wire.write_all(format!("1000\r\n{line}\r\n").as_bytes())?;
        wire.flush()?;
    }
    bail!("stopped")
}

fn say(wire: &mut impl Write, status: u16, kind: &str, body: &str) -> Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Answer\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    );
    wire.write_all(head.as_bytes())?;
    wire.write_all(body.as_bytes())?;
    Ok(wire.flush()?)
}
