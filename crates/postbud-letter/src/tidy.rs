//! Decoded text to text for people and classifiers: line ends, control characters, length.

/// Text with `\n` for every line end, without control characters, without blank lines around it.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push('\n');
            }
            '\n' | '\t' => out.push(c),
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
        fn tidying_twice_changes_nothing_more(raw in "(\\PC|[\r\n\t \u{30a}\u{0}])*") {
            let once = text(&raw);
            prop_assert_eq!(text(&once), once.clone());
            let one = line(&raw, 20);
            prop_assert!(one.len() <= 20 && !one.contains('\n'));
        }
    }
}
