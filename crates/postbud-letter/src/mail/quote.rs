//! What a mail says itself, and what it only quotes or passes on.
//!
//! Four marks begin a quotation: a line between two messages ("-----Oprindelig meddelelse-----"),
//! a block of header lines (Fra, Sendt, Til, Emne), a line that names the writer ("Den … skrev …:"),
//! and `>` before each line. The first two and a writer's line without `>` reach to the end; text
//! between and below lines with `>` is new, for some people answer there.

use crate::Text;

/// Header lines stand close together.
const BLOCK_LINES: usize = 8;
/// A writer's line is at times wrapped, seldom over more than this many lines.
const WRITER_LINES: usize = 4;
/// And seldom longer than this.
const WRITER_BYTES: usize = 400;

/// Splits a mail's text.
pub(super) fn split(text: &str) -> Text {
    let lines: Vec<&str> = text.lines().collect();
    let (mut new, mut quoted) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(&line) = lines.get(at) {
        let rest = &lines[at..];
        if is_separator(rest) || is_header_block(rest) {
            quoted.extend(rest.iter().map(|line| unquote(line)));
            break;
        }
        if let Some(length) = writer_line(rest) {
            let blank = rest[length..].iter().take_while(|line| line.trim().is_empty()).count();
            let begin = length + blank;
            if !rest.get(begin).is_some_and(|line| is_marked(line)) {
                quoted.extend(rest.iter().map(|line| unquote(line)));
                break;
            }
            quoted.extend(&rest[..begin]);
            at += begin;
            continue;
        }
        if is_marked(line) {
            quoted.push(unquote(line));
        } else {
            new.push(line);
        }
        at += 1;
    }
    Text { new: join(&new), quoted: join(&quoted) }
}

/// Lines to text, without the gaps that what was between them has left.
fn join(lines: &[&str]) -> String {
    let mut out = String::new();
    let mut blank = 0;
    for line in lines {
        if line.trim().is_empty() {
            blank += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if blank > 0 { "\n\n" } else { "\n" });
        }
        blank = 0;
        out.push_str(line.trim_end());
    }
    out
}

fn is_marked(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// Without its marks.
fn unquote(line: &str) -> &str {
    if !is_marked(line) {
        return line;
    }
    line.trim_start_matches(|c: char| c == '>' || c.is_whitespace())
}

/// A line without marks, emphasis and the like around its words.
fn bare(line: &str) -> &str {
    line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '>' | '*' | '_'))
}

/// "-----Oprindelig meddelelse-----", "Begin forwarded message:", or Outlook's rule above headers.
fn is_separator(lines: &[&str]) -> bool {
    const TITLES: [&str; 21] = [
        "oprindelig meddelelse",
        "oprindelig besked",
        "oprindelig mail",
        "original meddelelse",
        "original besked",
        "original message",
        "original appointment",
        "videresendt meddelelse",
        "videresendt besked",
        "videresendt mail",
        "forwarded message",
        "forwarded by",
        "start på videresendt besked",
        "start på videresendt meddelelse",
        "begin forwarded message",
        "ursprungligt meddelande",
        "vidarebefordrat meddelande",
        "opprinnelig melding",
        "videresendt melding",
        "ursprüngliche nachricht",
        "weitergeleitete nachricht",
    ];
    let Some(first) = lines.first() else {
        return false;
    };
    let line = bare(first);
    let dashes = line.starts_with("--") && line.ends_with("--");
    let title = line.trim_matches(|c: char| c == '-' || c.is_whitespace());
    let announced = title.strip_suffix(':');
    if dashes || announced.is_some() {
        let title = announced.unwrap_or(title).to_lowercase();
        if TITLES.iter().any(|known| title == *known) {
            return true;
        }
        // Lotus: "----- Videresendt af Ole Hansen/KOM den 05-11-2026 -----"
        if dashes && (title.starts_with("videresendt af ") || title.starts_with("forwarded by ")) {
            return true;
        }
    }
    let ruled = first.trim().len() >= 20 && first.trim().bytes().all(|b| b == b'_');
    ruled && lines.iter().skip(1).take(3).any(|line| header_line(line) == Some(Header::From))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    From,
    Date,
    Other,
}

