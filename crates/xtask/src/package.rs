//! `cargo xtask package`: a Debian package of the binary, its service, its documents, dashboards and
//! alarms. What goes into it stands in crates/postbud/Cargo.toml.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;

use crate::sbom;
use crate::tool::{cargo, ensure_installed};

/// What every package must hold, as `dpkg-deb --contents` writes it.
const HOLDS: [&str; 8] = [
    "./usr/bin/postbud",
    "./usr/share/doc/postbud/copyright",
    "./usr/share/doc/postbud/postbud.cdx.json",
    "./usr/lib/systemd/system/postbud.service",
    "./usr/share/doc/postbud/README.md",
    "./usr/share/postbud/prometheus/postbud.rules.yml",
    "./usr/share/postbud/grafana/operations.json",
    "./usr/share/postbud/rabbitmq/definitions.json",
];

/// Builds the package, looks into it, and says where it is.
///
/// # Errors
/// When it cannot be built, or does not hold what it should.
pub(crate) fn run(root: &Path) -> Result<()> {
    ensure_installed("deb")?;
    let manifest =
        MetadataCommand::new().manifest_path(root.join("Cargo.toml")).no_deps().exec()?;
    // What the release is made of goes with it.
    let release = manifest.target_directory.as_std_path().join("release");
    fs::create_dir_all(&release)?;
    fs::write(release.join("postbud.cdx.json"), sbom::bill(root)?)?;
    let built = cargo()
        .current_dir(root)
        .args(["deb", "--package", "postbud", "--locked"])
        .output()
        .context("start cargo deb")?;
    let said = String::from_utf8_lossy(&built.stdout);
    ensure!(
        built.status.success(),
        "cargo deb failed:\n{}",
        String::from_utf8_lossy(&built.stderr)
    );
    // Its last line is the path.
    let package = PathBuf::from(said.lines().last().unwrap_or_default().trim());
    let listed = Command::new("dpkg-deb").arg("--contents").arg(&package).output()?;
    ensure!(listed.status.success(), "{} is no package", package.display());
    let listed = String::from_utf8_lossy(&listed.stdout);
    for file in HOLDS {
        // Documents may be packed.
        let there = listed.lines().any(|line| {
            let name = line.rsplit(' ').next().unwrap_or_default();
            name == file || name.strip_suffix(".gz") == Some(file)
        });
        ensure!(there, "{file} is not in {}", package.display());
    }
    println!("{}", package.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Building one takes minutes; that what it is made of exists is seen at once.
    #[test]
    fn everything_that_goes_into_a_package_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let manifest = root.join("Cargo.toml");
        let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
        let package = metadata.packages.iter().find(|found| found.name.as_str() == "postbud");
        let deb = &package.unwrap().metadata["deb"];
        let folder = root.join("crates/postbud");
        for asset in deb["assets"].as_array().unwrap() {
            let from = asset[0].as_str().unwrap();
            let Some((directory, pattern)) = from.rsplit_once('/') else { panic!("{from}") };
            if directory == "target/release" {
                continue;
            }
            let ending = pattern.strip_prefix('*').unwrap_or(pattern);
            let files = fs::read_dir(folder.join(directory)).unwrap();
            let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
            assert!(names.into_iter().any(|name| name.ends_with(ending)), "{from}");
        }
        for key in ["/maintainer-scripts", "/systemd-units/unit-scripts"] {
            let scripts = deb.pointer(key).and_then(|value| value.as_str()).unwrap();
            assert!(folder.join(scripts).is_dir(), "{scripts}");
        }
    }
}
