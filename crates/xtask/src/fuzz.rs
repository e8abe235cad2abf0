//! Feeds every reader of what comes from outside with bytes that cover ever more of its code.
//!
//! The targets are in tests/fuzz, a workspace of its own. They need flags of the compiler that are not
//! stable; `RUSTC_BOOTSTRAP` lets the stable one take them, for this and for nothing that is shipped.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::tool;

/// Something that reads, the feature it is built with, and real examples to begin with.
struct Target {
    name: &'static str,
    feature: &'static str,
    examples: &'static [&'static str],
}

const LETTERS: &[&str] = &["crates/postbud-letter/tests/fixtures"];
const CONFIGURATION: &[&str] = &["crates/postbud/src/config/klitkobing.toml"];

const TARGETS: [Target; 7] = [
    Target { name: "letter", feature: "", examples: LETTERS },
    Target { name: "smtp", feature: "", examples: &["tests/fuzz/examples/smtp"] },
    Target { name: "model", feature: "", examples: &[] },
    Target { name: "envelope", feature: "queue", examples: &["tests/fuzz/examples/envelope"] },
    Target { name: "document", feature: "documents", examples: &["tests/fuzz/examples/document"] },
    Target { name: "decision", feature: "settings", examples: LETTERS },
    Target { name: "configuration", feature: "settings", examples: CONFIGURATION },
];
/// No input is longer, in bytes.
const LONGEST: u32 = 64 << 10;
/// One input may take so long, and so much memory.
const SECONDS: u32 = 10;
const MEGABYTES: u32 = 1024;

/// How long, and what.
#[derive(Args)]
pub(crate) struct Options {
    /// How many seconds each target gets
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    seconds: u32,
    /// Only these targets
    #[arg(long, num_args = 1..)]
    only: Vec<String>,
}

/// Runs the targets one after the other; fails when one of them found something.
pub(crate) fn run(root: &Path, options: &Options) -> Result<ExitCode> {
    for name in &options.only {
        if !TARGETS.iter().any(|known| known.name == name) {
            let known: Vec<&str> = TARGETS.iter().map(|known| known.name).collect();
            bail!("there is no target {name}; there are {}", known.join(", "));
        }
    }
    tool::ensure_installed("fuzz")?;
    let mut found = Vec::new();
    for Target { name, feature, examples } in TARGETS {
        if !options.only.is_empty() && !options.only.iter().any(|only| only == name) {
            continue;
        }
        println!("{name} …");
        let corpus = root.join("tests/fuzz/corpus").join(name);
        plant(root, examples, &corpus)?;
        let status = cargo()
            .current_dir(root.join("tests/fuzz"))
            .args(["fuzz", "run", "--fuzz-dir", ".", "--features", feature, name])
            .arg(&corpus)
            .arg("--")
            .arg(format!("-max_total_time={}", options.seconds))
            .arg(format!("-max_len={LONGEST}"))
            .arg(format!("-timeout={SECONDS}"))
            .arg(format!("-rss_limit_mb={MEGABYTES}"))
            .arg("-print_final_stats=1")
            .status()
            .context("start cargo fuzz")?;
        if !status.success() {
            found.push(name);
        }
    }
    if found.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("found: {}; the inputs are in tests/fuzz/artifacts", found.join(", "));
    Ok(ExitCode::FAILURE)
}

fn cargo() -> Command {
    let mut cargo = tool::cargo();
    cargo.env("RUSTC_BOOTSTRAP", "1");
    cargo
}

/// Copies the examples to where the fuzzer looks for inputs to begin with.
fn plant(root: &Path, examples: &[&str], corpus: &Path) -> Result<()> {
    fs::create_dir_all(corpus)?;
    for example in examples {
        let path = root.join(example);
        let files = if path.is_dir() {
            fs::read_dir(&path)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?
        } else {
            vec![path]
        };
        for file in files {
            let name = file.file_name().context("an example without a name")?;
            let target = corpus.join(name);
            fs::copy(&file, target).with_context(|| format!("copy {}", file.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_in_the_workspace_of_its_own_and_has_its_examples() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let manifest = fs::read_to_string(root.join("tests/fuzz/Cargo.toml")).unwrap();
        for Target { name, feature, examples } in TARGETS {
            assert!(feature.is_empty() || manifest.contains(&format!("\n{feature} = [")), "{name}");
            assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")), "{name}");
            assert!(root.join(format!("tests/fuzz/targets/{name}.rs")).exists(), "{name}");
            let folder = tempfile::tempdir().unwrap();
            plant(&root, examples, folder.path()).unwrap();
        }
        let targets = fs::read_dir(root.join("tests/fuzz/targets")).unwrap().count();
        assert_eq!(targets, TARGETS.len());
    }
}
