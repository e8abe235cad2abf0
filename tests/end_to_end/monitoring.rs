//! Metrics, health, dashboards and alarms: what they name exists and says something, asked of a
//! real Prometheus that scrapes the running binary.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use postbud_metrics::inventory;
use postbud_testkit::marks;
use postbud_testkit::{Proxy, Weather, free_port};
use serde_json::Value;

use crate::clamd::{self, FakeClamd};
use crate::outputs;
use crate::servers::servers;
use crate::settings::{STORSKRALD, embedded, mail, memo, production};
use crate::support::{Installation, wait_until};

const UUID: &str = "7d2ea15d-61fb-4ba9-9366-42f8b194c222";

pub(crate) fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(name)
}

/// The status and the body of a page.
pub(crate) fn get(port: u16, path: &str) -> (u16, String) {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return (0, String::new());
    };
    let request = format!("GET {path} HTTP/1.1\r\nHost: postbud\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    if stream.write_all(request.as_bytes()).is_err() || stream.read_to_string(&mut answer).is_err()
    {
        return (0, String::new());
    }
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    outputs::keep(
        &format!("{}-{port}{}", std::process::id(), path.replace('/', "-")),
        body.as_bytes(),
    );
    (status, body.to_owned())
}

/// The value of one series; `None` where it is not there.
pub(crate) fn figure(port: u16, series: &str) -> Option<f64> {
    let page = get(port, "/metrics").1;
    let line = page.lines().find(|line| line.starts_with(series))?;
    line.rsplit_once(' ')?.1.parse().ok()
}

/// The sum over all series of a metric, or over one.
pub(crate) fn sum(page: &str, name: &str) -> f64 {
    let lines = page.lines().filter(|line| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with([' ', '{']) || name.contains('{'))
    });
    lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
}

/// A router with metrics, and letters of every kind for it: two rules', one of nobody's.
fn letters_and_metrics(config: &str, port: u16) -> Installation {
    let here = Installation::with(&format!("{config}\n[metrics]\nlisten = \"127.0.0.1:{port}\"\n"));
    here.write("in/1.xml", memo(UUID, "Til kommunen", STORSKRALD));
    here.write("in/2.eml", mail("Parkering ved skolen", "Der mangler parkering ved skolen."));
    here.write("in/3.eml", mail("Hej", "Kan I ringe til mig? Det haster lidt."));
    assert_eq!(here.json(&["send", "in"])["sent"], 3);
    here
}

#[test]
fn metrics_add_up_and_hold_no_letter() {
    let port = free_port().unwrap();
    let here = letters_and_metrics(&embedded(), port);
    let running = here.run(None);
    here.wait_for("delivered", 2);
    here.wait_for("review", 1);
    wait_until("a count of the three letters", || {
        sum(&get(port, "/metrics").1, "postbud_letters_received") == 3.0
            && sum(&get(port, "/metrics").1, "postbud_letters{state=\"delivered\"}") == 2.0
    });
    let (status, page) = get(port, "/metrics");
    assert_eq!(status, 200);
    // The store's books, and the counters of this process, which has seen every letter.
    assert_eq!(sum(&page, "postbud_letters"), 3.0);
    assert_eq!(sum(&page, "postbud_letters_recorded_total{result=\"new\"}"), 3.0);
    assert_eq!(sum(&page, "postbud_decisions_total"), 3.0);
    assert_eq!(sum(&page, "postbud_decisions_total{mailbox=\"affald\",way=\"rule\"}"), 1.0);
    assert_eq!(sum(&page, "postbud_messages_settled_total{how=\"done\"}"), 3.0);
    assert_eq!(sum(&page, "postbud_outbox_outcomes_total{outcome=\"delivered\"}"), 2.0);
    assert_eq!(sum(&page, "postbud_waiting_letters"), 1.0);
    assert_eq!(sum(&page, "postbud_stage_seconds_count{stage=\"read\"}"), 3.0);
    assert!(sum(&page, "postbud_first_guess_probability_count") >= 1.0);
    for secret in ["Parkering", "ringe", UUID, marks::CPR, marks::WORD, "sha-", "@"] {
        let found = page.lines().find(|line| line.contains(secret) && !line.contains("model_info"));
        assert_eq!(found, None, "{secret}");
    }
    assert_eq!(get(port, "/health/live").0, 200);
    let (status, ready) = get(port, "/health/ready");
    assert_eq!(status, 200, "{ready}");
    assert_eq!(running.terminate(), 0);
}

