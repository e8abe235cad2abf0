//! What a comparison says to a system owner.

use postbud_evaluate::{Comparison, Verdict};
use postbud_pipeline::ports::ShadowCounts;

use crate::cli::Lang;
use crate::output::percent;

/// Right, routed, of these wrong.
pub(in super::super) fn rows(lang: Lang) -> [&'static str; 3] {
    match lang {
        Lang::Da => ["Første bud rigtigt", "Sendt videre uden et menneske", "  heraf forkert"],
        Lang::En => ["First guess right", "Routed without a person", "  of these wrong"],
    }
}

/// `1.2 % (3 / 250)`; a dash when there is nothing to be a part of.
pub(in super::super) fn of(part: u64, whole: u64) -> String {
    match whole {
        0 => "–".to_owned(),
        _ => format!("{} ({part} / {whole})", percent(part as f64 / whole as f64)),
    }
}

/// Letters, difference, interval and p-value, each with its name.
pub(in super::super) fn test(lang: Lang, comparison: &Comparison) -> [[String; 2]; 4] {
    let names = match lang {
        Lang::Da => [
            "Bedømt på breve",
            "Forskel (procentpoint)",
            "  med 95 % sikkerhed mellem",
            "p-værdi (McNemar, eksakt)",
        ],
        Lang::En => [
            "Letters judged",
            "Difference (percentage points)",
            "  with 95 % certainty between",
            "p-value (exact McNemar)",
        ],
    };
    let points = |share: f64| format!("{:+.1}", 100.0 * share);
    let and = match lang {
        Lang::Da => "og",
        Lang::En => "and",
    };
    let interval = comparison.interval;
    let p = if comparison.p_value < 0.000_1 {
        "< 0.0001".to_owned()
    } else {
        format!("{:.4}", comparison.p_value)
    };
    let figures = [
        comparison.letters.to_string(),
        points(comparison.difference),
        format!("{} {and} {}", points(interval.low), points(interval.high)),
        p,
    ];
    let mut figures = figures.into_iter();
    names.map(|name| [name.to_owned(), figures.next().unwrap_or_default()])
}

/// A probability of chance as people write it; one that is not zero never looks as if it were.
pub(crate) fn chance(lang: Lang, p_value: f64) -> String {
    match lang {
        _ if p_value >= 0.001 => percent(p_value),
        Lang::Da => "under 0.1 %".to_owned(),
        Lang::En => "less than 0.1 %".to_owned(),
    }
}

/// Who is better, and whether that is chance.
pub(in super::super) fn verdict(
    lang: Lang,
    first: &str,
    second: &str,
    comparison: &Comparison,
) -> String {
    let paired = &comparison.paired;
    let (better, other, more, fewer) = match comparison.verdict {
        Verdict::First => (first, second, paired.only_first, paired.only_second),
        _ => (second, first, paired.only_second, paired.only_first),
    };
    let chance = chance(lang, comparison.p_value);
    match (lang, comparison.letters, comparison.verdict) {
        (Lang::Da, 0, _) => "Der er endnu ingen breve at bedømme dem på.".to_owned(),
        (Lang::En, 0, _) => "There are no letters to judge them on yet.".to_owned(),
        (Lang::Da, ..) if more + fewer == 0 => {
            "De er lige gode: begge rammer rigtigt på de samme breve.".to_owned()
        }
        (Lang::En, ..) if more + fewer == 0 => {
            "They are equally good: both are right about the same letters.".to_owned()
        }
        (Lang::Da, _, Verdict::NotProven) => format!(
            "Ingen af dem er bevist bedre: {more} breve er kun rigtige hos {better}, {fewer} kun \
             hos {other}, og tilfældet alene ville vise mindst så stor en forskel i {chance} af \
             tilfældene."
        ),
        (Lang::En, _, Verdict::NotProven) => format!(
            "Neither is proven better: {more} letters are right only with {better}, {fewer} only \
             with {other}, and chance alone would show at least such a difference {chance} of the \
             time."
        ),
        (Lang::Da, ..) => format!(
            "{better} er bedre: {more} breve er kun rigtige hos den, {fewer} kun hos {other}. Var \
             de lige gode, ville tilfældet vise så stor en forskel i {chance} af tilfældene."
        ),
        (Lang::En, ..) => format!(
            "{better} is better: {more} letters are right only with it, {fewer} only with \
             {other}. If they were equally good, chance would show such a difference {chance} of \
             the time."
        ),
    }
}

/// On which letters they were judged, and who has learned from them.
pub(in super::super) fn seen(
    lang: Lang,
    names: &[String; 2],
    letters: usize,
    left_out: usize,
    seen: [Option<usize>; 2],
) -> Vec<String> {
    let mut remarks = Vec::new();
    if left_out > 0 {
        remarks.push(match lang {
            Lang::Da => format!(
                "Bedømt på {letters} breve; {left_out} andre er udeladt, fordi en af dem har lært \
                 af dem."
            ),
            Lang::En => format!(
                "Judged on {letters} letters; {left_out} others are left out, since one of them \
                 has learned from those."
            ),
        });
    }
    for (name, seen) in names.iter().zip(seen) {
        match (lang, seen) {
            (_, Some(0)) => {}
            (Lang::Da, Some(seen)) => remarks
                .push(format!("{name} har lært af {seen} af dem, hvilket taler til dens fordel.")),
            (Lang::En, Some(seen)) => {
                remarks.push(format!("{name} has learned from {seen} of them, which favours it."));
            }
            (Lang::Da, None) => remarks.push(format!(
                "Hvad {name} har lært af, er ikke skrevet ned; har den set brevene, taler det til \
                 dens fordel."
            )),
            (Lang::En, None) => remarks.push(format!(
                "What {name} has learned from was not written down; if it has seen the letters, \
                 that favours it."
            )),
        }
    }
    remarks
}

/// What is behind figures from letters that both scored.
pub(in super::super) fn side_by_side(lang: Lang, counts: &ShadowCounts, judged: u64) -> String {
    let (letters, agree) = (counts.letters, counts.agree);
    match (lang, judged) {
        (Lang::Da, 0) => format!(
            "Begge har bedømt {letters} breve og er enige om {agree}. Intet menneske har endnu \
             sagt, hvor nogen af dem hører til; bedøm dem på breve med mærke med --letters."
        ),
        (Lang::En, 0) => format!(
            "Both scored {letters} letters and agree about {agree}. No person has said yet where \
             any of them belongs; judge them on labelled letters with --letters."
        ),
        (Lang::Da, _) => format!(
            "Begge har bedømt {letters} breve og er enige om {agree}. Om {judged} af dem har et \
             menneske sagt, hvor de hører til: mest breve, som modellen i brug var i tvivl om, og \
             hvor mennesket så dens bud. Begge ser derfor dårligere ud her end for al post."
        ),
        (Lang::En, _) => format!(
            "Both scored {letters} letters and agree about {agree}. Of {judged} of them a person \
             has said where they belong: mostly letters the model in use was not sure of, and the \
             person saw its suggestions. So both look worse here than on all mail."
        ),
    }
}
