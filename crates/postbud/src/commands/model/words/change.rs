//! What is said when a role has changed.

use crate::cli::Lang;
use crate::output::percent;

/// A version took over.
pub(in super::super) fn promoted(lang: Lang, name: &str, before: Option<&str>) -> String {
    match (lang, before) {
        (Lang::Da, Some(before)) => format!(
            "{name} er i brug fra nu af i stedet for {before}. En kørende Postbud skifter selv \
             inden for få sekunder; `postbud model rollback` går tilbage."
        ),
        (Lang::En, Some(before)) => format!(
            "{name} is in use from now on instead of {before}. A running Postbud changes over \
             within seconds; `postbud model rollback` goes back."
        ),
        (Lang::Da, None) => format!("{name} er i brug fra nu af."),
        (Lang::En, None) => format!("{name} is in use from now on."),
    }
}

/// It was in use already.
pub(in super::super) fn already(lang: Lang, name: &str) -> String {
    match lang {
        Lang::Da => format!("{name} er allerede i brug. Der blev ikke ændret noget."),
        Lang::En => format!("{name} is in use already. Nothing was changed."),
    }
}

/// An earlier version is in use again.
pub(in super::super) fn rolled_back(lang: Lang, name: &str, before: &str) -> String {
    match lang {
        Lang::Da => format!(
            "{name} er i brug igen i stedet for {before}. En kørende Postbud skifter selv inden \
             for få sekunder; `postbud model promote` tager {before} i brug igen."
        ),
        Lang::En => format!(
            "{name} is in use again instead of {before}. A running Postbud changes over within \
             seconds; `postbud model promote` brings {before} back."
        ),
    }
}

/// What it may do by itself under the configuration.
pub(in super::super) fn may(lang: Lang, coverage: f64, target: f64) -> String {
    let (share, target) = (percent(coverage), percent(target));
    match (lang, coverage > 0.0) {
        (Lang::Da, true) => format!(
            "Med denne konfiguration må den selv sende {share} af brevene videre; heraf er højst \
             {target} forkerte."
        ),
        (Lang::En, true) => format!(
            "Under this configuration it may route {share} of the letters by itself; at most \
             {target} of those are wrong."
        ),
        (Lang::Da, false) => "Med denne konfiguration må den ikke selv sende breve videre: \
             beviset rækker ikke, eller ingen postkasse er slået til. Mennesker afgør."
            .to_owned(),
        (Lang::En, false) => "Under this configuration it may not route by itself: the evidence \
             does not suffice, or no mailbox is switched on. People decide."
            .to_owned(),
    }
}

/// A version scores beside the one in use.
pub(in super::super) fn challenges(lang: Lang, name: &str, champion: &str) -> String {
    match lang {
        Lang::Da => format!(
            "{name} bedømmer fra nu af hvert brev ved siden af {champion}, men sender ingen \
             videre. `postbud model compare` viser, hvem der er bedst."
        ),
        Lang::En => format!(
            "{name} scores every letter beside {champion} from now on, and routes none. `postbud \
             model compare` shows which one is better."
        ),
    }
}

/// The challenge is over, if there was one.
pub(in super::super) fn challenge_ended(lang: Lang, name: Option<&str>) -> String {
    match (lang, name) {
        (Lang::Da, Some(name)) => format!("{name} udfordrer ikke længere."),
        (Lang::En, Some(name)) => format!("{name} challenges no more."),
        (Lang::Da, None) => "Der var ingen udfordrer.".to_owned(),
        (Lang::En, None) => "There was no challenger.".to_owned(),
    }
}
