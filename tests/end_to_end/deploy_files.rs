//! What lies in `deploy/` for container engines, clusters and systemd: everything that a file names is
//! there. No engine and no cluster is started.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use postbud_metrics::inventory;
use serde_json::{Map, Value};
use yaml_rust2::{Yaml, YamlLoader};

use crate::monitoring::deploy;
use crate::support::Installation;

/// The documents of a YAML file. Anchors stand for what they name, and `<<` is merged.
fn yaml(name: &str) -> Vec<Value> {
    let text = fs::read_to_string(deploy(name)).unwrap();
    YamlLoader::load_from_str(&text).unwrap().iter().map(value).collect()
}

fn value(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::String(text) | Yaml::Real(text) => Value::from(text.as_str()),
        Yaml::Integer(number) => Value::from(*number),
        Yaml::Boolean(yes) => Value::from(*yes),
        Yaml::Array(items) => items.iter().map(value).collect(),
        Yaml::Hash(pairs) => {
            let (mut own, mut merged) = (Map::new(), Map::new());
            for (key, inner) in pairs {
                match (key.as_str().unwrap(), value(inner)) {
                    ("<<", Value::Object(base)) => merged.extend(base),
                    (key, inner) => drop(own.insert(key.to_owned(), inner)),
                }
            }
            merged.extend(own);
            Value::Object(merged)
        }
        _ => Value::Null,
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

/// A text, or its own field `source`, as compose has it both ways.
fn source(value: &Value) -> &str {
    value.as_str().or_else(|| value["source"].as_str()).unwrap()
}

/// Every pair of a key and a text, however deep.
fn texts<'a>(key: &'a str, inside: &'a Value, each: &mut impl FnMut(&'a str, &'a str)) {
    match inside {
        Value::Object(pairs) => pairs.iter().for_each(|(key, inner)| texts(key, inner, each)),
        Value::Array(items) => items.iter().for_each(|inner| texts(key, inner, each)),
        Value::String(text) => each(key, text),
        _ => {}
    }
}

/// Does a text hold `user:password@`, or say a password itself?
fn tells_a_password(key: &str, text: &str) -> bool {
    let authority = text.split_once("://").map_or("", |(_, rest)| rest);
    let user = authority.split(['/', ' ']).next().unwrap().rsplit_once('@').map_or("", |u| u.0);
    let named = key.to_lowercase().contains("password") && !text.starts_with("/run/secrets/");
    let shown = text.to_lowercase().contains("password=");
    user.contains(':') || named && !text.starts_with("secrets/") || shown
}

#[test]
fn a_password_in_a_file_is_found() {
    for (key, text) in [
        ("POSTGRES_PASSWORD", "hemmelig"),
        ("url", "amqp://postbud:hemmelig@rabbitmq/postbud"),
        ("command", "--password=hemmelig"),
    ] {
        assert!(tells_a_password(key, text), "{key}: {text}");
    }
    for (key, text) in [
        ("POSTGRES_PASSWORD_FILE", "/run/secrets/db-password"),
        ("url", "amqp://postbud@rabbitmq/postbud"),
        ("secrets", "db-password"),
    ] {
        assert!(!tells_a_password(key, text), "{key}: {text}");
    }
}

/// The composition after `secrets.sh`: a copy of its folder.
fn composition() -> Installation {
    let here = Installation::empty();
    for entry in fs::read_dir(deploy("compose")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, here.path(path.file_name().unwrap().to_str().unwrap())).unwrap();
        }
    }
    let made = Command::new("sh").arg(here.path("secrets.sh")).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    here
}

#[test]
fn everything_that_the_compositions_name_is_there() {
    let here = composition();
    let (base, over) =
        (yaml("compose/compose.yaml").remove(0), yaml("compose/monitoring.yaml").remove(0));
    let named = |what: &str| -> BTreeSet<&str> { &keys(&base[what]) | &keys(&over[what]) };
    let (secrets, volumes) = (named("secrets"), named("volumes"));
    for secret in [&base, &over].iter().flat_map(|file| file["secrets"].as_object().unwrap()) {
        let file = here.path(secret.1["file"].as_str().unwrap());
        assert!(fs::metadata(&file).is_ok_and(|file| file.len() > 20), "{} is not made", secret.0);
    }
    let services = named("services");
    for (file, name) in [&base, &over]
        .into_iter()
        .flat_map(|file| keys(&file["services"]).into_iter().map(move |name| (file, name)))
    {
        let service = &file["services"][name];
        let health = [&base, &over].map(|file| &file["services"][name]["healthcheck"]["test"]);
        assert!(health.iter().any(|test| test.is_array()), "{name} has no health check");
        for secret in items(&service["secrets"]) {
            assert!(secrets.contains(source(secret)), "{name}: no secret {secret}");
        }
        for other in keys(&service["depends_on"]) {
            assert!(services.contains(other), "{name} waits for {other}");
        }
        for volume in items(&service["volumes"]) {
            let from = source(volume).split(':').next().unwrap();
            let there = match from.strip_prefix("./") {
                Some(own) => here.path(own).exists(),
                None if from.starts_with("..") => deploy("compose").join(from).exists(),
                None => volumes.contains(from),
            };
            assert!(there, "{name}: there is no {from}");
        }
        if let Some(image) = service["image"].as_str().filter(|image| *image != "postbud") {
            let version = image.rsplit_once(':').map_or("latest", |(_, version)| version);
            assert_ne!(version, "latest", "{name} takes whatever is newest");
        }
    }
    for file in [&base, &over] {
        texts("", file, &mut |key, text| {
            assert!(!tells_a_password(key, text), "{key} holds a password");
        });
    }
}

