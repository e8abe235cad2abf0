//! What `postbud model` says, in Danish and English.

mod change;
mod compare;

use postbud_evaluate::Missing;
use postbud_learn::{Action, MeasuredOn, Role};

pub(super) use self::change::{already, challenge_ended, challenges, may, promoted, rolled_back};
pub(crate) use self::compare::chance;
pub(super) use self::compare::{of, rows, seen, side_by_side, test, verdict};
use crate::cli::Lang;
use crate::output::percent;

/// The heads of the columns of `list`.
pub(super) fn header(lang: Lang) -> [&'static str; 6] {
    match lang {
        Lang::Da => {
            ["Version", "Rolle", "Trænet", "Breve", "Første bud rigtigt", "Sender selv videre"]
        }
        Lang::En => {
            ["Version", "Role", "Trained", "Letters", "First guess right", "Routes by itself"]
        }
    }
}

/// What a version is there for.
pub(super) fn role(lang: Lang, role: Role) -> &'static str {
    match (lang, role) {
        (Lang::Da, Role::Champion) => "i brug",
        (Lang::Da, Role::Challenger) => "udfordrer",
        (Lang::Da, Role::Previous) => "forrige",
        (Lang::En, Role::Champion) => "in use",
        (Lang::En, Role::Challenger) => "challenger",
        (Lang::En, Role::Previous) => "previous",
    }
}

/// The share it may route by itself, and at which promise.
pub(super) fn certified(lang: Lang, coverage: f64, target: f64) -> String {
    let (share, target) = (percent(coverage), percent(target));
    match (lang, coverage > 0.0) {
        (Lang::Da, true) => format!("{share}, højst {target} forkert"),
        (Lang::En, true) => format!("{share}, at most {target} wrong"),
        (Lang::Da, false) => "intet endnu".to_owned(),
        (Lang::En, false) => "nothing yet".to_owned(),
    }
}

/// The names of the figures of one version.
pub(super) struct FigureNames {
    pub(super) version: &'static str,
    pub(super) trained: &'static str,
    pub(super) letters: &'static str,
    pub(super) right: &'static str,
    pub(super) top3: &'static str,
    pub(super) macro_f1: &'static str,
    pub(super) calibration: &'static str,
    pub(super) routes: &'static str,
    pub(super) wrong: &'static str,
    pub(super) doubtful: &'static str,
    pub(super) seed: &'static str,
    pub(super) checksum: &'static str,
    pub(super) data: &'static str,
}

/// The names of the figures of one version.
pub(super) fn figures(lang: Lang) -> FigureNames {
    match lang {
        Lang::Da => FigureNames {
            version: "version",
            trained: "trænet",
            letters: "lært af breve",
            right: "første bud rigtigt",
            top3: "rigtigt blandt de tre første",
            macro_f1: "makro-F1",
            calibration: "kalibreringsfejl",
            routes: "sender selv videre",
            wrong: "  heraf forkert, højst",
            doubtful: "tvivlsomme mærker",
            seed: "frø",
            checksum: "kontrolsum",
            data: "brevenes kontrolsum",
        },
        Lang::En => FigureNames {
            version: "version",
            trained: "trained",
            letters: "letters learned from",
            right: "first guess right",
            top3: "right among the first three",
            macro_f1: "macro F1",
            calibration: "calibration error",
            routes: "routes by itself",
            wrong: "  of these wrong, at most",
            doubtful: "doubtful labels",
            seed: "seed",
            checksum: "checksum",
            data: "checksum of the letters",
        },
    }
}

pub(super) fn mailboxes(lang: Lang, count: usize) -> String {
    match lang {
        Lang::Da => format!("i {count} postkasser"),
        Lang::En => format!("in {count} mailboxes"),
    }
}

/// On which letters the figures were measured.
pub(super) fn measured(lang: Lang, on: MeasuredOn, letters: usize) -> String {
    match (lang, on) {
        (Lang::Da, MeasuredOn::HeldOut) => {
            format!("målt på {letters} breve, som den ikke har lært af")
        }
        (Lang::En, MeasuredOn::HeldOut) => {
            format!("measured on {letters} letters that it has not learned from")
        }
        (Lang::Da, MeasuredOn::OutOfFold) => {
            format!("målt ved krydsvalidering over {letters} breve")
        }
        (Lang::En, MeasuredOn::OutOfFold) => {
            format!("measured by cross-validation over {letters} letters")
        }
    }
}

/// The promise of a version.
pub(super) fn promise(lang: Lang, target: f64, confidence: f64) -> String {
    let (target, confidence) = (percent(target), percent(confidence));
    match lang {
        Lang::Da => format!("løfte: højst {target} forkert, {confidence} sikkert"),
        Lang::En => format!("promise: at most {target} wrong, {confidence} sure"),
    }
}

/// What is missing for what is not certified.
pub(super) fn missing(lang: Lang, missing: Missing) -> String {
    match (lang, missing) {
        (_, Missing::Nothing) => String::new(),
        (Lang::Da, Missing::Letters(more)) => {
            format!("der mangler omkring {more} kontrollerede breve")
        }
        (Lang::En, Missing::Letters(more)) => format!("about {more} checked letters are missing"),
        (Lang::Da, Missing::BetterModel) => {
            "flere breve alene hjælper ikke; modellen tager for ofte fejl".to_owned()
        }
        (Lang::En, Missing::BetterModel) => {
            "more letters alone do not help; the model is wrong too often".to_owned()
        }
    }
}

/// The heading in a card under which its weaknesses stand.
pub(super) fn weaknesses(lang: Lang) -> &'static str {
    match lang {
        Lang::Da => "Kendte svagheder",
        Lang::En => "Known weaknesses",
    }
}

/// Where everything stands.
pub(super) fn card(lang: Lang, path: &str) -> String {
    match lang {
        Lang::Da => format!("Hele modelkortet: {path}"),
        Lang::En => format!("The whole model card: {path}"),
    }
}

/// The heads of the columns of the history.
pub(super) fn history(lang: Lang) -> [&'static str; 6] {
    match lang {
        Lang::Da => ["Hvornår", "Hvad", "Version", "I stedet for", "Hvem", "Hvorfor"],
        Lang::En => ["When", "What", "Version", "Instead of", "Who", "Why"],
    }
}

/// What was done to a role.
pub(super) fn action(lang: Lang, action: Action) -> &'static str {
    match (lang, action) {
        (Lang::Da, Action::Promote) => "taget i brug",
        (Lang::Da, Action::Rollback) => "taget i brug igen",
        (Lang::Da, Action::Challenge) => "udfordrer",
        (Lang::Da, Action::EndChallenge) => "udfordrer ikke længere",
        (Lang::En, Action::Promote) => "promoted",
        (Lang::En, Action::Rollback) => "rolled back to",
        (Lang::En, Action::Challenge) => "challenges",
        (Lang::En, Action::EndChallenge) => "challenges no more",
    }
}