#[test]
fn a_router_is_not_ready_while_its_database_is_away_and_ready_again_after() {
    let Some(mut servers) = servers("readiness") else {
        return;
    };
    let (before, database) = servers.postgres.rsplit_once('/').unwrap();
    let (user, address) = before.rsplit_once(':').unwrap();
    let proxy = Proxy::start(address.parse().unwrap()).unwrap();
    servers.postgres = format!("{user}:{}/{database}", proxy.port());
    let port = free_port().unwrap();
    let here = letters_and_metrics(&production(&servers, None), port);
    let running = here.run(None);
    let ready = |status| get(port, "/health/ready").0 == status;
    wait_until("readiness", || ready(200));
    for weather in [Weather::Cut, Weather::Silent] {
        proxy.set(weather);
        wait_until("a router that says it is not ready", || ready(503));
        let (_, says) = get(port, "/health/ready");
        let says: Value = serde_json::from_str(&says).unwrap();
        assert_eq!(says["parts"]["store"]["up"], false, "{says}");
        assert_eq!(says["parts"]["queue"]["up"], true, "{says}");
        // Prometheus gets its answer all the same, and it is the truth.
        let (status, page) = get(port, "/metrics");
        assert_eq!(status, 200);
        assert_eq!(sum(&page, "postbud_up{part=\"store\"}"), 0.0);
        assert_eq!(get(port, "/health/live").0, 200);
        proxy.set(Weather::Clear);
        wait_until("a router that is ready again", || ready(200));
    }
    here.wait_for("delivered", 2);
    assert_eq!(running.terminate(), 0);
}

#[test]
fn an_address_in_use_is_said_before_anything_begins() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let config = format!("{}\n[metrics]\nlisten = \"127.0.0.1:{port}\"\n", embedded());
    let said = Installation::with(&config).say(&["run"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("change listen in [metrics]"), "{}", said.err);
}

/// An expression of a dashboard or an alert, and where it stands.
struct Expression {
    place: String,
    text: String,
}

/// Every expression of the dashboards, with Grafana's variables filled in.
fn of_dashboards() -> Vec<Expression> {
    let mut expressions = Vec::new();
    for entry in fs::read_dir(deploy("grafana/dashboards")).unwrap() {
        let path = entry.unwrap().path();
        let board: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for key in ["uid", "title", "schemaVersion", "panels", "time"] {
            assert!(!board[key].is_null(), "{}: no {key}", path.display());
        }
        let mut ids = BTreeSet::new();
        for panel in board["panels"].as_array().unwrap() {
            let title = panel["title"].as_str().unwrap();
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id is taken");
            assert!(
                panel["gridPos"]["x"].as_u64().unwrap() + panel["gridPos"]["w"].as_u64().unwrap()
                    <= 24
            );
            for target in panel["targets"].as_array().unwrap() {
                assert_eq!(target["datasource"]["uid"], "prometheus", "{title}");
                let text = target["expr"].as_str().unwrap();
                let text = text.replace("$__rate_interval", "5m").replace("$__range", "1h");
                assert!(!text.contains('$'), "{title}: a variable that the test does not know");
                let place = format!("{}: {title}", path.file_name().unwrap().to_string_lossy());
                expressions.push(Expression { place, text });
            }
        }
    }
    expressions
}

/// What each alert measures: its expression without the operator and the limit at the end.
fn of_alerts() -> Vec<Expression> {
    let rules = fs::read_to_string(deploy("prometheus/postbud.rules.yml")).unwrap();
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
    let guide = fs::read_to_string(guide).unwrap();
    let anchors: BTreeSet<String> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .map(|title| title.trim().to_lowercase().replace(' ', "-").replace(['?', '.', ','], ""))
        .collect();
    let mut name = "";
    let mut expressions = Vec::new();
    for line in rules.lines().map(str::trim) {
        if let Some(alert) = line.strip_prefix("- alert: ") {
            name = alert;
        }
        if let Some(expr) = line.strip_prefix("expr: ") {
            let at = expr.rfind([' ']).unwrap();
            let (left, limit) = expr.split_at(at);
            assert!(limit.trim().parse::<f64>().is_ok(), "{name} ends in no limit: {expr}");
            let left =
                left.strip_suffix([' ', '<', '>']).unwrap().trim_end_matches([' ', '<', '>']);
            expressions.push(Expression { place: name.to_owned(), text: left.to_owned() });
        }
        if let Some(runbook) = line.strip_prefix("runbook_url: ") {
            let anchor = runbook.split_once("docs/operations.md#").unwrap().1;
            assert!(anchors.contains(anchor), "{name}: docs/operations.md has no ### {anchor}");
        }
    }
    assert!(expressions.len() > 15);
    expressions
}

/// The names of metrics in an expression.
fn metrics_in(expression: &str) -> BTreeSet<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = expression.split(|c| !word(c));
    words.filter(|word| word.starts_with("postbud_") && word.len() > 8).map(str::to_owned).collect()
}