/// "Fra: …", "Sendt: …" and so on, in the languages that mail programs here speak.
fn header_line(line: &str) -> Option<Header> {
    let (name, value) = bare(line).split_once(':')?;
    if name.len() > 20 {
        return None;
    }
    let header =
        match name.trim_matches(|c: char| c == '*' || c.is_whitespace()).to_lowercase().as_str() {
            "fra" | "from" | "von" | "från" => Header::From,
            "sendt" | "sent" | "dato" | "date" | "gesendet" | "datum" | "skickat"
            | "dato sendt" => Header::Date,
            "til" | "to" | "an" | "till" | "emne" | "subject" | "betreff" | "ämne" | "cc"
            | "kopi" | "vedr" => Header::Other,
            _ => return None,
        };
    let value = value.trim_matches(|c: char| c == '*' || c.is_whitespace());
    (header != Header::From || !value.is_empty()).then_some(header)
}

/// A block of header lines: who, when, and at least one more.
fn is_header_block(lines: &[&str]) -> bool {
    if !lines.first().is_some_and(|line| header_line(line) == Some(Header::From)) {
        return false;
    }
    let block = lines.iter().skip(1).filter(|line| !line.trim().is_empty()).take(BLOCK_LINES);
    let headers: Vec<Header> = block.filter_map(|line| header_line(line)).collect();
    headers.contains(&Header::Date) && headers.contains(&Header::Other)
}

/// "Den 5. nov. 2026 kl. 10.12 skrev Ole Hansen <ole@…>:", over how many lines it is written.
fn writer_line(lines: &[&str]) -> Option<usize> {
    let first = bare(lines.first()?);
    if !could_begin_writer_line(first) {
        return None;
    }
    let mut text = String::new();
    for (at, line) in lines.iter().take(WRITER_LINES).enumerate() {
        let line = bare(line);
        if line.is_empty() || text.len() + line.len() > WRITER_BYTES {
            return None;
        }
        text.push_str(line);
        text.push(' ');
        if line.ends_with(':') {
            let marked = lines.get(at + 1..)?.iter().find(|line| !line.trim().is_empty());
            let marked = marked.is_some_and(|line| is_marked(line));
            return is_writer(text.trim_end(), marked).then_some(at + 1);
        }
    }
    None
}

fn could_begin_writer_line(line: &str) -> bool {
    const FIRST: [&str; 24] = [
        "den", "on", "am", "le", "man", "tir", "tirs", "ons", "tor", "tors", "fre", "lør", "søn",
        "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag", "mon", "tue",
        "wed", "på",
    ];
    let word: String = line.chars().take_while(|c| c.is_alphabetic()).collect();
    line.starts_with(|c: char| c.is_ascii_digit()) || FIRST.contains(&word.to_lowercase().as_str())
}

/// A verb of writing, and something that only mail programs put beside it: an address or the time
/// of day. A person's own "Den 5. maj skrev I til mig:" has neither, unless the quotation that
/// follows is marked.
fn is_writer(text: &str, marked: bool) -> bool {
    const VERBS: [&str; 9] =
        ["skrev", "wrote", "skreiv", "schrieb", "sendte", "écrit", "svarede", "skriver", "writes"];
    let lower = text.to_lowercase();
    let verb = lower.split(|c: char| !c.is_alphabetic()).any(|word| VERBS.contains(&word));
    let digit = lower.contains(|c: char| c.is_ascii_digit());
    verb && (lower.contains('@') && digit || has_time(&lower) || marked && digit)
}

