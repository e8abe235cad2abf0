//! Two versions on the letters that both scored while one was in use and the other challenged it.

use postbud_evaluate::Paired;
use postbud_pipeline::ports::{ShadowCounts, ShadowRun, Shadows as _};
use serde_json::{Value, json};

use super::compare::Compared;
use super::{Place, words};
use crate::cli::{CompareArgs, Lang};
use crate::exit::{self, Failure};
use crate::output::percent;
use crate::wiring;

/// So many runs are looked through.
const RUNS: u32 = 1_000;

/// Asks the store what both said, and what people said.
pub(super) async fn compare(
    args: &CompareArgs,
    place: &Place,
    lang: Lang,
) -> anyhow::Result<(Value, Compared)> {
    let Some(config) = &place.config else {
        let message = "what both scored side by side is in the store of an installation: name its \
                       configuration with --config, or labelled letters with --letters";
        return Err(Failure::new(exit::CONFIGURATION, message).into());
    };
    let names = [args.first, args.second].map(|version| place.name(version));
    let store = wiring::store(config).await?;
    let runs = store.shadow_runs(RUNS).await?;
    let found = runs.iter().find_map(|run| Some((run, first_is_champion(run, &names)?)));
    let Some((run, first_is_champion)) = found else {
        let [first, second] = &names;
        let message = format!(
            "{first} and {second} have not scored letters side by side: make one of them the \
             challenger of the other with `postbud model challenge`, or judge both on labelled \
             letters with --letters"
        );
        return Err(Failure::new(exit::FAILED, message).into());
    };
    let champion = run.champion.clone().unwrap_or_else(|| run.challenger.clone());
    let counts = store.shadow_counts(&champion, &run.challenger).await?;
    let compared = compared(lang, names, &counts, first_is_champion);
    let document = json!({
        "on": "shadow",
        "first": compared.names[0],
        "second": compared.names[1],
        "run": run,
        "counts": counts,
        "comparison": compared.comparison,
    });
    Ok((document, compared))
}

/// Is this the run of these two, and is the first of them the champion?
fn first_is_champion(run: &ShadowRun, [first, second]: &[String; 2]) -> Option<bool> {
    // A model's id is its name and the beginning of its checksum.
    let is = |id: &str, name: &str| id.split_once('@').map_or(id, |(name, _)| name) == name;
    let (champion, challenger) = (&run.champion.as_ref()?.0, &run.challenger.0);
    if is(champion, first) && is(challenger, second) {
        Some(true)
    } else {
        (is(champion, second) && is(challenger, first)).then_some(false)
    }
}

/// The counts in the order in which the two were named.
pub(super) fn compared(
    lang: Lang,
    names: [String; 2],
    counts: &ShadowCounts,
    first_is_champion: bool,
) -> Compared {
    let labelled = &counts.labelled;
    let ordered = |champion: u64, challenger: u64| {
        if first_is_champion { [champion, challenger] } else { [challenger, champion] }
    };
    let [only_first, only_second] = ordered(labelled.only_champion, labelled.only_challenger);
    let paired = Paired { both: labelled.both, only_first, only_second, neither: labelled.neither };
    let [right, routed, wrong] = words::rows(lang);
    let share = |part: u64, whole: u64| match whole {
        0 => words::of(0, 0),
        _ => format!("{} ({part} / {whole})", percent(part as f64 / whole as f64)),
    };
    let judged = paired.letters();
    let rights = [paired.first(), paired.second()].map(|part| share(part, judged));
    let routes = ordered(counts.champion_routed, counts.challenger_routed)
        .map(|part| share(part, counts.letters));
    let wrongs = ordered(labelled.champion_routed_wrong, labelled.challenger_routed_wrong);
    let of = ordered(labelled.champion_routed, labelled.challenger_routed);
    let row = |name: &str, [first, second]: [String; 2]| [name.to_owned(), first, second];
    let rows = vec![
        row(right, rights),
        row(routed, routes),
        row(wrong, [words::of(wrongs[0], of[0]), words::of(wrongs[1], of[1])]),
    ];
    let remarks = vec![words::side_by_side(lang, counts, judged)];
    Compared { names, rows, comparison: paired.compare(), remarks }
}

#[cfg(test)]
mod tests {
    use postbud_decide::ModelId;
    use postbud_pipeline::ports::Timestamp;

    use super::*;

    #[test]
    fn a_run_is_found_whichever_is_named_first() {
        let run = |champion: Option<&str>, challenger: &str| ShadowRun {
            challenger: ModelId(challenger.to_owned()),
            champion: champion.map(|name| ModelId(name.to_owned())),
            letters: 1,
            first: Timestamp(0),
            last: Timestamp(0),
        };
        let names = ["k/1".to_owned(), "k/12".to_owned()];
        assert_eq!(first_is_champion(&run(Some("k/1@ab"), "k/12@cd"), &names), Some(true));
        assert_eq!(first_is_champion(&run(Some("k/12@cd"), "k/1@ab"), &names), Some(false));
        assert_eq!(first_is_champion(&run(Some("k/1@ab"), "k/1@cd"), &names), None);
        assert_eq!(first_is_champion(&run(None, "k/12@cd"), &names), None);
    }
}
