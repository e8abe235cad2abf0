//! What is known of a version from the files in its folder.

use std::error::Error as _;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::time::UNIX_EPOCH;

use postbud_learn::{
    CARD_FILE, EVALUATION_FILE, Evaluation, MODEL_FILE, MeasuredOn, Registry, Role,
};
use serde::Serialize;

/// A larger `evaluation.json` is none.
const EVALUATION_BYTES: u64 = 64 << 20;
/// A larger card is none.
const CARD_BYTES: u64 = 1 << 20;

/// One version in a list.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Facts {
    pub(super) version: u32,
    pub(super) name: String,
    pub(super) role: Option<Role>,
    /// When its file was written, in UTC milliseconds since 1970: the model itself holds no date,
    /// so that the same letters give the same file.
    pub(super) trained_at: Option<i64>,
    /// Letters it has learned from.
    pub(super) letters: Option<usize>,
    /// Share whose first guess is right.
    pub(super) accuracy: Option<f64>,
    /// On what that was measured.
    pub(super) measured_on: Option<MeasuredOn>,
    pub(super) certified: Option<CertifiedFacts>,
    /// Why it cannot be used, or why its figures cannot be read.
    pub(super) faults: Vec<String>,
}

/// What a version may do by itself, on its own evidence.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct CertifiedFacts {
    pub(super) target: f64,
    pub(super) confidence: f64,
    /// The share of letters that its thresholds route.
    pub(super) coverage: f64,
    /// The upper bound of the error among those; `None` when nothing is certified.
    pub(super) bound: Option<f64>,
}

impl Facts {
    /// What is known of a version; a file that has a role is verified.
    pub(super) fn of(registry: &Registry, version: u32) -> (Self, Option<Evaluation>) {
        let dir = registry.version_dir(version);
        let role = registry.role(version);
        let mut faults = Vec::new();
        if role.is_some() {
            faults.extend(fault(registry, version));
        }
        let evaluation = evaluation(&dir).map_err(|what| faults.push(what)).ok();
        let certified = evaluation.as_ref().map(|evaluation| {
            let found = &evaluation.certificate;
            CertifiedFacts {
                target: found.target,
                confidence: found.confidence,
                coverage: found.coverage,
                bound: found.bound,
            }
        });
        let facts = Self {
            version,
            name: format!("{}/{version}", registry.name()),
            role,
            trained_at: written(&dir.join(MODEL_FILE)),
            letters: evaluation.as_ref().map(|found| found.training_letters),
            accuracy: evaluation.as_ref().map(|found| found.report.accuracy),
            measured_on: evaluation.as_ref().map(|found| found.measured_on),
            certified,
            faults,
        };
        (facts, evaluation)
    }
}

/// Why a version's file cannot be used; `None` when it verifies.
pub(super) fn fault(registry: &Registry, version: u32) -> Option<String> {
    let error = registry.find(version).and_then(|found| found.load()).err()?;
    let source = error.source().map_or_else(String::new, |source| format!(": {source}"));
    Some(format!("{error}{source}"))
}

/// The figures beside a version, or why there are none.
fn evaluation(dir: &Path) -> Result<Evaluation, String> {
    let path = dir.join(EVALUATION_FILE);
    let text = limited(&path, EVALUATION_BYTES)?;
    serde_json::from_str(&text).map_err(|error| {
        format!("{}: the figures cannot be read as JSON ({error})", path.display())
    })
}

/// The lines under one heading of a version's card; `None` without card or heading.
pub(super) fn section(dir: &Path, heading: &str) -> Option<String> {
    let card = limited(&dir.join(CARD_FILE), CARD_BYTES).ok()?;
    under(&card, heading)
}

/// What is written about a version, for people; `None` when there is nothing to read.
pub(super) fn text(path: &Path) -> Option<String> {
    limited(path, CARD_BYTES).ok()
}

fn under(card: &str, heading: &str) -> Option<String> {
    let is_heading = |line: &str| line.strip_prefix("## ").map(str::trim) == Some(heading);
    let mut lines = card.lines().skip_while(|line| !is_heading(line));
    lines.next()?;
    let text: Vec<&str> = lines.take_while(|line| !line.starts_with('#')).collect();
    Some(text.join("\n").trim().to_owned())
}

fn limited(path: &Path, most: u64) -> Result<String, String> {
    let shown = path.display();
    let mut text = String::new();
    let file = File::open(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    let read = file.take(most + 1).read_to_string(&mut text);
    let read = read.map_err(|error| format!("{shown} cannot be read: {error}"))?;
    if read as u64 > most {
        return Err(format!("{shown} is longer than {most} bytes"));
    }
    Ok(text)
}

fn written(path: &Path) -> Option<i64> {
    let at = fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(at.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_where_the_next_begins() {
        let card = "# A\n\n## One\n\n- x\n- y\n\n## Two\nz\n# B\n";
        assert_eq!(under(card, "One").as_deref(), Some("- x\n- y"));
        assert_eq!(under(card, "Two").as_deref(), Some("z"));
        assert_eq!(under(card, "Three"), None);
    }
}
