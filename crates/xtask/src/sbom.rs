//! `cargo xtask sbom`: the bill of materials of the binary, as CycloneDX 1.5 JSON
//! (<https://cyclonedx.org/docs/1.5/json/>).
//!
//! It lists what a release is built from: no tests, no chores. The same lock file gives the same
//! document, byte for byte, so it carries neither a serial number nor a time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};
use serde_json::{Value, json};

/// The package that a release is.
const PRODUCT: &str = "postbud";

/// The bill of materials of the workspace at `root`.
///
/// # Errors
/// When cargo cannot say what the workspace is made of.
pub(crate) fn bill(root: &Path) -> Result<String> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .other_options(["--locked".to_owned()])
        .exec()?;
    let mut text = serde_json::to_string_pretty(&document(&metadata)?)?;
    text.push('\n');
    Ok(text)
}

fn document(metadata: &Metadata) -> Result<Value> {
    let product = metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.name.as_str() == PRODUCT)
        .context("there is no package postbud in the workspace")?;
    let packages: Packages<'_> =
        metadata.packages.iter().map(|package| (&package.id, package)).collect();
    let uses = uses(metadata, &packages);
    let mut reached = BTreeSet::from([&product.id]);
    let mut open = vec![&product.id];
    while let Some(id) = open.pop() {
        let next = uses.get(id).into_iter().flatten().copied();
        open.extend(next.filter(|id| reached.insert(id)));
    }
    let of = |id: &PackageId| packages.get(id).copied().context("a dependency without a package");
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for id in &reached {
        let package = of(id)?;
        if package.id != product.id {
            components.push(component(package, "library"));
        }
        let mut on = Vec::new();
        for other in uses.get(id).into_iter().flatten() {
            on.push(purl(of(other)?));
        }
        on.sort();
        dependencies.push((purl(package), on));
    }
    components.sort_by_key(|component| component["bom-ref"].to_string());
    dependencies.sort();
    let dependencies: Vec<Value> =
        dependencies.iter().map(|(of, on)| json!({ "ref": of, "dependsOn": on })).collect();
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": component(product, "application") },
        "components": components,
        "dependencies": dependencies,
    }))
}

type Packages<'a> = BTreeMap<&'a PackageId, &'a Package>;

/// Per package, the packages that a release of it is built from.
fn uses<'a>(
    metadata: &'a Metadata,
    packages: &Packages<'a>,
) -> BTreeMap<&'a PackageId, BTreeSet<&'a PackageId>> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    nodes
        .map(|node| {
            let built = node.deps.iter().filter(|dependency| {
                dependency.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development)
                    && packages.get(&node.id).zip(packages.get(&dependency.pkg)).is_none_or(
                        |(package, on)| switched_on(package, &node.features, on.name.as_str()),
                    )
            });
            (&node.id, built.map(|dependency| &dependency.pkg).collect())
        })
        .collect()
}

/// Whether `package` with `features` uses the package called `on`.
///
/// Cargo's answer also names an optional dependency that is off, where a feature that is on would
/// pass something to it (`on?/std`) and another package uses it.
fn switched_on<F: AsRef<str>>(package: &Package, features: &[F], on: &str) -> bool {
    let mut named = package.dependencies.iter().filter(|dependency| dependency.name == on);
    named.any(|dependency| {
        let key = dependency.rename.as_deref().unwrap_or(on);
        !dependency.optional
            || features.iter().filter_map(|name| package.features.get(name.as_ref())).flatten().any(
                |turned_on| {
                    turned_on.strip_prefix("dep:") == Some(key)
                        || turned_on.split_once('/').is_some_and(|(name, _)| name == key)
                },
            )
    })
}

fn component(package: &Package, kind: &str) -> Value {
    let mut component = json!({
        "type": kind,
        "bom-ref": purl(package),
        "name": package.name.as_str(),
        "version": package.version.to_string(),
        "purl": purl(package),
    });
    if let Some(license) = &package.license {
        // Old packages write a slash where the standard says OR.
        component["licenses"] = json!([{ "expression": license.replace('/', " OR ") }]);
    }
    component
}

/// The package's name as package URL, <https://github.com/package-url/purl-spec>.
fn purl(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bill_names_what_is_shipped_and_nothing_of_the_tests() {
        let root = crate::root().unwrap();
        let bill = bill(&root).unwrap();
        let document: Value = serde_json::from_str(&bill).unwrap();
        let names: BTreeSet<&str> = document["components"]
            .as_array()
            .unwrap()
            .iter()
            .map(|component| component["name"].as_str().unwrap())
            .collect();
        for shipped in ["lapin", "sqlx", "postbud-decide", "mail-parser"] {
            assert!(names.contains(shipped), "{shipped}");
        }
        for not in ["postbud-testkit", "xtask", "insta", "proptest", "postbud"] {
            assert!(!names.contains(not), "{not}");
        }
        for component in document["components"].as_array().unwrap() {
            let licensed = component["licenses"][0]["expression"].is_string();
            assert!(licensed || component["name"] == "ring", "no licence: {component}");
        }
        for dependency in document["dependencies"].as_array().unwrap() {
            for on in dependency["dependsOn"].as_array().unwrap() {
                let name = on.as_str().unwrap();
                assert!(bill.contains(&format!("\"bom-ref\": \"{name}\"")), "{name} is listed");
            }
        }
        assert_eq!(bill, super::bill(&root).unwrap(), "the same, byte for byte");
    }
}