#[test]
fn every_metric_that_a_dashboard_or_an_alert_names_exists() {
    let known: BTreeSet<&str> = inventory::ALL.iter().map(|metric| metric.name).collect();
    let mut unknown = Vec::new();
    let mut used = BTreeSet::new();
    for expression in of_dashboards().iter().chain(&of_alerts()) {
        for name in metrics_in(&expression.text) {
            let base = ["_bucket", "_count", "_sum"]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix).filter(|base| known.contains(base)))
                .unwrap_or(&name);
            if known.contains(base) {
                used.insert(base.to_owned());
            } else {
                unknown.push(format!("{}: {name}", expression.place));
            }
        }
    }
    assert!(unknown.is_empty(), "no such metric:\n{}", unknown.join("\n"));
    let unused: Vec<_> = known.iter().filter(|name| !used.contains(**name)).collect();
    assert!(unused.is_empty(), "nobody looks at {unused:?}");
}

/// A private Prometheus.
pub(crate) struct Prometheus {
    child: Child,
    port: u16,
}

impl Prometheus {
    /// Starts one that scrapes `target` every second. `None` after saying that it is missing.
    pub(crate) fn start(here: &Installation, target: u16) -> Option<Self> {
        if !installed("prometheus") || !installed("promtool") {
            println!("skipped: needs Prometheus; cargo xtask test installs it");
            return None;
        }
        let config = format!(
            "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\nscrape_configs:\n\
             - job_name: postbud\n  static_configs:\n  - targets: [\"127.0.0.1:{target}\"]\n"
        );
        here.write("prometheus.yml", config);
        let port = free_port().unwrap();
        let log = fs::File::create(here.path("prometheus.log")).unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", here.path("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", here.path("tsdb").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let this = Self { child, port };
        wait_until("Prometheus", || get(port, "/-/ready").0 == 200);
        Some(this)
    }

    /// The series that an expression answers with.
    pub(crate) fn query(&self, expression: &str) -> Result<Vec<Value>, String> {
        let url = format!("http://127.0.0.1:{}", self.port);
        let output = Command::new("promtool")
            .args(["query", "instant", "--format=json", &url, expression])
            .output()
            .unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let answer: Value = serde_json::from_slice(&output.stdout).map_err(|e| e.to_string())?;
        Ok(answer.as_array().cloned().unwrap_or_default())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // A test that failed: nothing may stay behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Asks Prometheus for everything that dashboards and alerts show of a running router.
fn everything_answers(here: &Installation, port: u16) {
    let running = here.run(None);
    let Some(prometheus) = Prometheus::start(here, port) else {
        assert_eq!(running.terminate(), 0);
        return;
    };
    // A third letter while it is watched, so that rates have something to rise.
    wait_until("a first scrape", || {
        prometheus.query("postbud_letters_received > 0").is_ok_and(|rows| !rows.is_empty())
    });
    here.write("later.eml", mail("Storskrald", "Hvornår henter I storskrald her?"));
    here.write("doubt.eml", mail("Hej igen", "Kan I ringe til mig i morgen tidlig om mit barn?"));
    here.json(&["send", "later.eml"]);
    here.json(&["send", "doubt.eml"]);
    here.wait_for("delivered", 3);
    wait_until("a rate", || {
        let rate = "sum(increase(postbud_letters_recorded_total{result=\"new\"}[1h])) > 0";
        let model = "max(postbud_model_info) and max(postbud_up{part=\"model\"}) > 0";
        [rate, model].iter().all(|q| prometheus.query(q).is_ok_and(|rows| !rows.is_empty()))
    });
    let mut silent = Vec::new();
    for expression in of_dashboards().iter().chain(&of_alerts()) {
        match prometheus.query(&expression.text) {
            Ok(rows) if rows.is_empty() => {
                silent.push(format!("{} returns nothing: {}", expression.place, expression.text));
            }
            Ok(_) => {}
            Err(why) => silent.push(format!("{}: {why}: {}", expression.place, expression.text)),
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
    drop(prometheus);
    assert_eq!(running.terminate(), 0);
}

#[test]
fn every_panel_and_every_alert_has_an_answer_on_a_laptop() {
    let port = free_port().unwrap();
    let clamd = free_port().unwrap();
    let _scanner = FakeClamd::at(clamd);
    let config = embedded() + &clamd::section(clamd);
    everything_answers(&letters_and_metrics(&config, port), port);
}

#[test]
fn every_panel_and_every_alert_has_an_answer_in_production() {
    let Some(servers) = servers("dashboards") else {
        return;
    };
    let port = free_port().unwrap();
    let clamd = free_port().unwrap();
    let _scanner = FakeClamd::at(clamd);
    let config = production(&servers, None) + &clamd::section(clamd);
    everything_answers(&letters_and_metrics(&config, port), port);
}