#[test]
fn what_watches_over_the_composition_reaches_postbud() {
    let (base, over) =
        (yaml("compose/compose.yaml").remove(0), yaml("compose/monitoring.yaml").remove(0));
    let config = fs::read_to_string(deploy("compose/example.toml")).unwrap();
    let scraped = fs::read_to_string(deploy("prometheus/prometheus.yml")).unwrap();
    assert!(config.contains("[metrics]\nlisten = \"0.0.0.0:9464\""), "nobody could ask Postbud");
    for text in config.lines() {
        let (key, value) = text.split_once('=').unwrap_or_default();
        assert!(!tells_a_password(key.trim(), value.trim().trim_matches('"')), "{key}");
    }
    for role in ["router", "delivery", "desk", "intake"] {
        let test = &base["services"][role]["healthcheck"]["test"];
        assert_eq!(*test, serde_json::json!(["CMD", "/usr/bin/postbud", "health"]), "{role}");
        let aliases = &over["services"][role]["networks"]["default"]["aliases"];
        assert_eq!(*aliases, serde_json::json!([format!("postbud-{role}")]));
        let target = format!("\"postbud-{role}:9464\"");
        // Ways in are there with a profile only; the comment says what to add.
        assert!(role == "intake" || scraped.contains(&target), "{role} is not scraped");
    }
}

/// Everything that `kustomization.yaml` makes, and what it makes only with `[intake]`.
fn cluster() -> (Value, Vec<Value>) {
    let kustomization = yaml("kubernetes/kustomization.yaml").remove(0);
    let mut files: Vec<&str> = items(&kustomization["resources"]).iter().map(source).collect();
    let commented = fs::read_to_string(deploy("kubernetes/kustomization.yaml")).unwrap();
    for entry in fs::read_dir(deploy("kubernetes")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = files.contains(&name.as_str()) || commented.contains(&format!("# - {name}"));
        assert!(
            known || !name.ends_with(".yaml") || name == "kustomization.yaml",
            "{name} is lost"
        );
    }
    files.push("intake.yaml");
    let all = files.iter().flat_map(|name| yaml(&format!("kubernetes/{name}"))).collect();
    (kustomization, all)
}

fn of_kind<'a>(all: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    all.iter().filter(move |one| one["kind"] == kind)
}

fn names<'a>(all: &'a [Value], kind: &'a str) -> BTreeSet<&'a str> {
    of_kind(all, kind).map(|one| one["metadata"]["name"].as_str().unwrap()).collect()
}

/// Does a selector pick something with these labels?
fn picks(selector: &Value, labels: &Value) -> bool {
    selector.as_object().unwrap().iter().all(|(key, wanted)| labels[key] == *wanted)
}

fn labels(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["metadata"]["labels"]
}

fn container(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]["containers"][0]
}

/// The names and the numbers of a container's ports.
fn ports(deployment: &Value) -> (BTreeSet<&str>, BTreeSet<i64>) {
    let ports = items(&container(deployment)["ports"]);
    let name = |port: &Value| port["containerPort"].as_i64().unwrap();
    (
        ports.iter().map(|port| port["name"].as_str().unwrap()).collect(),
        ports.iter().map(name).collect(),
    )
}

