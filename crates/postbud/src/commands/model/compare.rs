//! `postbud model compare`: which of two versions is better, and whether that is chance.

use postbud_evaluate::Comparison;

use super::{Place, letters, shadow, words};
use crate::cli::{CompareArgs, Lang};
use crate::exit::{self, Failure};
use crate::output;

/// What both did, ready to print.
pub(super) struct Compared {
    /// `klitkobing/7`, both.
    pub(super) names: [String; 2],
    /// What a row is about, and the figure of each.
    pub(super) rows: Vec<[String; 3]>,
    /// The test.
    pub(super) comparison: Comparison,
    /// On what, and what to know of it.
    pub(super) remarks: Vec<String>,
}

/// Compares on the letters that were named, otherwise on those that both scored side by side.
pub(super) async fn run(args: &CompareArgs) -> anyhow::Result<()> {
    if args.first == args.second {
        let message = "a version is as good as itself; name two different ones";
        return Err(Failure::new(exit::CONFIGURATION, message).into());
    }
    let place = Place::of(&args.which)?;
    let lang = output::lang(args.which.output.lang);
    let (document, compared) = if args.letters.is_empty() {
        shadow::compare(args, &place, lang).await?
    } else {
        letters::compare(args, &place, lang)?
    };
    if args.which.output.json {
        return output::json(&document);
    }
    output::line(&text(lang, &compared))
}

/// Table, remarks, and the sentence that counts.
pub(super) fn text(lang: Lang, compared: &Compared) -> String {
    let [first, second] = &compared.names;
    let comparison = &compared.comparison;
    let mut rows: Vec<Vec<String>> = compared.rows.iter().map(|row| row.to_vec()).collect();
    if comparison.letters > 0 {
        rows.extend(
            words::test(lang, comparison).map(|[name, figure]| vec![name, String::new(), figure]),
        );
    }
    let mut parts = vec![output::table(&["", first, second], &[1, 2], rows)];
    parts.extend(compared.remarks.iter().cloned());
    parts.push(words::verdict(lang, first, second, comparison));
    parts.join("\n")
}

#[cfg(test)]
mod tests {
    use postbud_evaluate::Paired;
    use postbud_pipeline::ports::{ShadowCounts, ShadowLabelled};

    use super::*;

    #[test]
    fn one_sentence_says_who_is_better_and_whether_that_is_chance() {
        let names = || ["klitkobing/1".to_owned(), "klitkobing/2".to_owned()];
        let mut shown = Vec::new();
        for lang in [Lang::Da, Lang::En] {
            for pairs in [(4, 22), (22, 4), (5, 8), (1, 40), (0, 0)] {
                let paired =
                    Paired { both: 150, only_first: pairs.0, only_second: pairs.1, neither: 24 };
                let compared = Compared {
                    names: names(),
                    rows: Vec::new(),
                    comparison: paired.compare(),
                    remarks: words::seen(lang, &names(), 200, 12, [Some(0), None]),
                };
                shown.push(text(lang, &compared));
            }
            let labelled = ShadowLabelled {
                both: 30,
                only_champion: 2,
                only_challenger: 9,
                neither: 4,
                champion_routed: 10,
                champion_routed_wrong: 1,
                challenger_routed: 20,
                challenger_routed_wrong: 0,
            };
            let mut counts = ShadowCounts {
                letters: 400,
                agree: 371,
                champion_routed: 210,
                challenger_routed: 260,
                both_routed: 200,
                both_routed_apart: 1,
                labelled,
                differences: Vec::new(),
            };
            // The challenger is named first: the columns must follow the names.
            shown.push(text(lang, &shadow::compared(lang, names(), &counts, false)));
            counts.labelled = ShadowLabelled::default();
            shown.push(text(lang, &shadow::compared(lang, names(), &counts, true)));
        }
        insta::assert_snapshot!(shown.join("\n\n"));
    }
}
