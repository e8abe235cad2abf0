//! Danish first, English by a switch.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use postbud_decide::Lang;
use postbud_letter::{Channel, DocumentFormat};
use postbud_pipeline::ports::{Said, State};

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Words(pub(crate) Lang);

impl Words {
    /// What the cookie says; Danish without one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self(match cookie(headers, "lang") {
            Some("en") => Lang::English,
            _ => Lang::Danish,
        })
    }

    /// The one of two texts.
    pub(crate) fn t<'a>(&self, danish: &'a str, english: &'a str) -> &'a str {
        match self.0 {
            Lang::Danish => danish,
            Lang::English => english,
        }
    }

    /// The one of two sentences.
    pub(crate) fn said<'a>(&self, said: &'a Said) -> &'a str {
        self.t(&said.danish, &said.english)
    }

    /// The code for `lang="…"`.
    pub(crate) fn code(&self) -> &'static str {
        match self.0 {
            Lang::Danish => "da",
            Lang::English => "en",
        }
    }

    /// A probability in numbers.
    pub(crate) fn percent(&self, probability: f64) -> String {
        let text = format!("{:.0}", probability * 100.0);
        self.t("% %", "%%").replacen('%', &text, 1)
    }

    /// A share in numbers, to a tenth of a percent.
    pub(crate) fn tenths(&self, share: f64) -> String {
        let text = format!("{:.1}", share * 100.0).replace('.', self.t(",", "."));
        self.t("# %", "#%").replacen('#', &text, 1)
    }

    /// A probability in words.
    pub(crate) fn likely(&self, probability: f64) -> &'static str {
        match probability {
            p if p >= 0.9 => self.t("næsten sikkert", "almost certain"),
            p if p >= 0.7 => self.t("sandsynligt", "likely"),
            p if p >= 0.4 => self.t("muligt", "possible"),
            p if p >= 0.15 => self.t("mindre sandsynligt", "less likely"),
            _ => self.t("næppe", "hardly"),
        }
    }

    /// The name of a state.
    pub(crate) fn state(&self, state: State) -> &'static str {
        match state {
            State::Routed => self.t("på vej", "on its way"),
            State::Delivered => self.t("leveret", "delivered"),
            State::Review => self.t("venter", "waiting"),
            State::Quarantined => self.t("tilbageholdt", "quarantined"),
        }
    }

    /// By which way a letter came.
    pub(crate) fn channel(&self, channel: Channel) -> &'static str {
        match channel {
            Channel::DigitalPost => "Digital Post",
            Channel::Email => self.t("E-mail", "Email"),
            Channel::Unknown => self.t("ukendt", "unknown"),
        }
    }

    /// What happened, in a word.
    pub(crate) fn event(&self, what: &str) -> String {
        match what {
            "received" => self.t("modtaget", "received"),
            "decided" => self.t("afgjort", "decided"),
            "assigned" => self.t("fordelt", "assigned"),
            "delivered" => self.t("leveret", "delivered"),
            "delivery-failed" => self.t("ikke leveret", "not delivered"),
            "quarantined" => self.t("tilbageholdt", "quarantined"),
            "returned" => self.t("sendt tilbage", "sent back"),
            "sent-on" => self.t("sendt videre efter et andet blik", "sent on after a second look"),
            "undone" => self.t("fortrudt", "taken back"),
            other => other,
        }
        .to_owned()
    }

    /// Why a letter waits: a word of `WAITS_FOR` in people's words.
    pub(crate) fn waits_for(&self, why: &str) -> &'static str {
        match why {
            "infected" => self.t("virus fundet", "malware found"),
            "unchecked" => self.t("ikke kontrolleret for virus", "not checked for malware"),
            "rule" => self.t("en regel beder om et menneske", "a rule asks for a person"),
            "rule-held" => self.t("en regel blev holdt tilbage", "a rule was held back"),
            "reply-held" => self.t("et svar blev holdt tilbage", "a reply was held back"),
            "kle-held" => self.t("et KLE-emne blev holdt tilbage", "a KLE subject was held back"),
            "must-not-miss" => self.t("må ikke overses", "must not be missed"),
            "defect" => self.t("kunne ikke læses helt", "could not be read entirely"),
            "no-text" => self.t("ingen tekst", "no text"),
            "nearly-empty" => self.t("næsten ingen tekst", "next to no text"),
            "other-language" => self.t("et andet sprog", "another language"),
            "unlike-training" => self.t("ligner ikke kendt post", "unlike known mail"),
            "no-model" => self.t("ingen model", "no model"),
            "unknown-mailbox" => self.t("ukendt postkasse", "unknown mailbox"),
            "nowhere" => self.t("hører ingen steder til", "belongs nowhere"),
            "never-automatic" => self.t("aldrig automatisk", "never automatic"),
            "not-automatic" => self.t("automatik er ikke tændt", "automatic is not on"),
            "not-certified" => self.t("ikke nok bevis", "not enough evidence"),
            "below-threshold" => self.t("ikke sikkert nok", "not certain enough"),
            "delivery-failed" => self.t("kunne ikke leveres", "could not be delivered"),
            "returned" => self.t("sendt tilbage", "sent back"),
            _ => "?",
        }
    }

    /// Why somebody looked at a letter: a word of the access log in people's words.
    pub(crate) fn looked<'a>(&self, why: &'a str) -> &'a str {
        match why {
            "work" => self.t("åbnet for at afgøre", "opened to decide"),
            "history" => self.t("åbnet efter afgørelsen", "opened after the decision"),
            "second-look" => self.t("andet blik", "second look"),
            "document" => self.t("dokument hentet", "document downloaded"),
            "api" => self.t("hentet af et program", "read by a program"),
            "not-mine" => self.t("sendt tilbage af postkassen", "sent back by its mailbox"),
            "export" => self.t("udleveret til personen", "handed out to the person"),
            "search" => self.t("søgte", "searched"),
            "terminal" => self.t("læst på serveren", "read on the server"),
            "person-export" => {
                self.t("udleverede alt om en person", "handed out everything about a person")
            }
            "person-erase" => self.t("slettede en person", "erased a person"),
            "person-restrict" => self.t("begrænsede en person", "restricted a person"),
            "person-lift" => self.t("ophævede en begrænsning", "lifted a restriction"),
            "replay" => self.t("lagt i køen igen", "put back on the queue"),
            other => other,
        }
    }

    /// What kind of document it is.
    pub(crate) fn format(&self, format: DocumentFormat) -> &'static str {
        use DocumentFormat as F;
        match format {
            F::Text => self.t("tekst", "text"),
            F::Html => self.t("webside", "web page"),
            F::Pdf => "PDF",
            F::Docx => self.t("Word-dokument", "Word document"),
            F::Xlsx => self.t("regneark", "spreadsheet"),
            F::Pptx => self.t("præsentation", "presentation"),
            F::OpenDocument => "OpenDocument",
            F::Rtf => "RTF",
            F::Mail => self.t("mail", "mail"),
            F::Zip => self.t("arkiv", "archive"),
            F::Image => self.t("billede", "picture"),
            F::Signature => self.t("digital underskrift", "digital signature"),
            F::OldOffice => self.t("ældre Office-dokument", "older Office document"),
            _ => self.t("ukendt art", "unknown kind"),
        }
    }

    /// How long ago, in minutes, hours or days.
    pub(crate) fn age(&self, ms: i64) -> String {
        let minutes = ms.max(0) / 60_000;
        match minutes {
            0..60 => format!("{minutes} min"),
            60..2880 => format!("{} {}", minutes / 60, self.t("t", "h")),
            _ => format!("{} {}", minutes / 1440, self.t("dage", "days")),
        }
    }
}

/// The value of a cookie.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let values = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        values.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}