#[test]
fn everything_that_the_pods_name_is_there() {
    let (kustomization, all) = cluster();
    let maps: BTreeSet<&str> = items(&kustomization["configMapGenerator"])
        .iter()
        .inspect(|map| assert!(deploy("kubernetes").join(source(&map["files"][0])).exists()))
        .map(|map| map["name"].as_str().unwrap())
        .collect();
    // Each operator makes one secret for what it runs.
    let broker =
        names(&all, "RabbitmqCluster").into_iter().map(|name| format!("{name}-default-user"));
    let store = names(&all, "Cluster").into_iter().map(|name| format!("{name}-app"));
    let secrets: BTreeSet<String> = broker.chain(store).collect();
    let config = fs::read_to_string(deploy("kubernetes/postbud.toml")).unwrap();
    for deployment in of_kind(&all, "Deployment") {
        let name = &deployment["metadata"]["name"];
        let mut volumes = BTreeSet::new();
        for volume in items(&deployment["spec"]["template"]["spec"]["volumes"]) {
            let there = keys(volume).into_iter().all(|kind| match (kind, &volume[kind]) {
                ("configMap", map) => maps.contains(map["name"].as_str().unwrap()),
                ("secret", secret) => secrets.contains(secret["secretName"].as_str().unwrap()),
                ("persistentVolumeClaim", claim) => names(&all, "PersistentVolumeClaim")
                    .contains(claim["claimName"].as_str().unwrap()),
                (kind, _) => kind == "name" || kind == "emptyDir",
            });
            assert!(there, "{name}: there is no {volume}");
            volumes.insert(volume["name"].as_str().unwrap());
        }
        let mounts = items(&container(deployment)["volumeMounts"]);
        let used: BTreeSet<&str> = mounts.iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(used, volumes, "{name}: what is mounted, and what there is");
        let mounted: Vec<&str> = mounts.iter().map(|m| m["mountPath"].as_str().unwrap()).collect();
        let files = config.lines().filter_map(|line| line.strip_prefix("password_file = "));
        for file in files.map(|file| file.trim_matches('"')).chain(["/etc/postbud/postbud.toml"]) {
            assert!(mounted.iter().any(|path| file.starts_with(path)), "{name} sees no {file}");
        }
        for probe in ["livenessProbe", "readinessProbe"] {
            let port = container(deployment)[probe]["httpGet"]["port"].as_str().unwrap();
            assert!(ports(deployment).0.contains(port), "{name}: {probe} asks {port}");
        }
        assert!(
            picks(&deployment["spec"]["selector"]["matchLabels"], labels(deployment)),
            "{name}"
        );
    }
}

#[test]
fn every_selector_in_the_cluster_picks_something() {
    let (_, all) = cluster();
    let deployments: Vec<&Value> = of_kind(&all, "Deployment").collect();
    assert_eq!(deployments.len(), 4);
    for budget in of_kind(&all, "PodDisruptionBudget") {
        let selector = &budget["spec"]["selector"]["matchLabels"];
        assert!(deployments.iter().any(|one| picks(selector, labels(one))), "{selector}");
    }
    for service in of_kind(&all, "Service") {
        let selector = &service["spec"]["selector"];
        let behind = deployments.iter().find(|one| picks(selector, labels(one))).unwrap();
        for port in items(&service["spec"]["ports"]) {
            assert!(ports(behind).0.contains(port["targetPort"].as_str().unwrap()), "{port}");
        }
    }
    for policy in of_kind(&all, "NetworkPolicy") {
        let selector = &policy["spec"]["podSelector"]["matchLabels"];
        assert!(deployments.iter().all(|one| picks(selector, labels(one))), "{selector}");
        let open: BTreeSet<i64> = deployments.iter().flat_map(|one| ports(one).1).collect();
        for rule in items(&policy["spec"]["ingress"]).iter().flat_map(|rule| items(&rule["ports"]))
        {
            assert!(open.contains(&rule["port"].as_i64().unwrap()), "nobody listens on {rule}");
        }
        for target in items(&policy["spec"]["egress"]).iter().flat_map(|rule| items(&rule["to"])) {
            let labels = &target["podSelector"]["matchLabels"];
            if let Some(name) = labels["app.kubernetes.io/name"].as_str() {
                assert!(names(&all, "RabbitmqCluster").contains(name), "{name}");
            }
            if let Some(name) = labels["cnpg.io/cluster"].as_str() {
                assert!(names(&all, "Cluster").contains(name), "{name}");
            }
        }
    }
    let readme = fs::read_to_string(deploy("kubernetes/README.md")).unwrap();
    for scaler in of_kind(&all, "HorizontalPodAutoscaler") {
        let target = scaler["spec"]["scaleTargetRef"]["name"].as_str().unwrap();
        assert!(names(&all, "Deployment").contains(target), "{target}");
        let metric = &scaler["spec"]["metrics"][0]["external"]["metric"];
        let name = metric["name"].as_str().unwrap();
        assert!(inventory::ALL.iter().any(|one| one.name == name), "{name} is not ours");
        let series = format!("{name}{{where={}}}", metric["selector"]["matchLabels"]["where"]);
        assert!(readme.contains(&series), "README.md does not say how {series} is mapped");
    }
}

#[test]
fn systemd_understands_the_service_and_finds_it_closed() {
    if !Command::new("systemd-analyze").arg("--version").output().is_ok_and(|o| o.status.success())
    {
        println!("skipped: needs systemd-analyze");
        return;
    }
    let here = Installation::empty();
    let unit = fs::read_to_string(deploy("systemd/postbud.service")).unwrap();
    // The program must be there to be verified.
    let unit = unit.replace("/usr/bin/postbud", env!("CARGO_BIN_EXE_postbud"));
    here.write("postbud.service", unit);
    let exposure = ["security", "--offline=true", "--no-pager", "--threshold=15"];
    for arguments in [&["verify"][..], &exposure] {
        let said = Command::new("systemd-analyze")
            .args(arguments)
            .arg(here.path("postbud.service"))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&said.stdout) + String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "{arguments:?}: {text}");
        // An unknown key is a warning only.
        assert!(!text.contains("Unknown key"), "{text}");
    }
}
