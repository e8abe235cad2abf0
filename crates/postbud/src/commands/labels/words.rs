//! What `postbud labels` says, in Danish and English.

use postbud_pipeline::ports::LabelSource;

use crate::cli::Lang;

/// The heads of the columns.
pub(super) fn header(lang: Lang) -> [&'static str; 7] {
    match lang {
        Lang::Da => ["Brev", "Nr.", "Postkasse", "Hvem", "Hvornår", "Hvordan", "Gælder"],
        Lang::En => ["Letter", "No.", "Mailbox", "Who", "When", "How", "Holds"],
    }
}

pub(super) fn none(lang: Lang) -> &'static str {
    match lang {
        Lang::Da => "Ingen mærker passer.",
        Lang::En => "No labels match.",
    }
}

/// How a label came about.
pub(super) fn source(lang: Lang, source: LabelSource) -> &'static str {
    match (lang, source) {
        (Lang::Da, LabelSource::Desk) => "skranken",
        (Lang::Da, LabelSource::Terminal) => "terminalen",
        (Lang::Da, LabelSource::BlindSample) => "blind stikprøve",
        (Lang::Da, LabelSource::Returned) => "sendt tilbage",
        (Lang::Da, LabelSource::Imported) => "importeret",
        (Lang::En, LabelSource::Desk) => "desk",
        (Lang::En, LabelSource::Terminal) => "terminal",
        (Lang::En, LabelSource::BlindSample) => "blind sample",
        (Lang::En, LabelSource::Returned) => "returned",
        (Lang::En, LabelSource::Imported) => "imported",
    }
}

/// Whether a label holds.
pub(super) fn holds(lang: Lang, holds: bool, withdrawn_by: Option<&str>) -> String {
    match (lang, holds, withdrawn_by) {
        (Lang::Da, _, Some(by)) => format!("trukket tilbage af {by}"),
        (Lang::En, _, Some(by)) => format!("withdrawn by {by}"),
        (Lang::Da, true, None) => "ja".to_owned(),
        (Lang::En, true, None) => "yes".to_owned(),
        (Lang::Da, false, None) => "rettet".to_owned(),
        (Lang::En, false, None) => "corrected".to_owned(),
    }
}

/// What was withdrawn.
pub(super) fn withdrawn(lang: Lang, number: u32, letter: &str) -> String {
    match lang {
        Lang::Da => format!("Mærke {number} på {letter} er trukket tilbage."),
        Lang::En => format!("Label {number} of {letter} is withdrawn."),
    }
}

/// Stored, known, erased, failed.
pub(super) fn imported(lang: Lang, [stored, known, erased, failed]: [u64; 4]) -> String {
    match lang {
        Lang::Da => format!(
            "{stored} breve gemt med mærke, {known} var der i forvejen, {erased} er slettet og \
             bliver væk, {failed} kunne ikke bruges. Ingen af dem er sendt nogen steder hen."
        ),
        Lang::En => format!(
            "{stored} letters stored with their label, {known} were there already, {erased} were \
             erased and stay away, {failed} could not be used. None of them was sent anywhere."
        ),
    }
}