/// `10:12` or `10.12`, but no date such as `05.11.2026`.
fn has_time(text: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).any(|word| {
        let word = word.trim_end_matches(':');
        let parts: Vec<&str> = word.split([':', '.']).collect();
        let number =
            |part: &&str| matches!(part.len(), 1 | 2) && part.bytes().all(|b| b.is_ascii_digit());
        let minutes = |part: &&str| part.len() == 2 && number(part);
        match parts.as_slice() {
            [hour, minute] => number(hour) && minutes(minute),
            [hour, minute, second] => {
                number(hour) && minutes(minute) && minutes(second) && word.contains(':')
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, new: &str, quoted: &str) {
        let split = split(text);
        assert_eq!((split.new.as_str(), split.quoted.as_str()), (new, quoted), "{text}");
    }

    #[test]
    fn outlook_danish_and_english() {
        let old = "Fra: Pladsanvisningen <plads@klitkobing.example>\nSendt: 5. november 2026 10:12\n\
                   Til: Ida Holm\nEmne: Plads i vuggestue\n\nKære Ida\nDer er plads fra marts.";
        check(
            &format!("Tak, det vil vi gerne.\n\nHilsen Ida\n\n{old}"),
            "Tak, det vil vi gerne.\n\nHilsen Ida",
            old,
        );
        let english = "From: A <a@b.example>\nSent: Thursday\nTo: C\nSubject: D\n\nText";
        check(
            &format!("Yes\n________________________________\n{english}"),
            "Yes",
            &format!("________________________________\n{english}"),
        );
        let bold = "*Fra:* A\n*Sendt:* i går\n*Til:* B\n*Emne:* C\n\nTekst";
        check(&format!("Ja\n{bold}"), "Ja", bold);
    }

    #[test]
    fn separators() {
        for line in [
            "-----Oprindelig meddelelse-----",
            "---------- Forwarded message ---------",
            "-------- Videresendt besked --------",
            "Start på videresendt besked:",
            "Begin forwarded message:",
            "----- Videresendt af Ole Hansen/KOM den 05-11-2026 10:12 -----",
        ] {
            check(
                &format!("Til orientering\n{line}\nFra: x\nTekst"),
                "Til orientering",
                &format!("{line}\nFra: x\nTekst"),
            );
        }
    }

    #[test]
    fn writer_lines_of_gmail_apple_and_others() {
        for line in [
            "Den tor. 5. nov. 2026 kl. 10.12 skrev Ole Hansen <ole@klitkobing.example>:",
            "tors. 5. nov. 2026 kl. 10.12 skrev Ole Hansen <\nole@klitkobing.example>:",
            "Den 5. nov. 2026 kl. 10.12 skrev Ole Hansen <ole@klitkobing.example>:",
            "On Thu, Nov 5, 2026 at 10:12 AM Ole Hansen <ole@klitkobing.example> wrote:",
            "Den 05-11-2026 kl. 10:12 skrev Ole Hansen:",
            "Am 05.11.2026 um 10:12 schrieb Ole Hansen:",
        ] {
            check(
                &format!("Ja tak\n\n{line}\n\n> Vil du?\n> Hilsen Ole"),
                "Ja tak",
                &format!("{line}\n\nVil du?\nHilsen Ole"),
            );
            check(
                &format!("Ja tak\n\n{line}\nVil du?\nHilsen Ole"),
                "Ja tak",
                &format!("{line}\nVil du?\nHilsen Ole"),
            );
        }
    }

    #[test]
    fn answers_between_and_below_quotations_are_new() {
        check(
            "> Hvornår?\nI morgen.\n> Hvor?\nHer.\n\nHilsen",
            "I morgen.\nHer.\n\nHilsen",
            "Hvornår?\nHvor?",
        );
        check(
            "Den 5. november skrev du:\n> Hvornår?\n\nI morgen.",
            "I morgen.",
            "Den 5. november skrev du:\nHvornår?",
        );
    }

    #[test]
    fn a_pure_forward_has_nothing_new_and_everything_quoted() {
        let text = "---------- Forwarded message ---------\nFra: Bo <bo@b.example>\nDate: i går\n\
                    Subject: Hul i vejen\nTo: <a@b.example>\n\nDer er et hul.";
        check(text, "", text);
    }

    #[test]
    fn a_letter_that_only_speaks_of_writing_is_all_new() {
        for text in [
            "Den 5. maj skrev I til mig:\nat jeg skulle betale.\nDet har jeg gjort.",
            "Fra: januar til marts har vi ventet.\nTil: sidst kom brevet.",
            "Den 12.03.2026 skrev min nabo under på det:\nHan er enig.",
            "On the road to work there is a hole. My wife wrote to you:\nno answer.",
            "Sendt: for sent.",
            "Emne: cykelsti\nHej\nVi mangler en cykelsti.",
            "Kl. 10.12 var der ingen.",
        ] {
            check(text, text, "");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "(\\PC|\n|>|Fra: a\n|Sendt: b\n|Til: c\n|skrev |10:12|:\n)*") {
            let split = split(&text);
            let words = |text: &str| {
                let text = text.replace('>', " ");
                let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
                words.sort();
                words
            };
            prop_assert_eq!(words(&text), words(&format!("{}\n{}", split.new, split.quoted)));
        }
    }
}
