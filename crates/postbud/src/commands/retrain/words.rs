//! What a retraining says to a system owner, in Danish and English.

use postbud_evaluate::{Comparison, Verdict};
use postbud_learn::{FEWEST_JUDGED, Judged, KeptOut, Objection};
use postbud_pipeline::ports::RetrainOutcome;

use crate::cli::Lang;
use crate::commands::model::chance;
use crate::output::percent;

/// The model that is made without the newest letters, to be judged on them.
pub(super) fn trial(lang: Lang) -> &'static str {
    match lang {
        Lang::Da => "prøvemodel",
        Lang::En => "trial model",
    }
}

/// The heads of the table: what, new, in use.
pub(super) fn header(lang: Lang) -> [&'static str; 3] {
    match lang {
        Lang::Da => ["", "Ny", "I brug"],
        Lang::En => ["", "New", "In use"],
    }
}

/// The rows of the table.
pub(super) fn rows(lang: Lang) -> [&'static str; 5] {
    match lang {
        Lang::Da => [
            "Model",
            "Bedømt på breve",
            "Første bud rigtigt",
            "Sendt videre uden et menneske",
            "  heraf forkert",
        ],
        Lang::En => [
            "Model",
            "Letters judged",
            "First guess right",
            "Routed without a person",
            "  of these wrong",
        ],
    }
}

/// On which letters, and what to know of them.
pub(super) fn letters(lang: Lang, judged: &Judged) -> String {
    let which = match (lang, judged.by) {
        (Lang::Da, KeptOut::Time) => "de nyeste breve, som den nye model ikke lærte af",
        (Lang::En, KeptOut::Time) => "the newest letters, which the new model did not learn from",
        (Lang::Da, KeptOut::Id) => {
            "en femtedel, valgt tilfældigt, da for få breve har en dato; \
             den nye model lærte ikke af dem"
        }
        (Lang::En, KeptOut::Id) => {
            "a fifth chosen at random, since too few letters carry a date; \
             the new model did not learn from them"
        }
    };
    let begin = match lang {
        Lang::Da => "Bedømt på",
        Lang::En => "Judged on",
    };
    let saw = match (lang, judged.champion_saw, &judged.old) {
        (_, Some(0), _) | (_, _, None) => String::new(),
        (Lang::Da, Some(saw), _) => {
            format!(" Den, der er i brug, har lært af {saw} af dem, hvilket taler til dens fordel.")
        }
        (Lang::En, Some(saw), _) => {
            format!(" The one in use has learned from {saw} of them, which favours it.")
        }
        (Lang::Da, None, _) => " Hvad den, der er i brug, har lært af, er ikke skrevet ned; \
             har den set dem, taler det til dens fordel."
            .to_owned(),
        (Lang::En, None, _) => " What the one in use has learned from was not written down; \
             if it has seen them, that favours it."
            .to_owned(),
    };
    format!("{begin} {which}.{saw}")
}

/// Who is better, and whether that is chance.
pub(super) fn verdict(lang: Lang, comparison: &Comparison) -> String {
    let (old, new) = (comparison.paired.only_first, comparison.paired.only_second);
    let chance = chance(lang, comparison.p_value);
    match (lang, comparison.verdict) {
        (Lang::Da, Verdict::Second) => format!(
            "Den nye er bedre: {new} breve er kun rigtige hos den, {old} kun hos den, der er i \
             brug. Var de lige gode, ville tilfældet vise så stor en forskel i {chance} af \
             tilfældene."
        ),
        (Lang::En, Verdict::Second) => format!(
            "The new one is better: {new} letters are right only with it, {old} only with the one \
             in use. If they were equally good, chance would show such a difference {chance} of \
             the time."
        ),
        (Lang::Da, Verdict::First) => format!(
            "Den, der er i brug, er bedre: {old} breve er kun rigtige hos den, {new} kun hos den \
             nye. Var de lige gode, ville tilfældet vise så stor en forskel i {chance} af \
             tilfældene."
        ),
        (Lang::En, Verdict::First) => format!(
            "The one in use is better: {old} letters are right only with it, {new} only with the \
             new one. If they were equally good, chance would show such a difference {chance} of \
             the time."
        ),
        (Lang::Da, Verdict::NotProven) => format!(
            "Ingen af dem er bevist bedre: {new} breve er kun rigtige hos den nye, {old} kun hos \
             den, der er i brug, og tilfældet alene ville vise det i {chance} af tilfældene."
        ),
        (Lang::En, Verdict::NotProven) => format!(
            "Neither is proven better: {new} letters are right only with the new one, {old} only \
             with the one in use, and chance alone would show that {chance} of the time."
        ),
    }
}

