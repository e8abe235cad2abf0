//! An mbox taken apart into its messages, one at a time.
//!
//! A message begins with a line `From sender date` at the start of the file or after an empty
//! line; in the messages `>From` stands for `From` (RFC 4155, and the forms known as mboxo and
//! mboxrd). Our own, since the mail library's reader takes any line that begins with `From ` for
//! the start of a message, and has no limit on a line or a message.

use std::io::{self, BufRead, Read};

/// The longest line that is looked at; longer ones come in pieces.
const LINE_BYTES: u64 = 1 << 20;

/// The messages of an mbox.
pub(super) struct Messages<R> {
    reader: R,
    /// A message may have so many bytes; of a longer one only its length is kept.
    most: usize,
    line: Vec<u8>,
    begun: bool,
    ended: bool,
}

/// A message, or that it was too long.
pub(super) type Message = Result<Vec<u8>, TooLong>;

/// A message of more bytes than a letter may have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl<R: BufRead> Messages<R> {
    pub(super) fn new(reader: R, most: usize) -> Self {
        Self { reader, most, line: Vec::new(), begun: false, ended: false }
    }

    /// The next message; `None` after the last. What stands before the first `From ` line is
    /// passed over.
    pub(super) fn next(&mut self) -> io::Result<Option<Message>> {
        if self.ended {
            return Ok(None);
        }
        let (mut message, mut too_long) = (Vec::new(), false);
        let (mut after_empty, mut line_begins) = (!self.begun, true);
        loop {
            self.line.clear();
            let read = self.reader.by_ref().take(LINE_BYTES).read_until(b'\n', &mut self.line)?;
            if read == 0 {
                self.ended = true;
                let none = !self.begun;
                return Ok((!none).then(|| finish(message, too_long)));
            }
            if line_begins && after_empty && begins_message(&self.line, self.begun) {
                if self.begun {
                    return Ok(Some(finish(message, too_long)));
                }
                self.begun = true;
                after_empty = false;
                continue;
            }
            let quoted = line_begins && is_quoted(&self.line);
            let line = self.line.get(usize::from(quoted)..).unwrap_or_default();
            if message.len() + line.len() > self.most {
                too_long = true;
            } else if self.begun && !too_long {
                message.extend_from_slice(line);
            }
            after_empty = line_begins && self.line.iter().all(|b| matches!(b, b'\r' | b'\n'));
            line_begins = self.line.last() == Some(&b'\n');
        }
    }
}

/// Without the empty line that ends each message.
fn finish(mut message: Vec<u8>, too_long: bool) -> Message {
    if too_long {
        return Err(TooLong);
    }
    if message.ends_with(b"\r\n\r\n") {
        message.truncate(message.len() - 2);
    } else if message.ends_with(b"\n\n") {
        message.pop();
    }
    Ok(message)
}

/// Later than at the start of the file, the line must have a time of day: "From " also begins
/// sentences.
fn begins_message(line: &[u8], later: bool) -> bool {
    let time = |five: &[u8]| {
        let digit = |at: usize| five[at].is_ascii_digit();
        five[2] == b':' && digit(0) && digit(1) && digit(3) && digit(4)
    };
    line.starts_with(b"From ") && (!later || line.windows(5).any(time))
}

/// `>From `, with any number of `>`.
fn is_quoted(line: &[u8]) -> bool {
    let rest = line.iter().position(|&b| b != b'>').and_then(|at| line.get(at..));
    line.first() == Some(&b'>') && rest.is_some_and(|rest| rest.starts_with(b"From "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn messages(text: &[u8], most: usize) -> Vec<Message> {
        let mut reader = Messages::new(text, most);
        std::iter::from_fn(|| reader.next().unwrap()).collect()
    }

    #[test]
    fn messages_end_where_the_next_begins_and_quoting_is_undone() {
        let text = b"From a@x Mon Nov 23 08:15:00 2026\nSubject: 1\n\nFrom my side:\n>From me\n>>From you\n> quoted\n\nFrom here on it is good.\n\nFrom - Mon Nov 23 08:16:00 2026\r\nSubject: 2\r\n\r\ntext\r\n\r\n";
        let found = messages(text, 1_000);
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0].as_deref().unwrap(),
            b"Subject: 1\n\nFrom my side:\nFrom me\n>From you\n> quoted\n\nFrom here on it is good.\n"
        );
        assert_eq!(found[1].as_deref().unwrap(), b"Subject: 2\r\n\r\ntext\r\n");
    }

    #[test]
    fn a_message_that_is_too_long_is_said_and_the_next_is_read() {
        let long = "x".repeat(200);
        let text = format!("From a 08:15\n\n{long}\n\nFrom b 08:16\n\nkort\n");
        let found = messages(text.as_bytes(), 100);
        assert_eq!(found, [Err(TooLong), Ok(b"\nkort\n".to_vec())]);
        assert!(messages(b"no mbox at all\n", 100).is_empty());
        assert!(messages(b"", 100).is_empty());
    }

    proptest! {
        #[test]
        fn what_is_written_as_mboxrd_is_read_back(
            bodies in prop::collection::vec("([ -~]{0,12}\n|>{0,2}From [ -~]{0,20}\n|\n){0,8}", 1..6),
        ) {
            let mut text = Vec::new();
            for body in &bodies {
                text.extend_from_slice(b"From a@x Mon Nov 23 08:15:00 2026\nSubject: x\n\n");
                for line in body.split_inclusive('\n') {
                    let quote = line.trim_start_matches('>').starts_with("From ");
                    text.extend_from_slice(if quote { b">" } else { b"" });
                    text.extend_from_slice(line.as_bytes());
                }
                text.push(b'\n');
            }
            let found = messages(&text, 10_000);
            prop_assert_eq!(found.len(), bodies.len());
            for (message, body) in found.iter().zip(&bodies) {
                let message = message.as_deref().unwrap();
                let wanted = format!("Subject: x\n\n{body}");
                prop_assert_eq!(message, wanted.as_bytes());
            }
        }

        #[test]
        fn nothing_makes_it_fail(text in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut with_start = b"From x\n".to_vec();
            with_start.extend(text);
            prop_assert!(!messages(&with_start, 50).is_empty());
        }
    }
}
