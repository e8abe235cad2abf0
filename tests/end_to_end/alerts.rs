//! The alert rules on trial: each is made to fire, by Prometheus' own tool.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::monitoring::{deploy, installed};

#[test]
fn the_rules_are_right_and_fire_when_they_should() {
    if !installed("promtool") {
        println!("skipped: needs promtool; cargo xtask test installs it");
        return;
    }
    for (verb, file) in [("check", "postbud.rules.yml"), ("test", "postbud.rules.test.yml")] {
        let folder = deploy("prometheus");
        let output = Command::new("promtool")
            .current_dir(folder)
            .args([verb, "rules", file])
            .output()
            .unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "promtool {verb} rules {file}: {said}");
    }
}

/// The alerts that a file of rule tests expects to fire, at least once.
fn fired(tests: &str) -> BTreeSet<&str> {
    let (mut name, mut expected, mut fired) = ("", false, BTreeSet::new());
    for line in tests.lines().map(|line| line.trim().trim_start_matches("- ")) {
        match line.split_once(':') {
            Some(("eval_time", _)) => expected = false,
            Some(("alertname", value)) => name = value.trim(),
            Some(("exp_alerts", value)) => expected = value.trim().is_empty(),
            Some(("exp_labels", _)) if expected => drop(fired.insert(name)),
            _ => {}
        }
    }
    fired
}

#[test]
fn every_alert_is_made_to_fire_and_says_what_to_do() {
    let rules = fs::read_to_string(deploy("prometheus/postbud.rules.yml")).unwrap();
    let tests = fs::read_to_string(deploy("prometheus/postbud.rules.test.yml")).unwrap();
    let fired = fired(&tests);
    let mut alerts = 0;
    for rule in rules.split("- alert: ").skip(1) {
        let name = rule.lines().next().unwrap().trim();
        assert!(fired.contains(name), "no test makes {name} fire");
        assert!(rule.contains("runbook_url: docs/operations.md#"), "{name} says not what to do");
        alerts += 1;
    }
    assert!(alerts > 20 && fired.len() == alerts, "{fired:?}");
}
