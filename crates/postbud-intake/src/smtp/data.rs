//! The message after DATA: dots unstuffed, and nothing but CR LF . CR LF ends it.
//!
//! A bare CR or LF makes the message ambiguous: another server may see its end, and commands,
//! where this one does not (SMTP smuggling). Such a message is read to its end and refused.

/// The longest line of a message, in bytes. RFC 5321 allows 1,000; real mail has longer ones.
const LINE_BYTES: usize = 1 << 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart,
    Line,
    Cr,
    Dot,
    DotCr,
}

/// What is wrong with a message as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DataFault {
    /// A CR or LF that stands alone.
    BareLineEnd,
    /// A line that is too long.
    LongLine,
}

/// Reads one message.
#[derive(Debug)]
pub(super) struct Data {
    at: At,
    line: usize,
    fault: Option<DataFault>,
}

impl Data {
    pub(super) fn new() -> Self {
        Self { at: At::LineStart, line: 0, fault: None }
    }

    /// What was wrong so far.
    pub(super) fn fault(&self) -> Option<DataFault> {
        self.fault
    }

    /// Reads from `bytes` and appends the message's bytes to `out`. Returns how many were read, and
    /// whether the message has ended; what follows then is the next command.
    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> (usize, bool) {
        for (n, &byte) in bytes.iter().enumerate() {
            if self.byte(byte, out) {
                return (n + 1, true);
            }
        }
        (bytes.len(), false)
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) -> bool {
        match (self.at, byte) {
            (At::DotCr, b'\n') => return true,
            (At::Cr, b'\n') => {
                out.extend_from_slice(b"\r\n");
                self.line = 0;
                self.at = At::LineStart;
            }
            (At::Cr | At::DotCr, _) => {
                self.wrong(DataFault::BareLineEnd);
                self.push(b'\r', out);
                self.ordinary(byte, out);
            }
            (At::LineStart, b'.') => self.at = At::Dot,
            (At::Dot, b'\r') => self.at = At::DotCr,
            (At::LineStart | At::Line | At::Dot, _) => self.ordinary(byte, out),
        }
        false
    }

    fn ordinary(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b'\r' => self.at = At::Cr,
            byte => {
                if byte == b'\n' {
                    self.wrong(DataFault::BareLineEnd);
                }
                self.push(byte, out);
                self.at = At::Line;
            }
        }
    }

    fn push(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.line += 1;
        if self.line > LINE_BYTES {
            self.wrong(DataFault::LongLine);
        }
        out.push(byte);
    }

    fn wrong(&mut self, fault: DataFault) {
        self.fault.get_or_insert(fault);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(wire: &[u8]) -> (Vec<u8>, Option<DataFault>, Option<usize>) {
        let (mut data, mut out) = (Data::new(), Vec::new());
        let (read, done) = data.feed(wire, &mut out);
        (out, data.fault(), done.then_some(read))
    }

    #[test]
    fn only_the_true_end_ends_a_message() {
        assert_eq!(read(b".\r\n"), (vec![], None, Some(3)));
        assert_eq!(read(b"a\r\n.\r\nQUIT\r\n"), (b"a\r\n".to_vec(), None, Some(6)));
        assert_eq!(read(b"..a\r\n.b\r\n.\r\n"), (b".a\r\nb\r\n".to_vec(), None, Some(12)));
        let bare = Some(DataFault::BareLineEnd);
        for wire in ["a\n.\n", "a\n.\r\n", "a\r.\r\n", "a\r\n.\n", "a\r\n.\rb\r\n", "a\r\r\n.\n"] {
            let (_, fault, end) = read(wire.as_bytes());
            assert_eq!((fault, end), (bare, None), "{wire:?}");
            let whole = format!("{wire}\r\n.\r\n");
            assert_eq!(read(whole.as_bytes()).2, Some(whole.len()), "{wire:?}");
        }
        let long = [vec![b'x'; LINE_BYTES + 1], b"\r\n.\r\n".to_vec()].concat();
        assert_eq!(read(&long).1, Some(DataFault::LongLine));
    }

    proptest! {
        #[test]
        fn what_a_client_stuffs_comes_out_again(
            lines in prop::collection::vec("[.a\u{e6} ]{0,6}", 0..12),
            cut in 0usize..80,
        ) {
            let message: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let stuffed: String = lines
                .iter()
                .map(|line| if line.starts_with('.') { format!(".{line}\r\n") } else { format!("{line}\r\n") })
                .collect();
            let wire = format!("{stuffed}.\r\nNOOP");
            let (mut data, mut out) = (Data::new(), Vec::new());
            let cut = cut.min(wire.len() - 4);
            let (first, done) = data.feed(&wire.as_bytes()[..cut], &mut out);
            let (second, done) = if done { (0, true) } else { data.feed(&wire.as_bytes()[cut..], &mut out) };
            prop_assert!(done);
            prop_assert_eq!(first + second, wire.len() - 4);
            prop_assert_eq!(out, message.into_bytes());
            prop_assert_eq!(data.fault(), None);
        }
    }
}
