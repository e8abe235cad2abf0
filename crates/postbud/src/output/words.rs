//! The words of the terminal, Danish and English, side by side so that none is forgotten.

use postbud_pipeline::ports::State;

use crate::cli::Lang;

/// Every word and short sentence that commands print.
pub(crate) struct Words {
    /// The language these words are in.
    pub(crate) lang: Lang,
    pub(crate) letter: &'static str,
    pub(crate) state: &'static str,
    pub(crate) mailbox: &'static str,
    pub(crate) probability: &'static str,
    pub(crate) received: &'static str,
    pub(crate) due: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) suggestions: &'static str,
    pub(crate) words: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) no_letters: &'static str,
    pub(crate) no_dead: &'static str,
    pub(crate) routed: &'static str,
    pub(crate) delivered: &'static str,
    pub(crate) review: &'static str,
    pub(crate) quarantined: &'static str,
    pub(crate) attempts: &'static str,
    pub(crate) bytes: &'static str,
    pub(crate) from: &'static str,
    pub(crate) contact_point: &'static str,
    pub(crate) documents: &'static str,
    pub(crate) what_happened: &'static str,
    pub(crate) quoted: &'static str,
}

const DA: Words = Words {
    lang: Lang::Da,
    letter: "Brev",
    state: "Tilstand",
    mailbox: "Postkasse",
    probability: "Sandsynlighed",
    received: "Modtaget",
    due: "Svarfrist",
    subject: "Emne",
    suggestions: "De tre bedste",
    words: "Ord for og imod",
    reason: "Begrundelse",
    no_letters: "Ingen breve passer.",
    no_dead: "Ingen breve er strandet.",
    routed: "på vej",
    delivered: "leveret",
    review: "venter",
    quarantined: "tilbageholdt",
    attempts: "Forsøg",
    bytes: "Bytes",
    from: "Fra",
    contact_point: "Kontaktpunkt",
    documents: "Dokumenter",
    what_happened: "Hvad der er sket",
    quoted: "Tidligere i tråden",
};

const EN: Words = Words {
    lang: Lang::En,
    letter: "Letter",
    state: "State",
    mailbox: "Mailbox",
    probability: "Probability",
    received: "Received",
    due: "Answer by",
    subject: "Subject",
    suggestions: "The three best",
    words: "Words for and against",
    reason: "Reason",
    no_letters: "No letters match.",
    no_dead: "No dead letters.",
    routed: "on its way",
    delivered: "delivered",
    review: "waiting",
    quarantined: "quarantined",
    attempts: "Attempts",
    bytes: "Bytes",
    from: "From",
    contact_point: "Contact point",
    documents: "Documents",
    what_happened: "What happened",
    quoted: "Earlier in the thread",
};

/// The words of a language.
pub(crate) fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::Da => &DA,
        Lang::En => &EN,
    }
}

/// The language asked for, or that of the environment (`LC_ALL`, `LC_MESSAGES`, `LANG`).
pub(crate) fn lang(asked: Option<Lang>) -> Lang {
    let danish = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    asked.unwrap_or_else(|| {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(danish);
        if locale.is_some_and(|value| value.starts_with("da")) { Lang::Da } else { Lang::En }
    })
}

impl Words {
    /// A state as people say it.
    pub(crate) fn state_name(&self, state: State) -> &'static str {
        match state {
            State::Routed => self.routed,
            State::Delivered => self.delivered,
            State::Review => self.review,
            State::Quarantined => self.quarantined,
        }
    }
}
