//! What a mail server's refusal means for a letter, in words that hold nothing of the letter.

use std::error::Error as _;

use lettre::transport::smtp::Error;

/// How far a delivery had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Connecting, greeting, EHLO, TLS.
    Connect,
    /// Signing in.
    Auth,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA and the letter itself.
    Letter,
}

/// A delivery that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SmtpFault {
    /// Will it fail the same way again?
    pub(crate) permanent: bool,
    /// What the server said and what helps.
    pub(crate) what: String,
}

/// What an answer says at most, in characters.
const ANSWER_MAX_CHARS: usize = 120;

impl SmtpFault {
    /// A fault that is not the letter's.
    pub(crate) fn transient(what: impl Into<String>) -> Self {
        Self { permanent: false, what: what.into() }
    }

    /// Judges what lettre reported at `stage`. `secrets` are texts of the letter that the server
    /// may have echoed.
    pub(crate) fn new(stage: Stage, error: &Error, server: &str, secrets: &[&str]) -> Self {
        let Some(code) = error.status() else {
            return Self::transient(broken(stage, error, server));
        };
        let code = u16::from(code);
        let said = error.source().map(ToString::to_string).unwrap_or_default();
        let answer = format!("{code} {}", masked(&said, secrets));
        let permanent = is_permanent(stage, code);
        Self { permanent, what: sentence(stage, code, server, answer.trim_end()) }
    }
}

/// Is it this letter that the server does not want, or rather Postbud? Only the former is final:
/// the latter hits every letter until someone mends a setting, and no letter is lost by waiting.
fn is_permanent(stage: Stage, code: u16) -> bool {
    let wants_sign_in = matches!(code, 530 | 534 | 535 | 538);
    let too_large = code == 552;
    match stage {
        Stage::Connect | Stage::Auth => false,
        Stage::Sender => too_large,
        Stage::Recipient | Stage::Letter => code >= 500 && !wants_sign_in,
    }
}

fn sentence(stage: Stage, code: u16, server: &str, answer: &str) -> String {
    match (stage, code) {
        (Stage::Connect, 500..) => format!("{server} does not take mail from here: {answer}"),
        (Stage::Connect, _) => format!("{server} takes no connection: {answer}"),
        (Stage::Auth, _) => {
            format!("{server} refuses the sign-in ({answer}); check smtp.user and smtp.password")
        }
        (_, 530 | 534 | 535 | 538) => {
            format!("{server} wants a sign-in ({answer}); set smtp.user and smtp.password")
        }
        (_, 552) => format!("the mail is too large for {server}: {answer}"),
        (Stage::Sender, _) => {
            format!("{server} does not take mail from this sender ({answer}); check smtp.from")
        }
        (Stage::Recipient, _) => format!("{server} answered to its address: {answer}"),
        (Stage::Letter, _) => format!("{server} answered: {answer}"),
    }
}

/// Nothing that could be called an answer.
fn broken(stage: Stage, error: &Error, server: &str) -> String {
    let cause = root_cause(error);
    match stage {
        _ if error.is_response() => {
            format!("{server} closed the connection or broke the protocol {}", during(stage))
        }
        Stage::Auth if error.is_client() => {
            format!("{server} offers no sign-in that Postbud knows (PLAIN, LOGIN)")
        }
        Stage::Connect if error.is_client() => format!(
            "{server} does not offer STARTTLS; set smtp.tls to \"tls\", or to \"none\" for a relay \
             on this machine"
        ),
        Stage::Connect => format!("{server} cannot be reached: {cause}"),
        _ => format!("the connection to {server} broke {}: {cause}", during(stage)),
    }
}

fn during(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect => "while greeting",
        Stage::Auth => "while signing in",
        Stage::Sender => "at the sender",
        Stage::Recipient => "at the recipient",
        Stage::Letter => "while the letter was sent",
    }
}

/// The innermost error: the operating system's or the TLS library's words.
fn root_cause(error: &Error) -> String {
    let mut cause: &(dyn std::error::Error + 'static) = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    masked(&cause.to_string(), &[])
}

/// A server's words without what it may have copied from the letter: `secrets`, mail addresses,
/// anything in double quotes, and numbers of six digits or more; one line, cut.
fn masked(said: &str, secrets: &[&str]) -> String {
    let mut line: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    for secret in secrets.iter().map(|secret| secret.trim()).filter(|secret| secret.len() > 3) {
        line = line.replace(secret, "…");
    }
    let line = without_quoted(&line);
    let words: Vec<String> = line
        .split_whitespace()
        .map(|word| if word.contains('@') { "<address>".to_owned() } else { word.to_owned() })
        .collect();
    without_numbers(&words.join(" ")).chars().take(ANSWER_MAX_CHARS).collect()
}

fn without_quoted(line: &str) -> String {
    line.split('"')
        .enumerate()
        .map(|(at, piece)| if at % 2 == 0 { piece } else { "\"…\"" })
        .collect()
}

/// Runs of digits, also with single dashes or spaces between, become `#` from six digits on.
fn without_numbers(line: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        if !c.is_ascii_digit() {
            out.push(c);
            at += 1;
            continue;
        }
        let (mut end, mut digits) = (at, 0);
        while let Some(c) = chars.get(end) {
            let joins =
                matches!(c, '-' | ' ') && chars.get(end + 1).is_some_and(char::is_ascii_digit);
            if c.is_ascii_digit() {
                digits += 1;
            } else if !joins {
                break;
            }
            end += 1;
        }
        if digits >= 6 {
            out.push('#');
        } else {
            out.extend(chars.iter().skip(at).take(end - at));
        }
        at = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_server_echoes_is_masked() {
        let said = [
            "5.1.1 <mette@example.org>: Recipient address rejected",
            "5.7.1 Spam: \"Plads til Ida\" from 010190-0000 (010190 0000, 0101900000)",
            "4.7.1 Greylisted, try again in 300 seconds",
            "5.7.1 Subject Plads til Ida is not wanted\r\n\tid 3f9a",
            "5.0.0 unbalanced \"Plads til Ida",
        ];
        let lines: Vec<String> =
            said.iter().map(|line| masked(line, &["Plads til Ida", " ", "x"])).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn only_what_the_letter_is_to_blame_for_is_final() {
        for (stage, code, permanent) in [
            (Stage::Connect, 554, false),
            (Stage::Auth, 535, false),
            (Stage::Sender, 550, false),
            (Stage::Sender, 552, true),
            (Stage::Recipient, 450, false),
            (Stage::Recipient, 550, true),
            (Stage::Recipient, 530, false),
            (Stage::Letter, 451, false),
            (Stage::Letter, 554, true),
        ] {
            assert_eq!(is_permanent(stage, code), permanent, "{stage:?} {code}");
        }
    }

    proptest! {
        #[test]
        fn no_number_survives(before in "[a-z .]{0,9}", a in "[0-9]{6}", b in "[ -]?", c in "[0-9]{4}") {
            let masked = masked(&format!("{before}{a}{b}{c} end"), &[]);
            prop_assert!(!masked.contains(&a) && !masked.contains(&c));
        }

        #[test]
        fn any_answer_is_one_short_line(said in any::<String>()) {
            let masked = masked(&said, &[]);
            prop_assert!(masked.chars().count() <= ANSWER_MAX_CHARS);
            prop_assert!(!masked.chars().any(char::is_control));
            prop_assert!(!masked.contains('@'));
        }
    }
}
