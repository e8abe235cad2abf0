//! Text from outside, made safe for a terminal, and moments as people write them.

use postbud_pipeline::ports::Timestamp;

use crate::cli::Lang;

/// Without control characters: a letter must not be able to move the cursor or change colours.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{FFFD}' } else { c })
        .collect()
}

/// The first `most` characters, in one line.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return plain(&line);
    }
    let kept: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", plain(kept.trim_end()))
}

/// `2026-11-25 17:04` in UTC.
pub(crate) fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map_or_else(|_| at.0.to_string(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
}

/// The same language in the words of the crate that describes decisions.
pub(crate) fn decide_lang(lang: Lang) -> postbud_decide::Lang {
    match lang {
        Lang::Da => postbud_decide::Lang::Danish,
        Lang::En => postbud_decide::Lang::English,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_cannot_steer_the_terminal() {
        assert_eq!(plain("a\u{1b}[31mb\r\nc"), "a\u{FFFD}[31mb\u{FFFD}\nc");
        assert_eq!(cut("et  to\n\u{7}tre", 40), "et to \u{FFFD}tre");
        assert_eq!(cut("hundehalsbånd", 6), "hunde…");
    }

    #[test]
    fn moments_are_short() {
        assert_eq!(moment(Timestamp(0)), "1970-01-01 00:00");
        assert_eq!(moment(Timestamp(i64::MAX)), i64::MAX.to_string());
    }
}
