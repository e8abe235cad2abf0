//! What reads a letter's documents: the process of its own, and the other programs.

use postbud_extract::{Budget, Force, Sandbox, Tools};

use super::finding::{Finding, good, note};
use crate::config::Config;
use crate::documents::{tools, try_out};

/// Looks at both; nothing when documents are not read.
pub(super) fn documents(config: &Config) -> Vec<Finding> {
    let Some(budget) = &config.documents else { return Vec::new() };
    let mut findings = vec![reader(budget)];
    findings.extend(others(&tools(budget), budget.ocr_pages > 0));
    findings
}

fn reader(budget: &Budget) -> Finding {
    match try_out(budget) {
        Ok(sandbox) => sandboxed(sandbox),
        Err(error) => note(
            "documents",
            format!("no process can be started that reads them: {error:#}"),
            format!("der kan ikke startes en proces, der læser bilag: {error:#}"),
        )
        .advise(
            "letters are decided without what lies in them",
            "breve afgøres uden det, der ligger i dem",
        ),
    }
}

fn sandboxed(sandbox: Sandbox) -> Finding {
    let Sandbox { limits, landlock, seccomp } = sandbox;
    let all = [("limits", limits), ("landlock", landlock), ("seccomp", seccomp)];
    let said: Vec<String> = all.iter().map(|(name, force)| format!("{name} {force:?}")).collect();
    let said = said.join(", ").to_lowercase();
    let english = format!("read in a process of their own; in force: {said}");
    let danish = format!("bilag læses i en proces for sig; i kraft: {said}");
    if all.iter().all(|(_, force)| *force == Force::Full) {
        return good("documents", english, danish);
    }
    note("documents", english, danish).advise(
        "a newer kernel confines that process further",
        "en nyere kerne spærrer den proces mere inde",
    )
}

fn others(tools: &Tools, ocr: bool) -> Vec<Finding> {
    let word = tools.antiword.is_some() || tools.catdoc.is_some();
    let mut missing = tools.missing();
    if !ocr {
        missing.retain(|package| *package == "antiword");
    }
    if missing.is_empty() {
        let (english, danish) = match (ocr, word) {
            (true, _) => {
                ("OCR and old Word documents are read", "billeder og gamle Word-dokumenter læses")
            }
            _ => ("old Word documents are read", "gamle Word-dokumenter læses"),
        };
        return vec![good("programs", english.to_owned(), danish.to_owned())];
    }
    let packages = missing.join(" ");
    let finding = note(
        "programs",
        format!("not installed: {packages}; what they would read is left unread and said so"),
        format!("ikke installeret: {packages}; det, de skulle læse, læses ikke, og det siges"),
    );
    let apt = format!("apt-get install --no-install-recommends {packages}");
    vec![finding.advise(&apt, &apt)]
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn what_is_missing_is_a_note_with_the_package() {
        let none = Tools::default();
        let found = others(&none, true);
        assert_eq!(found[0].level, Level::Note);
        let says = |ocr| format!("{:?}", others(&none, ocr));
        assert!(says(true).contains("tesseract-ocr-dan") && says(true).contains("antiword"));
        assert!(!says(false).contains("tesseract-ocr") && says(false).contains("antiword"));
    }

    #[test]
    fn less_than_all_in_force_is_a_note() {
        let all = Sandbox { limits: Force::Full, landlock: Force::Full, seccomp: Force::Full };
        assert_eq!(sandboxed(all).level, Level::Good);
        assert_eq!(sandboxed(Sandbox { landlock: Force::None, ..all }).level, Level::Note);
    }
}
