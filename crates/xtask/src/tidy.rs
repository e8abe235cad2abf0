//! Keeps the files small, introduced and finished.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

/// A Rust file above this needs a line `// long: reason`.
const LONGEST: usize = 400;
const EXCUSE: &str = "// long: ";
/// Folders that are not ours to tidy.
const FOREIGN: [&str; 4] = ["target", ".git", "postbud-data", "node_modules"];
/// Folders and files that are looked at.
const OURS: [&str; 8] =
    ["crates", "tests", "docs", "deploy", ".ci", "README.md", "CHANGELOG.md", "Cargo.toml"];
const TEXTS: [&str; 9] = ["rs", "md", "toml", "yml", "yaml", "json", "conf", "service", "run"];
/// What a finished file does not say: notes to oneself, and places that only one machine has.
/// Written in two halves, so that this file does not say them either.
const FORBIDDEN: [&str; 7] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("HA", "CK:"),
    concat!("/wor", "k/"),
    concat!("/roo", "t/"),
    concat!("/hom", "e/"),
];

/// A fault of a file.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    file: PathBuf,
    what: String,
}

/// Prints the figures and every finding; fails when there is one.
pub(crate) fn run(root: &Path) -> Result<ExitCode> {
    let mut files = Vec::new();
    for name in OURS {
        collect(&root.join(name), &mut files)?;
    }
    let mut lengths = Vec::new();
    let mut findings = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
        let short = file.strip_prefix(root).unwrap_or(file);
        if short.extension().is_some_and(|extension| extension == "rs") {
            lengths.push((text.lines().count(), short.to_owned()));
        }
        findings.extend(check(short, &text));
    }
    print!("{}", figures(&mut lengths));
    for finding in &findings {
        println!("{}: {}", finding.file.display(), finding.what);
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every text file below a path.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if path.is_dir() && !FOREIGN.contains(&name) {
        let entries = fs::read_dir(path).with_context(|| format!("read {}", path.display()))?;
        let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        paths.sort();
        for path in paths {
            collect(&path, files)?;
        }
    } else if path.is_file() {
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or(name);
        if TEXTS.contains(&kind) {
            files.push(path.to_owned());
        }
    }
    Ok(())
}

fn check(file: &Path, text: &str) -> Vec<Finding> {
    let finding = |what: String| Finding { file: file.to_owned(), what };
    let mut findings = Vec::new();
    if file.extension().is_some_and(|extension| extension == "rs") {
        let lines = text.lines().count();
        let excused = text.lines().any(|line| line.trim_start().starts_with(EXCUSE));
        if lines > LONGEST && !excused {
            let what =
                format!("{lines} lines, more than {LONGEST}: split it, or say why in `{EXCUSE}…`");
            findings.push(finding(what));
        }
        if !text.starts_with("//!") {
            findings.push(finding("does not begin with `//!` and what it is for".to_owned()));
        }
    }
    for (number, line) in text.lines().enumerate() {
        for word in FORBIDDEN {
            if line.contains(word) {
                findings.push(finding(format!("line {}: `{word}`", number + 1)));
            }
        }
    }
    findings
}

/// How long the Rust files are.
fn figures(lengths: &mut [(usize, PathBuf)]) -> String {
    lengths.sort();
    // The smallest length that this share of the files does not exceed.
    let at = |share: usize| {
        let rank = (lengths.len() * share).div_ceil(100).max(1);
        lengths.get(rank - 1).map_or(0, |(lines, _)| *lines)
    };
    let total: usize = lengths.iter().map(|(lines, _)| lines).sum();
    let mut out = format!(
        "{} Rust files, {total} lines; median {}, 90th percentile {}, longest:\n",
        lengths.len(),
        at(50),
        at(90)
    );
    for (lines, file) in lengths.iter().rev().take(5) {
        out.push_str(&format!("{lines:>6} {}\n", file.display()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(file: &str, text: &str) -> Vec<String> {
        check(Path::new(file), text).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_good_file_has_no_findings() {
        assert!(whats("a.rs", "//! What it is for.\n\nfn a() {}\n").is_empty());
        assert!(whats("a.md", "Text.\n").is_empty());
    }

    #[test]
    fn a_file_without_an_introduction_is_found() {
        assert_eq!(whats("a.rs", "fn a() {}\n").len(), 1);
    }

    #[test]
    fn a_long_file_needs_a_reason() {
        let long = format!("//! Long.\n{}", "\n".repeat(LONGEST));
        assert_eq!(whats("a.rs", &long).len(), 1);
        let excused = format!("//! Long.\n{EXCUSE}one table\n{}", "\n".repeat(LONGEST));
        assert!(whats("a.rs", &excused).is_empty());
    }

    #[test]
    fn notes_to_oneself_are_found_with_their_line() {
        let text = format!("a\nb {}: later\n", FORBIDDEN[0]);
        assert_eq!(whats("a.md", &text), [format!("line 2: `{}`", FORBIDDEN[0])]);
    }

    #[test]
    fn figures_name_median_and_percentile() {
        let mut lengths: Vec<_> =
            (1..=10).map(|n| (n * 10, PathBuf::from(format!("{n}.rs")))).collect();
        let text = figures(&mut lengths);
        assert!(
            text.starts_with("10 Rust files, 550 lines; median 50, 90th percentile 90"),
            "{text}"
        );
        assert!(figures(&mut []).starts_with("0 Rust files"));
    }

    #[test]
    fn files_are_found_below_folders_and_foreign_folders_are_left_out() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.rs", "b/c.md", "target/d.rs", "b/e.bin"] {
            let file = dir.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let mut files = Vec::new();
        collect(dir.path(), &mut files).unwrap();
        let names: Vec<_> = files.iter().map(|f| f.strip_prefix(dir.path()).unwrap()).collect();
        assert_eq!(names, [Path::new("a.rs"), Path::new("b/c.md")]);
    }
}
