//! What the component's transport receipt means for a letter.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::https::{Answered, Verdict};

/// No more codes are passed on.
const CODES: usize = 3;
/// A longer code is passed on no more.
const CODE_CHARS: usize = 40;
/// With so many digits it could be somebody's number.
const CODE_DIGITS: usize = 8;

/// What a receipt holds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Receipt {
    /// `TransportValideringsKode`.
    code: Option<String>,
    /// Each `FejlKode` that looks like a code.
    faults: Vec<String>,
    /// Is it a SOAP fault?
    is_fault: bool,
}

/// Judges the answer to a request.
pub(super) fn judge(place: &str, answered: &Answered) -> Verdict {
    let status = answered.status;
    let receipt = read(&answered.body).unwrap_or_default();
    let codes = receipt.faults.join(", ");
    let behind = if codes.is_empty() { String::new() } else { format!(" ({codes})") };
    match (status, receipt.code.as_deref()) {
        (200..=202, Some("OK" | "ADVARSEL")) => Verdict::Accepted,
        (200..=202, Some("FEJL")) => Verdict::Refused(format!("{place} refuses it{behind}")),
        (200..=202, _) => Verdict::NotNow(format!(
            "{place} answered {status}, but with no transport receipt; check url in [delivery.sf2900]"
        )),
        (300..=399, _) => Verdict::NotNow(format!(
            "{place} points elsewhere ({status}); write the right address in [delivery.sf2900]"
        )),
        (401 | 403, _) => Verdict::NotNow(format!(
            "{place} does not know Postbud ({status}); check certificate_file in [delivery.sf2900]"
        )),
        (404 | 405 | 410, _) => Verdict::NotNow(format!(
            "{place} has nothing at this address ({status}); check url in [delivery.sf2900]"
        )),
        _ if receipt.is_fault => {
            Verdict::NotNow(format!("{place} answered {status} with a SOAP fault"))
        }
        _ => Verdict::NotNow(format!("{place} answered {status}")),
    }
}

/// Reads a receipt, in whatever namespace and envelope. `None`: it is no well-formed XML.
fn read(body: &[u8]) -> Option<Receipt> {
    let mut reader = Reader::from_str(std::str::from_utf8(body).ok()?);
    let mut receipt = Receipt::default();
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                receipt.is_fault |= start.local_name().as_ref() == "Fault";
                path.push(start.local_name().as_ref().to_owned());
                text.clear();
            }
            Event::Text(part) => text.push_str(&part),
            Event::End(_) => {
                let name = path.pop()?;
                receipt.note(&name, text.trim());
                text.clear();
            }
            Event::Eof => return path.is_empty().then_some(receipt),
            _ => {}
        }
    }
}

impl Receipt {
    fn note(&mut self, name: &str, text: &str) {
        match name {
            "TransportValideringsKode" => self.code = Some(text.to_owned()),
            "FejlKode" if self.faults.len() < CODES && is_code(text) => {
                self.faults.push(text.to_owned());
            }
            _ => {}
        }
    }
}

/// A code, and neither a word of somebody's letter nor somebody's number.
fn is_code(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-._".contains(&b);
    (1..=CODE_CHARS).contains(&text.len())
        && text.bytes().all(fits)
        && text.bytes().filter(u8::is_ascii_digit).count() < CODE_DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(status: u16, body: &str) -> String {
        let answered =
            Answered { status, kind: "text/xml".to_owned(), body: body.as_bytes().to_vec() };
        match judge("https://fordeling.example", &answered) {
            Verdict::Accepted => "accepted".to_owned(),
            Verdict::Refused(what) => format!("refused: {what}"),
            Verdict::NotNow(what) => format!("not now: {what}"),
        }
    }

    fn receipt(code: &str, more: &str) -> String {
        format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
             <TransportKvittering xmlns=\"http://x/3/types\"><TransportValideringsKode>\n{code} \
             </TransportValideringsKode>{more}</TransportKvittering></s:Body></s:Envelope>"
        )
    }

    #[test]
    fn only_a_transport_receipt_is_a_delivery() {
        let fault = |code: &str| {
            let (open, text) = ("<FejlListe><Fejl>", "<FejlTekst>Jens Møller</FejlTekst>");
            format!("{open}<FejlKode>{code}</FejlKode>{text}</Fejl></FejlListe>")
        };
        let soap =
            "<e:Envelope><e:Body><e:Fault><faultcode>x</faultcode></e:Fault></e:Body></e:Envelope>";
        let cases = [
            (200, receipt("OK", "")),
            (202, receipt("ADVARSEL", &fault("W.1"))),
            (200, receipt("FEJL", &fault("F-404"))),
            (200, receipt("FEJL", &fault("Mette"))),
            (200, receipt("FEJL", &fault("0101701234"))),
            (200, receipt("MÅSKE", "")),
            (200, receipt("OK", "<broken>")),
            (200, "<html><p>Der er sket en fejl</html>".to_owned()),
            (200, String::new()),
            (302, String::new()),
            (403, receipt("OK", "")),
            (404, String::new()),
            (500, soap.to_owned()),
            (500, receipt("OK", "")),
            (503, "OK".to_owned()),
        ];
        let lines: Vec<String> = cases
            .iter()
            .map(|(status, body)| format!("{status}: {}", said(*status, body)))
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    proptest! {
        #[test]
        fn nothing_else_is_a_delivery(status in 100u16..600, body in any::<String>()) {
            prop_assert_ne!(said(status, &body), "accepted");
        }

        #[test]
        fn an_answers_words_do_not_leak(name in "[A-ZÆØÅ][a-zæøå]{3,20}") {
            let body = receipt("FEJL", &format!("<Begrundelse>{name}</Begrundelse><FejlKode>{name}</FejlKode>"));
            let said = said(200, &body);
            prop_assert!(!said.contains(&name), "{}", said);
        }
    }
}
