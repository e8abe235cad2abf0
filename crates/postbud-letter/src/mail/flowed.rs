//! format=flowed (RFC 3676): lines that were broken for transport become one again.

/// The text with its soft line breaks taken out. `delsp`: the space before them goes too.
pub(super) fn unflow(text: &str, delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let depth = line.bytes().take_while(|&b| b == b'>').count();
        let content = &line[depth..];
        let content = content.strip_prefix(' ').unwrap_or(content);
        if open != Some(depth) || content == "-- " {
            if !out.is_empty() || open.is_some() {
                out.push('\n');
            }
            out.extend(std::iter::repeat_n('>', depth));
            if depth > 0 {
                out.push(' ');
            }
        }
        let soft = content.ends_with(' ') && content != "-- ";
        out.push_str(if soft && delsp { &content[..content.len() - 1] } else { content });
        open = Some(if soft { depth } else { usize::MAX });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_breaks_go_and_hard_ones_stay() {
        let text = "Kære kommune \nVi bor \nher.\n\nHilsen\n-- \nBo\n>> a \n>> b\n> c";
        assert_eq!(unflow(text, false), "Kære kommune Vi bor her.\n\nHilsen\n-- \nBo\n>> a b\n> c");
        assert_eq!(unflow("kommu \nne", true), "kommune");
        assert_eq!(unflow(" >stuffed", false), ">stuffed");
        assert_eq!(unflow("\n\na", false), "\n\na");
    }
}
