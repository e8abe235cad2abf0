//! Feeds every reader of what comes from outside with bytes that cover ever more of its code.
//!
//! The targets are in tests/fuzz, a workspace of its own. They need flags of the compiler that are not
//! stable; `RUSTC_BOOTSTRAP` lets the stable one take them, for this and for nothing that is shipped.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

/// Every target, with the folders and files of real examples to begin with.
const TARGETS: [(&str, &[&str]); 6] = [
    ("letter", &["crates/postbud-letter/tests/fixtures"]),
    ("decision", &["crates/postbud-letter/tests/fixtures"]),
    ("document", &["tests/fuzz/examples/document"]),
    ("smtp", &["tests/fuzz/examples/smtp"]),
    ("model", &[]),
    ("configuration", &["crates/postbud/src/config/klitkobing.toml"]),
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
        if !TARGETS.iter().any(|(known, _)| known == name) {
            let known: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
            bail!("there is no target {name}; there are {}", known.join(", "));
        }
    }
    ensure_cargo_fuzz()?;
    let mut found = Vec::new();
    for (name, examples) in TARGETS {
        if !options.only.is_empty() && !options.only.iter().any(|only| only == name) {
            continue;
        }
        println!("{name} …");
        let corpus = root.join("tests/fuzz/corpus").join(name);
        plant(root, examples, &corpus)?;
        let status = cargo()
            .current_dir(root.join("tests/fuzz"))
            .args(["fuzz", "run", "--fuzz-dir", ".", name])
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
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.env("RUSTC_BOOTSTRAP", "1");
    cargo
}

fn ensure_cargo_fuzz() -> Result<()> {
    let there = cargo().args(["fuzz", "--version"]).output().context("start cargo")?;
    if there.status.success() {
        return Ok(());
    }
    println!("installing cargo-fuzz");
    let status = cargo().args(["install", "cargo-fuzz", "--locked"]).status()?;
    ensure!(status.success(), "cargo-fuzz cannot be installed");
    Ok(())
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
        for (name, examples) in TARGETS {
            assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")), "{name}");
            assert!(root.join(format!("tests/fuzz/targets/{name}.rs")).exists(), "{name}");
            let folder = tempfile::tempdir().unwrap();
            plant(&root, examples, folder.path()).unwrap();
        }
        let targets = fs::read_dir(root.join("tests/fuzz/targets")).unwrap().count();
        assert_eq!(targets, TARGETS.len());
    }
}
