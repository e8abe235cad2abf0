//! What the doctor found: one line and, where there is something to do, a second that says what.

use crate::cli::Lang;
use crate::output::plain;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// As it should be.
    Good,
    /// Works, and somebody should know.
    Note,
    /// Keeps Postbud from working.
    Fault,
}

impl Level {
    /// The word in JSON.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Fault => "fault",
        }
    }
}

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Both {
    english: String,
    danish: String,
}

impl Both {
    pub(super) fn new(english: impl Into<String>, danish: impl Into<String>) -> Self {
        Self { english: english.into(), danish: danish.into() }
    }

    pub(super) fn pick(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.english,
            Lang::Da => &self.danish,
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// What was looked at: a word of the program, for programs.
    pub(super) part: &'static str,
    pub(super) level: Level,
    pub(super) says: Both,
    pub(super) advice: Option<Both>,
}

fn finding(part: &'static str, level: Level, english: String, danish: String) -> Finding {
    Finding { part, level, says: Both { english, danish }, advice: None }
}

/// As it should be.
pub(super) fn good(part: &'static str, english: String, danish: String) -> Finding {
    finding(part, Level::Good, english, danish)
}

/// Works, and somebody should know.
pub(super) fn note(part: &'static str, english: String, danish: String) -> Finding {
    finding(part, Level::Note, english, danish)
}

/// Keeps Postbud from working.
pub(super) fn fault(part: &'static str, english: String, danish: String) -> Finding {
    finding(part, Level::Fault, english, danish)
}

impl Finding {
    /// The same, and what to do.
    pub(super) fn advise(self, english: &str, danish: &str) -> Self {
        Self { advice: Some(Both::new(english, danish)), ..self }
    }

    /// For people.
    pub(super) fn line(&self, lang: Lang) -> String {
        let (level, part) = match lang {
            Lang::En => (["ok   ", "note ", "FAULT"][self.level as usize], self.part),
            Lang::Da => (["ok   ", "obs  ", "FEJL "][self.level as usize], danish(self.part)),
        };
        let mut line = format!("{level} {part}: {}", self.says.pick(lang));
        if let Some(advice) = &self.advice {
            line.push_str(&format!("\n      -> {}", advice.pick(lang)));
        }
        plain(&line)
    }
}

fn danish(part: &'static str) -> &'static str {
    match part {
        "configuration" => "opsætning",
        "kle" => "KLE",
        "store" => "database",
        "clock" => "ur",
        "queue" => "kø",
        "keys" => "nøgler",
        "intake" => "indgang",
        "model" => "model",
        "target" => "modtager",
        "disk" => "disk",
        "certificate" => "certifikat",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_is_said_in_both_languages_with_what_to_do() {
        let findings = [
            good("store", "answers".into(), "svarer".into()),
            note("disk", "4 GB free".into(), "4 GB ledig".into()).advise("make room", "ryd op"),
            fault("queue", "away".into(), "væk".into()).advise("start it", "start den"),
        ];
        let say = |lang| findings.iter().map(|f| f.line(lang)).collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(format!("{}\n\n{}", say(Lang::En), say(Lang::Da)), @r"
        ok    store: answers
        note  disk: 4 GB free
              -> make room
        FAULT queue: away
              -> start it

        ok    database: svarer
        obs   disk: 4 GB ledig
              -> ryd op
        FEJL  kø: væk
              -> start den
        ");
    }
}
