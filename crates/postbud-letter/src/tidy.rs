//! Decoded text to text for people and classifiers: line ends, control characters, length.

/// Text with `\n` for every line end, without control characters, without blank lines around it.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        // Most characters stay: they are copied a run at a time.
        let plain = rest.bytes().position(|byte| !is_plain(byte)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(plain);
        out.push_str(run);
        let mut chars = behind.chars();
        let Some(c) = chars.next() else { break };
        rest = chars.as_str();
        match c {
            '\r' => {
                rest = rest.strip_prefix('\n').unwrap_or(rest);
                out.push('\n');
            }
            '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{c}' => out.push('\n'),
            '\u{a0}' | '\u{202f}' => out.push(' '),
            c if is_noise(c) => {}
            '\u{308}' | '\u{30a}' | '\u{301}' => compose(&mut out, c),
            c => out.push(c),
        }
    }
    let start = out.len() - out.trim_start_matches(['\n', ' ', '\t']).len();
    // Indentation of the first line is kept: what goes are blank lines.
    let start = out[..start].rfind('\n').map_or(0, |newline| newline + 1);
    out.truncate(out.trim_end().len());
    if start >= out.len() { String::new() } else { out.split_off(start) }
}

/// A short value in one line: every run of white space is one space.
pub(crate) fn line(value: &str, most_bytes: usize) -> String {
    let mut out = String::with_capacity(value.len().min(most_bytes));
    for word in text(value).split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
        if out.len() > most_bytes {
            break;
        }
    }
    cut(&mut out, most_bytes);
    out
}

/// Cuts to at most `most_bytes`, between characters. Says whether it had to.
pub(crate) fn cut(text: &mut String, most_bytes: usize) -> bool {
    if text.len() <= most_bytes {
        return false;
    }
    text.truncate(text.floor_char_boundary(most_bytes));
    true
}

/// A byte that is a character of its own and stays as it is.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\t')
}

/// Control characters, and marks that show nothing: zero-width, byte order, soft hyphen.
fn is_noise(c: char) -> bool {
    c.is_control() || matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// macOS writes å as a and a ring; readers and classifiers know it as one letter.
fn compose(out: &mut String, mark: char) {
    let whole = match (out.chars().next_back(), mark) {
        (Some('a'), '\u{30a}') => 'å',
        (Some('A'), '\u{30a}') => 'Å',
        (Some('a'), '\u{308}') => 'ä',
        (Some('A'), '\u{308}') => 'Ä',
        (Some('o'), '\u{308}') => 'ö',
        (Some('O'), '\u{308}') => 'Ö',
        (Some('u'), '\u{308}') => 'ü',
        (Some('U'), '\u{308}') => 'Ü',
        (Some('e'), '\u{301}') => 'é',
        (Some('E'), '\u{301}') => 'É',
        _ => return out.push(mark),
    };
    out.pop();
    out.push(whole);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn line_ends_controls_and_blank_lines() {
        assert_eq!(text("\r\n\n  a\r\nb\rc\0\u{7}\u{feff}\n\n"), "  a\nb\nc");
        assert_eq!(text(" \n\t\n"), "");
        assert_eq!(text("a\u{30a}ben"), "åben");
        assert_eq!(line("  Re:\r\n\tom  pladsen\u{a0}i ", 100), "Re: om pladsen i");
        assert_eq!(line("blåbær", 3), "bl");
    }

    proptest! {
        #[test]
        fn every_run_of_plain_characters_stays(raw in "([ -~\n\t]|\r|å|\u{200b}|\u{a0})*") {
            let each = raw.replace("\r\n", "\n").replace('\r', "\n").replace('\u{200b}', "");
            let each = each.replace('\u{a0}', " ");
            let tidied = text(&raw);
            prop_assert_eq!(tidied.trim(), each.trim());
        }

        #[test]
        fn tidying_twice_changes_nothing_more(raw in "(\\PC|[\r\n\t \u{30a}\u{0}])*") {
            let once = text(&raw);
            prop_assert_eq!(text(&once), once.clone());
            let one = line(&raw, 20);
            prop_assert!(one.len() <= 20 && !one.contains('\n'));
        }
    }
}
