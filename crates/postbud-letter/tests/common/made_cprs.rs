//! Letters with one invented CPR number each: every way of writing it, in every place of a letter.

#![allow(dead_code, reason = "shared by a test and an example")]

use postbud_letter::{Letter, Limits};

use super::common::{main_document, memo, multipart};

/// How people write `010190` and `0000`.
pub(crate) const FORMS: [fn(&str, &str) -> String; 18] = [
    |date, serial| format!("{date}-{serial}"),
    |date, serial| format!("{date}{serial}"),
    |date, serial| format!("{date} {serial}"),
    |date, serial| format!("{date} - {serial}"),
    |date, serial| format!("{date}- {serial}"),
    |date, serial| format!("{date}–{serial}"),
    |date, serial| format!("{date}/{serial}"),
    |date, serial| format!("{date}.{serial}"),
    |date, serial| format!("{date}_{serial}"),
    |date, serial| format!("{date}\u{a0}{serial}"),
    |date, serial| format!("{date}  {serial}"),
    |date, serial| format!("{date}\t{serial}"),
    |date, serial| format!("{date}-\r\n{serial}"),
    |date, serial| format!("({date}-{serial})"),
    |date, serial| format!("cpr:{date}-{serial}."),
    |date, serial| format!("CPR{date}{serial}"),
    |date, serial| format!("{} {serial}", apart(date, " ")),
    |date, serial| format!("{}-{serial}", apart(date, ".")),
];

fn apart(date: &str, sign: &str) -> String {
    [&date[0..2], &date[2..4], &date[4..6]].join(sign)
}

/// Where the number stands in the letter: as the raw bytes of a letter with it.
type Place = (&'static str, fn(&str) -> Vec<u8>);

pub(crate) const PLACES: [Place; 9] = [
    ("body", |number| mail("", &format!("Hej\r\n\r\nDet gælder {number} fra i går.\r\n"))),
    ("last line", |number| mail("", &format!("Hvornår kommer I?\r\n\r\nMvh Ida Holm\r\n{number}"))),
    ("quoted", |number| mail("", &format!("Svar.\r\n\r\n> Jeg har {} i går.\r\n", line(number)))),
    ("subject", |number| mail(&format!("Subject: Vedr. {}\r\n", line(number)), "Se emnet.\r\n")),
    ("quoted-printable", |number| {
        let text = quoted_printable(&format!("Det gælder {number} fra i går."));
        mail("Content-Transfer-Encoding: quoted-printable\r\n", &text)
    }),
    ("html", |number| {
        let part = "Content-Type: text/html; charset=utf-8\r\n\r\n";
        let html =
            format!("{part}<table><tr><td>Hej</td><td>cpr <b>{number}</b></td></tr></table>");
        format!("From: a@b.example\r\n{}", multipart("mixed", &[&html])).into_bytes()
    }),
    ("memo", |number| memo("1.2", "", &main_document(&format!("Om {number} her."))).into_bytes()),
    ("contact info", |number| {
        let info = format!(
            "<memo:ContactPoint><memo:contactGroup>22.33</memo:contactGroup>\
             <memo:contactPointID>x</memo:contactPointID><memo:label>Plads</memo:label>\
             <memo:ContactInfo><memo:label>CPR nummer</memo:label><memo:value>{number}</memo:value>\
             </memo:ContactInfo></memo:ContactPoint>"
        );
        let whole = memo("1.2", "", &main_document("Har I en plads?"));
        whole.replace("</memo:Recipient>", &format!("{info}</memo:Recipient>")).into_bytes()
    }),
    ("file name", |number| {
        let name = line(number).replace(['/', '\u{a0}', '\t'], " ");
        let part = format!(
            "Content-Type: image/png\r\nContent-Disposition: attachment; filename=\"{name}.png\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo="
        );
        format!("From: a@b.example\r\n{}", multipart("mixed", &[&part])).into_bytes()
    }),
];

/// A header and a quoted line hold no line end of the citizen's.
fn line(number: &str) -> String {
    number.replace("\r\n", " ")
}

fn mail(headers: &str, body: &str) -> Vec<u8> {
    format!("From: a@b.example\r\n{headers}Content-Type: text/plain; charset=utf-8\r\n\r\n{body}")
        .into_bytes()
}

/// With a soft end of line in the middle of whatever is there.
fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    for (number, byte) in text.replace("\r\n", " ").bytes().enumerate() {
        match byte {
            b'=' | 0..=31 | 127..=255 => out += &format!("={byte:02X}"),
            byte => out.push(char::from(byte)),
        }
        if number % 14 == 13 {
            out += "=\r\n";
        }
    }
    out + "\r\n"
}

/// What became of the numbers of some letters.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) letters: usize,
    /// Found as this number's, for a person's rights.
    pub(crate) found: usize,
    /// Masked before anything is learned.
    pub(crate) masked: usize,
    pub(crate) misses: Vec<String>,
}

/// Letter after letter, with another number, form and place each.
pub(crate) fn judge(count: usize) -> Tally {
    let mut tally = Tally::default();
    for n in 0..count {
        let (day, month, year) = (n * 7 % 28 + 1, n * 5 % 12 + 1, n * 11 % 100);
        let date = format!("{:02}{month:02}{year:02}", day + if n % 50 == 0 { 60 } else { 0 });
        let serial = format!("{:04}", n * 7919 % 10_000);
        let form = n % FORMS.len();
        let (place, write) = PLACES[n / FORMS.len() % PLACES.len()];
        let raw = write(&FORMS[form](&date, &serial));
        let letter = postbud_letter::read(&raw, &Limits::default());
        let plain = format!("{date}{serial}");
        let found = letter.cpr_numbers(&raw).contains(&plain);
        let masked = !learned(&letter).contains(&plain);
        tally.letters += 1;
        tally.found += usize::from(found);
        tally.masked += usize::from(masked);
        if !found || !masked {
            tally.misses.push(format!("form {form} in {place}: found {found}, masked {masked}"));
        }
    }
    tally
}

/// The digits of what a model gets to see, in a row.
fn learned(letter: &Letter) -> String {
    let text = letter.classifier_text();
    format!("{} {}", text.subject, text.body).chars().filter(char::is_ascii_digit).collect()
}
