//! `postbud model list`: the versions at a glance.

use postbud_pipeline::ports::Timestamp;
use serde_json::json;

use super::facts::Facts;
use super::{Place, words};
use crate::cli::{Lang, WhichModelArgs};
use crate::output::{self, percent};

/// What stands where nothing is known.
pub(super) const UNKNOWN: &str = "–";

/// Prints the versions.
pub(super) fn run(args: &WhichModelArgs) -> anyhow::Result<()> {
    let place = Place::of(args)?;
    let registry = &place.registry;
    let facts: Vec<Facts> =
        registry.versions().iter().map(|&version| Facts::of(registry, version).0).collect();
    if args.output.json {
        return output::json(&json!({
            "model": registry.name(),
            "path": registry.dir(),
            "champion": registry.champion().ok(),
            "challenger": registry.challenger(),
            "previous": registry.previous(),
            "versions": facts,
        }));
    }
    output::line(&text(output::lang(args.output.lang), &facts))?;
    if let Err(error) = registry.champion() {
        output::line(&format!("! {error}"))?;
    }
    Ok(())
}

/// The table, and what is wrong with versions beneath it.
fn text(lang: Lang, facts: &[Facts]) -> String {
    let rows = facts.iter().map(|facts| row(lang, facts)).collect();
    let mut parts = vec![output::table(&words::header(lang), &[3, 4, 5], rows)];
    let faults = facts.iter().flat_map(|facts| facts.faults.iter().map(move |f| (&facts.name, f)));
    parts.extend(faults.map(|(name, fault)| format!("! {name}: {}", output::plain(fault))));
    parts.join("\n")
}

fn row(lang: Lang, facts: &Facts) -> Vec<String> {
    let known = |text: Option<String>| text.unwrap_or_else(|| UNKNOWN.to_owned());
    vec![
        facts.name.clone(),
        facts.role.map_or_else(String::new, |role| words::role(lang, role).to_owned()),
        known(facts.trained_at.map(|at| output::moment(Timestamp(at)))),
        known(facts.letters.map(|letters| letters.to_string())),
        known(facts.accuracy.map(percent)),
        known(facts.certified.map(|found| words::certified(lang, found.coverage, found.target))),
    ]
}

#[cfg(test)]
mod tests {
    use postbud_learn::{MeasuredOn, Role};

    use super::super::facts::CertifiedFacts;
    use super::*;

    #[test]
    fn a_system_owner_sees_which_version_is_in_use_and_how_good_each_is() {
        let facts = |version: u32, role, coverage: Option<f64>, faults: &[&str]| Facts {
            version,
            name: format!("klitkobing/{version}"),
            role,
            trained_at: Some(1_795_000_000_000),
            letters: coverage.map(|_| 1_000 * version as usize),
            accuracy: coverage.map(|_| 0.8 + f64::from(version) / 100.0),
            measured_on: coverage.map(|_| MeasuredOn::HeldOut),
            certified: coverage.map(|coverage| CertifiedFacts {
                target: 0.02,
                confidence: 0.95,
                coverage,
                bound: None,
            }),
            faults: faults.iter().map(|&fault| fault.to_owned()).collect(),
        };
        let all = [
            facts(1, Some(Role::Previous), Some(0.412), &[]),
            facts(2, Some(Role::Champion), Some(0.583), &[]),
            facts(3, None, None, &["3/evaluation.json cannot be read: not there"]),
            facts(4, Some(Role::Challenger), Some(0.0), &["4/model.postbud does not verify"]),
        ];
        let shown = [Lang::Da, Lang::En].map(|lang| text(lang, &all));
        insta::assert_snapshot!(shown.join("\n\n"));
    }
}