/// What the version itself may do: letters, share routed, bound of the error.
pub(super) fn version(lang: Lang, letters: usize, coverage: f64, bound: Option<f64>) -> String {
    let coverage = percent(coverage);
    match (lang, bound.map(percent)) {
        (Lang::Da, Some(bound)) => format!(
            "Den nye version har lært af alle {letters} breve. Den må selv sende {coverage} af \
             brevene videre; heraf er højst {bound} forkerte."
        ),
        (Lang::En, Some(bound)) => format!(
            "The new version has learned from all {letters} letters. It may route {coverage} of \
             the letters by itself; at most {bound} of those are wrong."
        ),
        (Lang::Da, None) => format!(
            "Den nye version har lært af alle {letters} breve. Den må ikke selv sende breve videre \
             endnu: beviset rækker ikke, eller ingen postkasse er slået til."
        ),
        (Lang::En, None) => format!(
            "The new version has learned from all {letters} letters. It may not route by itself \
             yet: the evidence does not suffice, or no mailbox is switched on."
        ),
    }
}

/// What speaks against letting it take over.
pub(super) fn objection(lang: Lang, objection: &Objection) -> String {
    match (lang, objection) {
        (Lang::Da, Objection::TooFewJudged { letters, missing }) => format!(
            "Kun {letters} breve at bedømme på; det skal være {FEWEST_JUDGED}, altså {missing} mere."
        ),
        (Lang::En, Objection::TooFewJudged { letters, missing }) => format!(
            "Only {letters} letters to judge on; it takes {FEWEST_JUDGED}, that is {missing} more."
        ),
        (Lang::Da, Objection::Worse { p_value }) => {
            format!(
                "Den nye rammer sjældnere rigtigt (tilfældet alene: {}).",
                chance(lang, *p_value)
            )
        }
        (Lang::En, Objection::Worse { p_value }) => {
            format!("The new one is right less often (chance alone: {}).", chance(lang, *p_value))
        }
        (Lang::Da, Objection::RoutesLess { old, new }) => format!(
            "Den nye ville sende {} videre uden et menneske, den i brug {}.",
            percent(*new),
            percent(*old)
        ),
        (Lang::En, Objection::RoutesLess { old, new }) => format!(
            "The new one would route {} without a person, the one in use {}.",
            percent(*new),
            percent(*old)
        ),
        (Lang::Da, Objection::BreaksPromise { target, at_least }) => format!(
            "Af det, den nye sender videre, er mindst {} forkert; lovet er højst {}.",
            percent(*at_least),
            percent(*target)
        ),
        (Lang::En, Objection::BreaksPromise { target, at_least }) => format!(
            "Of what the new one routes at least {} is wrong; promised is at most {}.",
            percent(*at_least),
            percent(*target)
        ),
        (Lang::Da, Objection::Forgets { mailboxes }) => format!(
            "Den nye kender ikke {}: deres breve mangler. Nævn dem i [retrain] letters.",
            mailboxes.join(", ")
        ),
        (Lang::En, Objection::Forgets { mailboxes }) => format!(
            "The new one does not know {}: their letters are missing. Name them in [retrain] \
             letters.",
            mailboxes.join(", ")
        ),
    }
}

/// How it ends, with the version where there is one.
pub(super) fn outcome(lang: Lang, outcome: RetrainOutcome, version: &str, fits: bool) -> String {
    match (lang, outcome) {
        (Lang::Da, RetrainOutcome::Unchanged) => {
            format!("Intet nyt: {version} har lært af de samme breve. Der blev ikke gjort noget.")
        }
        (Lang::En, RetrainOutcome::Unchanged) => {
            format!("Nothing new: {version} has learned from the same letters. Nothing was done.")
        }
        (Lang::Da, RetrainOutcome::TooFew) => {
            "Der er endnu for få breve med mærke at lære af.".to_owned()
        }
        (Lang::En, RetrainOutcome::TooFew) => {
            "There are too few labelled letters to learn from yet.".to_owned()
        }
        (Lang::Da, RetrainOutcome::Promoted) => format!("{version} er i brug fra nu af."),
        (Lang::En, RetrainOutcome::Promoted) => format!("{version} is in use from now on."),
        (Lang::Da, _) if fits => format!(
            "{version} er ikke dårligere end den, der er i brug. `postbud model promote` lader den \
             tage over."
        ),
        (Lang::En, _) if fits => format!(
            "{version} is not worse than the one in use. `postbud model promote` lets it take over."
        ),
        (Lang::Da, _) => {
            format!("{version} er gemt. `postbud model list` viser, hvilken version der er i brug.")
        }
        (Lang::En, _) => {
            format!("{version} is kept. `postbud model list` shows which version is in use.")
        }
    }
}

/// Labelled letters without anything to read.
pub(super) fn unreadable(lang: Lang, count: usize) -> String {
    match lang {
        Lang::Da => format!("{count} breve med mærke har ingen tekst at lære af."),
        Lang::En => format!("{count} labelled letters have no text to learn from."),
    }
}
